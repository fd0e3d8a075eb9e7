import type { CheckResult } from '../../../src/keepalived/checkers/check-result.js'
import type { Action, Change } from '../../../src/keepalived/health/action.js'
import { CheckMachine } from '../../../src/keepalived/health/check-machine.js'
import type { CheckerState } from '../../../src/keepalived/health/checker-state.js'
import { DueQueue } from '../../../src/keepalived/health/due-queue.js'
import type { CheckedService } from '../../../src/keepalived/health/checked-service.js'
import { RuleModel } from './rule-model.js'

/** What the network makes of a check, and how long that takes. */
export interface Answer {
  readonly result: CheckResult
  readonly tookMs: number
}

export interface RigOptions {
  readonly random?: () => number
  readonly rsInitNotifies?: boolean
  /** When it starts. */
  readonly atMs?: number
  readonly isSuspended?: boolean
  /** Where changes of rules go, in place of `rules` and `history`. */
  readonly change?: (change: Change) => void
}

/** The next call comes after this where one has left checks that are overdue. */
const BREATH_MS = 5

/** The check machine in virtual time, on a network that a function stands for. */
export class VirtualRig {
  nowMs: number
  readonly rules = new RuleModel()
  /** The rules after each change, once a time. */
  readonly history: { atMs: number; rules: string }[] = []
  readonly log: { atMs: number; line: string }[] = []
  readonly scripts: { atMs: number; script: string }[] = []
  readonly fifo: string[] = []
  readonly happened: string[] = []
  readonly actions: Action[] = []
  /** When checks began. */
  readonly begun: { atMs: number; name: string }[] = []
  readonly files = new Map<string, number>()
  isSuspended: boolean
  readonly machine: CheckMachine
  readonly #events = new DueQueue<() => void>()
  readonly #changeRules: (change: Change) => void
  #running = new Map<CheckerState, object>()

  constructor(
    services: readonly CheckedService[],
    network: (checker: CheckerState) => Answer,
    options: RigOptions = {},
  ) {
    this.nowMs = options.atMs ?? 0
    this.isSuspended = options.isSuspended ?? false
    this.#changeRules = options.change ?? (change => this.#change(change))
    this.machine = new CheckMachine({
      services,
      settings: { rsInitNotifies: options.rsInitNotifies ?? false },
      act: action => this.#act(action),
      begin: checker => this.#begin(checker, network(checker)),
      abandon: checker => void this.#running.delete(checker),
      random: options.random ?? (() => 0),
      fileValue: name => this.files.get(name) ?? 0,
      isSuspended: () => this.isSuspended,
    })
    this.machine.start(this.nowMs)
  }

  /** Something happens at a time. */
  at(atMs: number, event: () => void): void {
    this.#events.add(atMs, event)
  }

  /** When something happens next; undefined: nothing will. */
  get nextMs(): number | undefined {
    const next = Math.min(this.machine.nextMs ?? Infinity, this.#events.firstMs ?? Infinity)
    return next === Infinity ? undefined : next
  }

  run(untilMs: number): this {
    for (;;) {
      const next = this.nextMs
      if (next === undefined || next > untilMs) break
      this.nowMs = Math.max(next, this.nowMs)
      const event = this.#events.take(this.nowMs)
      if (event) event()
      else {
        this.machine.advance(this.nowMs)
        if ((this.machine.nextMs ?? Infinity) <= this.nowMs) this.nowMs += BREATH_MS
      }
    }
    this.nowMs = untilMs
    return this
  }

  setFile(name: string, value: number): void {
    this.files.set(name, value)
    this.machine.fileChanged(name, value, this.nowMs)
  }

  #begin(checker: CheckerState, { result, tookMs }: Answer): void {
    this.begun.push({ atMs: this.nowMs, name: checker.server.name })
    const run = {}
    this.#running.set(checker, run)
    this.at(this.nowMs + tookMs, () => {
      if (this.#running.get(checker) === run) this.machine.ended(checker, result, this.nowMs)
    })
  }

  #act(action: Action): void {
    const atMs = this.nowMs
    this.actions.push(action)
    if (action.kind === 'log') this.log.push({ atMs, line: action.line })
    else if (action.kind === 'script') this.scripts.push({ atMs, script: action.script.text })
    else if (action.kind === 'fifo') this.fifo.push(action.line)
    else if (action.kind === 'happened') this.happened.push(action.text)
    else if (action.kind !== 'mail') this.#changeRules(action)
  }

  #change(change: Change): void {
    this.rules.apply(change)
    const rules = this.rules.saved()
    if (this.history.at(-1)?.atMs === this.nowMs) this.history.pop()
    this.history.push({ atMs: this.nowMs, rules })
  }
}
