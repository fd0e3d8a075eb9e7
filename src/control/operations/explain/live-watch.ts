import type { Director } from '../../../director/director.js'
import { FrameFacts } from '../../../filter/frame-facts.js'
import { Answer, type Test } from '../../../filter/primitives.js'
import type { Explanation } from '../../protocol/explain.js'
import { Story } from './story.js'

/** A watch that nobody asks for that long ends. */
const FORGOTTEN_MS = 10_000
/** Explanations that one answer of the control socket holds. As JSON they take some 0.2 ms, in which frames wait. */
export const ONE_ANSWER = 16

/** Has a director explain the next packets that a filter takes. `flows`: so many that a program forwards come up for it at most. */
export class LiveWatch {
  readonly #director: Director
  #left: number
  #askedAt: number
  readonly #untold: (() => Explanation)[] = []

  constructor(director: Director, filter: Test, count: number, flows?: number) {
    this.#director = director
    this.#left = count
    this.#askedAt = director.now
    const facts = new FrameFacts()
    director.watchBy(
      (link, slab, at, len) => {
        if (this.isOver) this.end()
        else if (filter(facts.read(slab.view, at, len)) === Answer.YES) {
          this.#left--
          return new Story(director, Date.now(), link, slab, at, len, tell => this.#untold.push(tell))
        }
        return undefined
      },
      (protocol, src, srcPort, dst, dstPort) =>
        filter(facts.readFlow(protocol, src, srcPort, dst, dstPort)) !== Answer.NO,
      flows,
    )
  }

  /** What has been explained since the last call, at most so many; a step each. */
  *take(most: number): Generator<void, Explanation[]> {
    if (this.isOver) this.end()
    this.#askedAt = this.#director.now
    const told: Explanation[] = []
    for (const tell of this.#untold.splice(0, most)) {
      told.push(tell())
      yield
    }
    return told
  }
  /** Whether no packet is to be explained any more. */
  get isOver(): boolean {
    return this.#left === 0 || this.#director.now - this.#askedAt > FORGOTTEN_MS
  }
  /** Whether all that was explained has been taken. */
  get isTold(): boolean {
    return this.#untold.length === 0
  }
  /** Whether flows that it takes stay with the program, since they are too many. */
  get leavesFlows(): boolean {
    return this.#director.flows?.watched.areTooMany === true
  }
  end(): void {
    this.#left = 0
    this.#director.watchBy(undefined)
  }
}
