import type { NotifyScript } from './notify-runner.js'
import { runScript, type ScriptEnd } from './run-script.js'
import { userIds } from './user-ids.js'

/** A vrrp_script block: a program that is run each interval, and whose exit status counts. Times are ms. */
export interface TrackedScript {
  readonly name: string
  readonly script?: NotifyScript
  readonly intervalMs: number
  /** Absent: the interval. */
  readonly timeoutMs?: number
  readonly rise: number
  readonly fall: number
  readonly user?: string
  readonly group?: string
}

/** What a script says: told when it says something else. */
export interface ScriptListener {
  changed(name: string, isGood: boolean): void
  log(line: string): void
}

/**
 * The state of one script: the first run counts at once; then `fall` failures in a row make it bad, `rise` successes good. (As recorded,
 * whatever rise, fall and init_fail say of the first.)
 */
export class RiseAndFall {
  readonly #rise: number
  readonly #fall: number
  #isGood: boolean | undefined
  /** Runs in a row that said the opposite. */
  #opposed = 0

  constructor({ rise, fall }: Pick<TrackedScript, 'rise' | 'fall'>) {
    this.#rise = rise
    this.#fall = fall
  }

  /** Undefined: nothing was heard yet. */
  get isGood(): boolean | undefined {
    return this.#isGood
  }

  /** Returns the new state, or undefined where it stays. */
  heard(isGood: boolean): boolean | undefined {
    this.#opposed = isGood === this.#isGood ? 0 : this.#opposed + 1
    const needed = this.#isGood === undefined ? 1 : isGood ? this.#rise : this.#fall
    if (isGood === this.#isGood || this.#opposed < needed) return undefined
    this.#opposed = 0
    this.#isGood = isGood
    return isGood
  }
}

/** What is shown of a script. Times are those of performance.now(). */
export interface ScriptStatus {
  readonly name: string
  /** Undefined: its first run has not ended. */
  readonly isGood: boolean | undefined
  readonly sinceMs: number
  /** How its last run ended. */
  readonly why: string
  readonly isRunning: boolean
  readonly nextMs: number
}

/** Runs one script at once and then each interval; a run that is due while the last one goes on is left out. */
export class TrackScript {
  readonly #of: TrackedScript
  readonly #listener: ScriptListener
  readonly #state: RiseAndFall
  readonly #abort = new AbortController()
  readonly #user: string | undefined
  readonly #group: string | undefined
  readonly #timer: NodeJS.Timeout
  #isRunning = false
  #sinceMs = performance.now()
  #why = 'its first run has not ended'
  #nextMs: number

  /** `scriptUser` and `scriptGroup` are those of global_defs. */
  constructor(of: TrackedScript, listener: ScriptListener, scriptUser?: string, scriptGroup?: string) {
    this.#of = of
    this.#listener = listener
    this.#state = new RiseAndFall(of)
    this.#user = of.user ?? of.script?.user ?? scriptUser
    this.#group = of.user !== undefined ? of.group : of.script?.user !== undefined ? of.script.group : scriptGroup
    this.#timer = setInterval(() => this.#turn(), of.intervalMs)
    this.#nextMs = this.#sinceMs + of.intervalMs
    void this.#run()
  }

  get status(): ScriptStatus {
    const [isRunning, sinceMs, why, nextMs] = [this.#isRunning, this.#sinceMs, this.#why, this.#nextMs]
    return { name: this.#of.name, isGood: this.#state.isGood, sinceMs, why, isRunning, nextMs }
  }

  /** Ends it, and the run that goes on. */
  close(): void {
    clearInterval(this.#timer)
    this.#abort.abort()
  }

  #turn(): void {
    this.#nextMs = performance.now() + this.#of.intervalMs
    void this.#run()
  }

  async #run(): Promise<void> {
    const { script, name } = this.#of
    if (this.#isRunning || script === undefined) return
    this.#isRunning = true
    const end = await this.#end(script)
    this.#isRunning = false
    if (this.#abort.signal.aborted) return
    const isWell = end.kind === 'exited' && end.status === 0
    this.#why = isWell ? 'exited with status 0' : failure(end)
    const isGood = this.#state.heard(isWell)
    if (isGood === undefined) return
    this.#sinceMs = performance.now()
    this.#listener.log(`VRRP_Script(${name}) ${isGood ? 'succeeded' : failure(end)}`)
    this.#listener.changed(name, isGood)
  }

  async #end({ words }: NotifyScript): Promise<ScriptEnd> {
    const as = this.#user === undefined ? undefined : userIds(this.#user, this.#group)
    if (this.#user !== undefined && as === undefined) return { kind: 'not run', why: `there is no user ${this.#user}` }
    const { timeoutMs = this.#of.intervalMs } = this.#of
    return runScript({ words, timeoutMs, signal: this.#abort.signal, ...(as && { as }) })
  }
}

function failure(end: ScriptEnd): string {
  if (end.kind === 'timed out') return 'timed_out'
  if (end.kind === 'exited') return `failed (exited with status ${end.status})`
  return end.kind === 'signalled' ? `failed (due to signal ${end.signal})` : `failed (not run: ${end.why})`
}
