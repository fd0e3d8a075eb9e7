const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const

/**
 * Runs `work` with an AbortSignal that is aborted by Ctrl-C, SIGTERM, SIGHUP, a closed output pipe (`| head`) or a crash, so
 * that `work` leaves by its `finally`. Returns its exit status, or what a shell expects after a signal. Until all is
 * removed, further signals are ignored.
 */
export async function untilStopped(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const stop = new AbortController()
  let status = 1
  let crash: unknown
  const onSignal = (name: NodeJS.Signals): void => {
    status = 128 + (SIGNALS[name as keyof typeof SIGNALS] ?? 0)
    stop.abort()
  }
  const onCrash = (error: unknown): void => {
    crash ??= error
    stop.abort()
  }
  const onGone = (): void => stop.abort()
  const { stdout } = process
  const others = stdout.listeners('error') // they would end the process at once
  stdout.removeAllListeners('error').on('error', onGone)
  const names = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]
  for (const name of names) process.on(name, onSignal)
  process.on('uncaughtException', onCrash)
  try {
    return await work(stop.signal)
  } catch (error) {
    if (crash !== undefined) throw crash
    if (!stop.signal.aborted) throw error
    process.stderr.write('stopped, everything is removed\n')
    return status
  } finally {
    for (const name of names) process.off(name, onSignal)
    process.off('uncaughtException', onCrash)
    stdout.off('error', onGone)
    for (const listener of others) stdout.on('error', listener as () => void)
  }
}
