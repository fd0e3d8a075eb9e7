import { setImmediate } from 'node:timers/promises'
import { commandLineOf, nameOf, parentOf, processIds } from './process-files.js'
import { ProcessQuorum } from './process-quorum.js'
import { isByName, isCounted, type TrackedProcess } from './tracked-process.js'

/** Between two looks. */
const LOOK_MS = 1000
const SOONEST_MS = 20
/** Processes that are looked at without a pause: 1 to 2 ms. */
const SLICE = 128

interface Followed {
  readonly of: TrackedProcess
  readonly about: string
  readonly quorum: ProcessQuorum
  found: Map<number, number>
}

/**
 * Counts the processes of vrrp_track_process blocks. It looks through /proc once a second, in slices that hold nobody up, for the kernel
 * tells of processes in its first network namespace only, and never in a container. What comes and goes in between is not seen.
 */
export class ProcessWatch {
  readonly #changed: (name: string, isGood: boolean) => void
  #followed: Followed[] = []
  #timer: NodeJS.Timeout | undefined
  /** Of the look that may go on: `follow` and `close` end it. */
  #turn = 0

  constructor(changed: (name: string, isGood: boolean) => void) {
    this.#changed = changed
  }

  /** From now on these are followed, and no others. Tells of those that are new at once; one that is as it was goes on. */
  follow(processes: readonly TrackedProcess[]): void {
    this.close()
    const before = new Map(this.#followed.map(one => [one.about, one]))
    this.#followed = processes.map(of => {
      const about = JSON.stringify(of)
      return before.get(about) ?? { of, about, quorum: new ProcessQuorum(of), found: new Map() }
    })
    if (this.#followed.length === 0) return
    for (const id of processIds()) this.#see(id)
    this.#judge()
    this.#again()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#turn++
  }

  #again(): void {
    const next = Math.min(LOOK_MS, ...this.#followed.map(({ quorum }) => quorum.nextAtMs - performance.now()))
    this.#timer = setTimeout(() => void this.#look(), Math.max(SOONEST_MS, next))
  }

  async #look(): Promise<void> {
    const turn = this.#turn
    for (const [at, id] of processIds().entries()) {
      if (at % SLICE === SLICE - 1) await setImmediate()
      if (turn !== this.#turn) return
      this.#see(id)
    }
    this.#judge()
    // What was told may have ended it.
    if (turn === this.#turn) this.#again()
  }

  #see(id: string): void {
    let [name, line]: [string?, string[]?] = []
    for (const { of, found } of this.#followed) {
      const isOne = isByName(of)
        ? (name ??= nameOf(id) ?? '') === of.process?.[0]
        : isCounted(of, (line ??= commandLineOf(id)))
      const parent = isOne ? parentOf(id) : undefined
      if (parent !== undefined) found.set(Number(id), parent)
    }
  }

  #judge(): void {
    for (const one of this.#followed) {
      const { found, quorum, of } = one
      one.found = new Map()
      const isGood = quorum.look(found, performance.now())
      if (isGood !== undefined) this.#changed(of.name, isGood)
    }
  }
}
