import { TcpProber } from '../../linux/tcp-prober.js'
import type { CheckSockets } from '../checkers/check-sockets.js'
import { prepareCheck, type PreparedCheck } from '../checkers/prepared-check.js'
import type { CheckSurroundings } from '../checkers/run-check.js'
import type { Act, Change } from './action.js'
import { CheckMachine } from './check-machine.js'
import type { CheckedService } from './checked-service.js'
import type { CheckerState } from './checker-state.js'
import { rehearseReload, type Rehearsal } from './rehearse-reload.js'
import type { ServiceState } from './service-state.js'
import { snapshotOf, type ServiceSnapshot } from './snapshot.js'

/**
 * Checks that are due within this of each other begin together, and probes under way are asked after this often: a wake-up costs as much as
 * a check (docs/measurements.md).
 */
const TICK_MS = 10

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

/** The check machine on the real clock: begins its checks and hands their results back. */
export class HealthChecker {
  readonly #options: HealthCheckerOptions
  readonly #machine: CheckMachine
  readonly #prober = new TcpProber()
  /** Of each checker, for all its checks until one is abandoned. */
  readonly #checks = new Map<CheckerState, PreparedCheck>()
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Infinity
  #settings: CheckerSettings
  /** Since `hold`: what has come, and what was asked, which stays as it was. */
  #held: { readonly works: ((nowMs: number) => void)[]; readonly answers: Map<unknown, unknown> } | undefined

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
      fileValue: name => this.#fileValue(name),
      isSuspended: service => this.#isSuspended(service),
    })
  }

  get services(): readonly ServiceState[] {
    return this.#machine.services
  }

  start(): void {
    this.#do(now => this.#machine.start(now))
  }

  /** Until `release` nothing changes: results, and what else comes, wait, so that a reload does what its rehearsal said. */
  hold(): void {
    this.#held ??= { works: [], answers: new Map() }
  }
  release(): void {
    const works = this.#held?.works ?? []
    this.#held = undefined
    for (const work of works) this.#do(work)
  }

  /** What a reload would change in the rules, and the states before it. */
  rehearse(
    services: readonly CheckedService[],
    around: Partial<Rehearsal> = {},
  ): { before: ServiceSnapshot[]; changes: Change[] } {
    const before = snapshotOf(this.#machine.services)
    const changes = rehearseReload(before, services, {
      fileValue: name => this.#fileValue(name),
      isSuspended: service => this.#isSuspended(service),
      newServers: 'are left out',
      ...around,
    })
    return { before, changes }
  }

  /** Another configuration, held or not: what is found again keeps its state. */
  reload(services: readonly CheckedService[], settings: CheckerSettings): void {
    this.#settings = settings
    const now = performance.now()
    this.#machine.reload(services, now, settings)
    this.#sleep(now)
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
    for (const check of this.#checks.values()) check.giveUp()
    this.#checks.clear()
  }

  #do(work: (nowMs: number) => void): void {
    if (this.#held) {
      this.#held.works.push(work)
      return
    }
    const now = performance.now()
    work(now)
    this.#sleep(now)
  }

  #fileValue(name: string): number {
    return this.#asked(name, () => this.#options.fileValue(name))
  }
  #isSuspended(service: CheckedService): boolean {
    return this.#asked(service, () => this.#options.isSuspended(service))
  }
  /** While all is held the first answer counts. */
  #asked<T>(about: unknown, ask: () => T): T {
    const answers = this.#held?.answers
    const known = answers?.get(about) as T | undefined
    if (known !== undefined) return known
    const answer = ask()
    answers?.set(about, answer)
    return answer
  }

  /** Until something is due; a tick, if probes are under way. */
  #sleep(now: number): void {
    const dueMs = this.#prober.size > 0 ? now : (this.#machine.nextMs ?? Infinity)
    const atMs = Math.max(dueMs, now + TICK_MS)
    if (atMs >= this.#timerAtMs) return
    clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    this.#timer = setTimeout(() => this.#wake(), atMs - now)
  }

  #wake(): void {
    this.#timerAtMs = Infinity
    this.#do(now => {
      this.#prober.look(now)
      this.#machine.advance(now)
    })
  }

  #begin(checker: CheckerState): void {
    let check = this.#checks.get(checker)
    if (check === undefined) {
      check = prepareCheck(checker.checker, this.#around(checker), this.#prober, result =>
        this.#do(now => this.#machine.ended(checker, result, now)),
      )
      this.#checks.set(checker, check)
    }
    check.begin(checker.beganMs, checker.url)
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
    this.#checks.get(checker)?.giveUp()
    this.#checks.delete(checker)
  }
}
