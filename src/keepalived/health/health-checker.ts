import type { CheckSockets } from '../checkers/check-sockets.js'
import { runCheck, type CheckSurroundings } from '../checkers/run-check.js'
import type { Act, Change } from './action.js'
import { CheckMachine } from './check-machine.js'
import type { CheckedService } from './checked-service.js'
import type { CheckerState } from './checker-state.js'
import type { ServiceState } from './service-state.js'

/** Checks that are due within this of each other begin together: fewer wake-ups. */
const TICK_MS = 5

/** What a configuration says for all services. */
export interface CheckerSettings {
  readonly rsInitNotifies: boolean
  readonly scriptUser?: string
  readonly scriptGroup?: string
}

export interface HealthCheckerOptions {
  readonly services: readonly CheckedService[]
  readonly settings: CheckerSettings
  readonly act: Act
  readonly sockets: CheckSockets
  readonly fileValue: (trackFile: string) => number
  readonly isSuspended: (service: CheckedService) => boolean
}

interface Run {
  readonly abort: AbortController
  readonly around: CheckSurroundings
}

/** The check machine on the real clock: begins its checks and hands their results back. */
export class HealthChecker {
  readonly #options: HealthCheckerOptions
  readonly #machine: CheckMachine
  /** Of each checker, for all its checks until one is abandoned. */
  readonly #runs = new Map<CheckerState, Run>()
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Infinity
  #settings: CheckerSettings

  constructor(options: HealthCheckerOptions) {
    this.#options = options
    this.#settings = options.settings
    this.#machine = new CheckMachine({
      services: options.services,
      settings: options.settings,
      act: options.act,
      begin: checker => this.#begin(checker),
      abandon: checker => this.#abandon(checker),
      random: Math.random,
      fileValue: options.fileValue,
      isSuspended: options.isSuspended,
    })
  }

  get services(): readonly ServiceState[] {
    return this.#machine.services
  }

  start(): void {
    this.#do(now => this.#machine.start(now))
  }

  /** Another configuration: what is found again keeps its state. */
  reload(services: readonly CheckedService[], settings: CheckerSettings): void {
    this.#settings = settings
    this.#do(now => this.#machine.reload(services, now))
  }

  fileChanged(trackFile: string, value: number): void {
    this.#do(now => this.#machine.fileChanged(trackFile, value, now))
  }

  /** The director refused a change. */
  refused(change: Change): void {
    this.#machine.refused(change)
  }

  /** Addresses of the host have come or gone: ha_suspend. */
  addressesChanged(): void {
    this.#do(now => this.#machine.addressesChanged(now))
  }

  /** Ends all checks; the rules go, unless they are to be left. */
  stop(keepsRules = false): void {
    this.#machine.stop(keepsRules)
    clearTimeout(this.#timer)
    for (const { abort } of this.#runs.values()) abort.abort()
    this.#runs.clear()
  }

  #do(work: (nowMs: number) => void): void {
    const now = performance.now()
    work(now)
    this.#sleepUntil(this.#machine.nextMs, now)
  }

  #sleepUntil(atMs: number | undefined, now: number): void {
    if (atMs === undefined || this.#timerAtMs <= atMs) return
    clearTimeout(this.#timer)
    this.#timerAtMs = Math.max(atMs, now + TICK_MS)
    this.#timer = setTimeout(() => this.#wake(), this.#timerAtMs - now)
  }

  #wake(): void {
    this.#timerAtMs = Infinity
    const now = performance.now()
    this.#sleepUntil(this.#machine.advance(now), now)
  }

  #begin(checker: CheckerState): void {
    let run = this.#runs.get(checker)
    if (run === undefined)
      this.#runs.set(checker, (run = { abort: new AbortController(), around: this.#around(checker) }))
    const { around } = run
    const { signal } = run.abort
    const { url } = checker
    void runCheck(checker.checker, url ? { ...around, url } : around, signal).then(result => {
      if (!signal.aborted) this.#do(now => this.#machine.ended(checker, result, now))
    })
  }

  #around({ server }: CheckerState): CheckSurroundings {
    const host = server.options.virtualhost ?? server.service.options.virtualhost
    const { scriptUser, scriptGroup } = this.#settings
    return {
      server: server.options,
      sockets: this.#options.sockets,
      ...(host !== undefined && { host }),
      ...(scriptUser !== undefined && { scriptUser }),
      ...(scriptGroup !== undefined && { scriptGroup }),
    }
  }

  #abandon(checker: CheckerState): void {
    this.#runs.get(checker)?.abort.abort()
    this.#runs.delete(checker)
  }
}
