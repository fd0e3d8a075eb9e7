import type { TrackedProcess } from './tracked-process.js'

/** The processes that count, by id, with their parents' ids. */
export type Counted = ReadonlyMap<number, number>

/**
 * Whether the processes of one block are as many as they are to be. Pure: the processes and the time are told. As recorded of keepalived
 * 2.2.7: more by exec count at once, more by fork after fork_delay, fewer after terminate_delay; what is undone before then never was.
 */
export class ProcessQuorum {
  readonly #of: TrackedProcess
  #before: Counted = new Map()
  #isGood: boolean | undefined
  #dueMs = Infinity

  constructor(of: TrackedProcess) {
    this.#of = of
  }

  /** Undefined: nobody has looked yet. */
  get isGood(): boolean | undefined {
    return this.#isGood
  }
  /** When to look again at the latest; Infinity: whenever. */
  get nextAtMs(): number {
    return this.#dueMs
  }

  /** What there is now. Returns whether it is good or not where that has changed; the first look counts at once. */
  look(now: Counted, nowMs: number): boolean | undefined {
    const [before, wanted] = [this.#before, this.#isEnough(now.size)]
    this.#before = now
    if (wanted === this.#isGood) {
      this.#dueMs = Infinity
      return undefined
    }
    const delayMs = this.#isGood === undefined ? 0 : this.#delayMs(before, now)
    this.#dueMs = Math.min(this.#dueMs, nowMs + delayMs)
    if (nowMs < this.#dueMs) return undefined
    this.#dueMs = Infinity
    this.#isGood = wanted
    return wanted
  }

  #isEnough(count: number): boolean {
    const { quorum, quorumMax = Infinity } = this.#of
    return quorumMax === 0 ? count === 0 : count >= quorum && count <= quorumMax
  }

  #delayMs(before: Counted, now: Counted): number {
    // A delay runs already.
    if (now.size === before.size) return Infinity
    if (now.size < before.size) return this.#of.terminateDelayMs
    const added = [...now].filter(([id]) => !before.has(id))
    return added.every(([, parent]) => now.has(parent)) ? this.#of.forkDelayMs : 0
  }
}
