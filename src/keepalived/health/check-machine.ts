import type { CheckResult } from '../checkers/check-result.js'
import type { Act, Change } from './action.js'
import type { CheckerState, CheckOutcome } from './checker-state.js'
import { DueQueue } from './due-queue.js'
import { STEP_MS } from './growth.js'
import { serviceStates, type StateParts } from './make-states.js'
import { applyReload } from './reload.js'
import type { ServerOfChecker } from './owners.js'
import type { ServerState } from './server-state.js'
import type { CheckedService } from './checked-service.js'
import type { HealthSettings, ServiceState } from './service-state.js'

/** From the start to the regular checks, as keepalived waits; also how long an open quorum waits for first checks. */
export const START_MS = 1000
/** First checks of many servers begin this far apart, unless that takes longer than a second. */
const SPREAD_MS = 1
/** No more checks begin at one call: what is overdue after a pause does not come as a burst. */
const MOST_AT_ONCE = 32
/** Silence of a UDP port, or of a script that works, is not held against a server that the start has not judged for this long. */
const TRUST_MS = 1000

export interface CheckMachineOptions {
  readonly services: readonly CheckedService[]
  readonly settings: HealthSettings
  readonly act: Act
  /** Begins a check; its result comes back by `ended`. */
  readonly begin: (checker: CheckerState) => void
  /** Gives up a check that may run; no result is wanted any more. */
  readonly abandon: (checker: CheckerState) => void
  /** 0 ≤ result < 1. */
  readonly random: () => number
  /** The number that a tracked file has now. */
  readonly fileValue: (trackFile: string) => number
  /** A service with ha_suspend whose address is nowhere. */
  readonly isSuspended: (service: CheckedService) => boolean
}

type Due =
  | { readonly checker: CheckerState; readonly turn: number }
  | { readonly settle: true }
  | { readonly trust: ServerState }
  | { readonly grow: true }

/**
 * Which checks are due when, and what their results do to the rules: a pure machine on a clock of milliseconds that is handed in.
 *
 * A start checks each server at once, and puts it into the rules when that check succeeds: keepalived has it there for a second first,
 * up or not. A server with alpha waits for its first regular check. Regular checks begin a second after the start and a random part of
 * warmup later, then each delay_loop after the end of the last.
 */
export class CheckMachine {
  services: ServiceState[] = []
  readonly #options: CheckMachineOptions
  /** Read by the states whenever they need it. */
  readonly #settings: { rsInitNotifies: boolean }
  readonly #parts: StateParts
  readonly #due = new DueQueue<Due>()
  /** Servers whose weight grows. */
  #growing = new Set<ServerOfChecker>()

  constructor(options: CheckMachineOptions) {
    this.#options = options
    const { act, fileValue } = options
    this.#settings = { rsInitNotifies: options.settings.rsInitNotifies }
    this.#parts = { act, settings: this.#settings, fileValue }
  }

  start(nowMs: number): void {
    const { act, services, isSuspended } = this.#options
    this.services = serviceStates(services, this.#parts)
    for (const service of this.services) {
      service.sinceMs = nowMs
      act({ kind: 'add-service', service: service.options })
      service.isSuspended = service.options.haSuspend && isSuspended(service.options)
    }
    this.#activate(this.services, nowMs)
  }

  /** The first check of each checker, spread; what needs none is up. */
  #activate(services: readonly ServiceState[], nowMs: number): void {
    const checkers = services.flatMap(({ servers }) => servers.flatMap(server => server.checkers))
    const spread = checkers.length * SPREAD_MS > START_MS ? START_MS / checkers.length : SPREAD_MS
    checkers.forEach((checker, i) => this.#activateChecker(checker, nowMs, i * spread))
    for (const service of services) {
      for (const server of service.servers) {
        if (service.isSuspended && !server.options.alpha) for (const checker of server.checkers) checker.trust(nowMs)
        server.sinceMs ??= nowMs
        this.#recheck(server, nowMs)
        if (server.known === 'unknown') this.#due.add(nowMs + TRUST_MS, { trust: server })
      }
      service.reviewQuorum(nowMs)
    }
    this.#due.add(nowMs + START_MS, { settle: true })
  }

  #activateChecker(state: CheckerState, nowMs: number, offsetMs: number): void {
    state.sinceMs ??= nowMs
    if (state.server.service.isSuspended) return
    state.firstMs = nowMs + START_MS + offsetMs + this.#options.random() * state.checker.warmupMs
    const isAtOnce = state.known === 'unknown' && !state.isAlpha
    this.#schedule(state, isAtOnce ? nowMs + offsetMs : state.firstMs)
  }

  #schedule(checker: CheckerState, atMs: number): void {
    checker.dueMs = atMs
    this.#due.add(atMs, { checker, turn: ++checker.turn })
  }

  /** When `advance` is to be called next; undefined: nothing is due. */
  get nextMs(): number | undefined {
    return this.#due.firstMs
  }

  /** Begins what is due. Of many that are overdue it leaves some to the next call, a few milliseconds later. */
  advance(nowMs: number): void {
    for (let begun = 0; begun < MOST_AT_ONCE;) {
      const due = this.#due.take(nowMs)
      if (due === undefined) return
      if ('settle' in due) for (const service of this.services) service.settle(nowMs)
      else if ('trust' in due) this.#trustSilent(due.trust, nowMs)
      else if ('grow' in due) this.#grow(nowMs)
      else if (due.turn === due.checker.turn) {
        this.#begin(due.checker, nowMs)
        begun++
      }
    }
  }

  #begin(checker: CheckerState, nowMs: number): void {
    checker.isRunning = true
    checker.dueMs = undefined
    checker.beganMs = nowMs
    this.#options.begin(checker)
  }

  /** A check that was begun has ended. */
  ended(checker: CheckerState, result: CheckResult, nowMs: number): void {
    if (!checker.isRunning) return
    const verdict: CheckOutcome = checker.ended(result, nowMs)
    for (const line of verdict.lines) this.#options.act({ kind: 'log', line })
    this.#schedule(checker, verdict.dueMs)
    this.#recheck(checker.server, nowMs)
  }

  /** A tracked file has another number. */
  fileChanged(trackFile: string, value: number, nowMs: number): void {
    let isSaid = false
    for (const service of this.services) {
      for (const server of service.servers) {
        const files = server.files.filter(({ checker }) => checker.trackFile === trackFile)
        if (files.length === 0) continue
        if (!isSaid) this.#options.act({ kind: 'log', line: `Tracked file ${trackFile} is now ${value}` })
        isSaid = true
        for (const file of files) {
          if (file.value === value) continue
          file.value = value
          file.sinceMs = nowMs
        }
        this.#recheck(server, nowMs)
      }
    }
  }

  #recheck(server: ServerOfChecker, nowMs: number): void {
    server.recheck(nowMs)
    if (!server.growth.isUnderWay) return
    if (this.#growing.size === 0) this.#due.add(nowMs + STEP_MS, { grow: true })
    this.#growing.add(server)
  }

  /** All servers whose weight grows take a step at once: one batch of changes a second. */
  #grow(nowMs: number): void {
    for (const server of this.#growing) {
      server.grow(nowMs)
      if (!server.growth.isUnderWay) this.#growing.delete(server)
    }
    if (this.#growing.size > 0) this.#due.add(nowMs + STEP_MS, { grow: true })
  }

  /** The address of services with ha_suspend has come or gone: asks again for each. */
  addressesChanged(nowMs: number): void {
    for (const service of this.services.filter(({ options }) => options.haSuspend)) {
      const isSuspended = this.#options.isSuspended(service.options)
      if (isSuspended === service.isSuspended) continue
      service.isSuspended = isSuspended
      for (const checker of service.servers.flatMap(({ checkers }) => checkers)) {
        if (isSuspended) this.#abandon(checker)
        else this.#schedule(checker, nowMs)
      }
      const how = isSuspended ? 'Suspending' : 'Activating'
      for (const { name } of service.servers)
        this.#options.act({ kind: 'log', line: `${how} healthchecker for service ${name} for VS ${service.name}` })
    }
  }

  #abandon(checker: CheckerState): void {
    checker.turn++
    checker.dueMs = undefined
    this.#options.abandon(checker)
    checker.isRunning = false
  }

  #trustSilent(server: ServerState, nowMs: number): void {
    if (server.known !== 'unknown') return
    for (const state of server.checkers) {
      const { checker } = state
      const isQuiet = checker.kind === 'MISC_CHECK' || (checker.kind === 'UDP_CHECK' && !checker.requireReply)
      if (!isQuiet || state.isAlpha || !state.isRunning || state.known !== 'unknown') continue
      state.trust(nowMs)
      const line = `${checker.kind} on service ${server.name} has not ended: it counts as up`
      this.#options.act({ kind: 'log', line })
    }
    server.recheck(nowMs)
  }

  /** A server could not be added: its service is not there, or somebody has changed it. */
  refused(change: Change): void {
    if (change.kind !== 'add-server') return
    const service = this.services.find(({ options }) => options === change.service)
    const { address, port } = change.server
    const server = service?.servers.find(({ options }) => options.address === address && options.port === port)
    if (server) server.isRefused = true
  }

  /** Another configuration: what is found again in it keeps its state. Without settings those before hold on. */
  reload(services: readonly CheckedService[], nowMs: number, settings?: HealthSettings): void {
    if (settings) this.#settings.rsInitNotifies = settings.rsInitNotifies
    const { added, gone } = applyReload(this.services, services, this.#parts, nowMs)
    for (const checker of gone) this.#abandon(checker)
    this.services = added
    const there = new Set<ServerOfChecker>(added.flatMap(({ servers }) => servers))
    for (const server of this.#growing) if (!there.has(server)) this.#growing.delete(server)
    for (const service of this.services) {
      service.isSuspended = service.options.haSuspend && this.#options.isSuspended(service.options)
      for (const { checkers } of service.servers) for (const checker of checkers) this.#abandon(checker)
    }
    this.#activate(this.services, nowMs)
  }

  /** The end: omega's scripts, then all services go, unless the rules are to be left. */
  stop(keepsRules: boolean): void {
    for (const service of this.services) {
      for (const checker of service.servers.flatMap(({ checkers }) => checkers)) this.#abandon(checker)
      service.stop(keepsRules)
    }
    this.services = []
  }
}
