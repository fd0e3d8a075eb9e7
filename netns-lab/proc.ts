import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type ProcessId, statOf } from '../src/linux/process-id.js'

export { identify, isAlive, type ProcessId } from '../src/linux/process-id.js'

/** How a command ended. `status` is null when a signal or our time limit ended it. */
export interface Ended {
  status: number | null
  out: string
  err: string
}

export interface RunOptions {
  timeoutMs?: number
  /** Ends the command early; `run` then throws. */
  signal?: AbortSignal | undefined
  env?: Record<string, string>
}

/** For what should take moments: a machine may be busy with much else. */
const LIMIT_MS = 60_000
/** For a process to put its things in order when it is told to end. */
const PATIENCE_MS = 6000
/** For the kernel to be rid of one that was killed. */
const KILLED_MS = 20_000

/** Runs a command to its end, within a time limit. Throws only if it cannot be started or `signal` is aborted. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { timeoutMs = LIMIT_MS, signal, env } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      killSignal: 'SIGKILL',
      env: { ...process.env, ...env },
      ...(signal ? { signal } : {}),
    })
    // Not spawn's own `timeout`: its timer outlives a program that could not be started.
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', text => (out += text))
    child.stderr.setEncoding('utf8').on('data', text => (err += text))
    child.once('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('close', status => {
      clearTimeout(timer)
      resolve({ status, out, err })
    })
  })
}

/** Runs a command that must succeed. Returns its standard output. */
export async function must(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, out, err } = await run(command, args, options)
  if (status === 0) return out
  const why = status === null ? 'ended by a signal or the time limit' : `status ${status}`
  throw new Error(`${command} ${args.join(' ')}: ${why}: ${(err || out).trim()}`)
}

/** The pid of the process's group; undefined if the process has gone. */
export function groupOf(pid: number): number | undefined {
  const group = statOf(pid)[2]
  return group === undefined ? undefined : Number(group)
}

/** Ends processes by SIGTERM, those still there after `patienceMs` by SIGKILL. Never signals a pid that was reused. */
export async function end(processes: readonly ProcessId[], patienceMs = PATIENCE_MS): Promise<void> {
  const signal = (name: NodeJS.Signals): void => {
    for (const id of processes) {
      if (!isAlive(id)) continue
      try {
        process.kill(id.pid, name)
      } catch {
        // It has ended by itself meanwhile.
      }
    }
  }
  const gone = (): boolean => !processes.some(isAlive)
  signal('SIGTERM')
  if (await until(gone, patienceMs)) return
  signal('SIGKILL')
  await until(gone, KILLED_MS)
}

/** Waits for `done`, polling every 10 ms; returns whether it became true within `limitMs`. */
export async function until(done: () => boolean, limitMs: number, signal?: AbortSignal): Promise<boolean> {
  const limit = performance.now() + limitMs
  while (!done()) {
    if (performance.now() > limit) return false
    await sleep(10, undefined, signal ? { signal } : {})
  }
  return true
}
