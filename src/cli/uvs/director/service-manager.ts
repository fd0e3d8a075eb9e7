import type { Control } from '../../../control/protocol/control.js'
import { messageOf } from '../../../linux/error-text.js'

/** Sends NAME=VALUE lines to the service manager (src/linux/notify-socket.ts). */
interface Notify {
  send(lines: readonly string[]): void
  close(): void
}

/** The longest time that a timer of Node's can wait, in ms. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * Tells the service manager (systemd, or whoever else set NOTIFY_SOCKET) how the director is, as sd_notify(3) has it: when it is
 * ready, reads its rules again or stops, each with a line that `systemctl status` shows. Without NOTIFY_SOCKET nothing happens.
 *
 * With WATCHDOG_USEC it reports itself alive twice in that time, as long as every worker of the data plane answers a request. If
 * one no longer does, nothing more is sent, and the manager starts the service anew.
 */
export class ServiceManager {
  #notify: Notify | undefined
  readonly #everyMs: number | undefined
  readonly #complain: (line: string) => void
  #timer: NodeJS.Timeout | undefined
  #hasFailed = false

  /** Takes the manager's variables out of `env`: a program started from here must not speak for the director. */
  static async of(env: NodeJS.ProcessEnv, complain: (line: string) => void): Promise<ServiceManager> {
    const { NOTIFY_SOCKET: name } = env
    const everyMs = watchdogMs(env)
    for (const each of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[each]
    if (!name) return new ServiceManager(undefined, undefined, complain)
    try {
      const { NotifySocket } = await import('../../../linux/notify-socket.js')
      return new ServiceManager(new NotifySocket(name), everyMs, complain)
    } catch (error) {
      complain(messageOf(error))
      return new ServiceManager(undefined, undefined, complain)
    }
  }

  constructor(notify: Notify | undefined, everyMs: number | undefined, complain: (line: string) => void) {
    this.#notify = notify
    this.#everyMs = everyMs
    this.#complain = complain
  }

  ready(status: string): void {
    this.#send(['READY=1', `STATUS=${status}`])
  }

  /** It is to be followed by `ready`. The time is CLOCK_MONOTONIC's, which Type=notify-reload asks for. */
  reloading(status: string): void {
    this.#send(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`, `STATUS=${status}`])
  }

  stopping(status: string): void {
    this.#send(['STOPPING=1', `STATUS=${status}`])
  }

  /** Reports from now on that `dataPlane` answers. A request that is not answered is followed by no other. */
  watch(dataPlane: Control): void {
    if (this.#notify === undefined || this.#everyMs === undefined) return
    let isAsking = false
    const look = async (): Promise<void> => {
      if (isAsking) return
      isAsking = true
      const { ok } = await dataPlane.call({ op: 'figures' })
      isAsking = false
      if (ok && this.#timer !== undefined) this.#send(['WATCHDOG=1'])
    }
    this.#timer = setInterval(() => void look(), this.#everyMs)
    void look()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#notify?.close()
    this.#notify = undefined
  }

  /** The first failure is told, and none after it. */
  #send(lines: readonly string[]): void {
    try {
      this.#notify?.send(lines)
    } catch (error) {
      if (!this.#hasFailed) this.#complain(messageOf(error))
      this.#hasFailed = true
    }
  }
}

/** Half the time after which the manager gives us up, in ms; undefined if it does not watch this process. */
function watchdogMs({ WATCHDOG_USEC: usec = '', WATCHDOG_PID: pid }: NodeJS.ProcessEnv): number | undefined {
  if (!/^[1-9]\d*$/.test(usec) || (pid !== undefined && pid !== String(process.pid))) return undefined
  return Math.min(LONGEST_MS, Math.max(1, Number(usec) / 2000))
}
