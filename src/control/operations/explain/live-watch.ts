import type { Director } from '../../../director/director.js'
import { FrameFacts } from '../../../filter/frame-facts.js'
import type { Explanation } from '../../protocol/explain.js'
import { Story } from './story.js'

/** A watch that nobody asks for that long ends. */
const FORGOTTEN_MS = 10_000

/** Has a director explain the next packets that a filter takes. */
export class LiveWatch {
  readonly #director: Director
  #left: number
  #askedAt: number
  #explained: Explanation[] = []

  constructor(director: Director, takes: (facts: FrameFacts) => boolean, count: number) {
    this.#director = director
    this.#left = count
    this.#askedAt = director.now
    const facts = new FrameFacts()
    director.watchBy((link, slab, at, len) => {
      if (this.#left === 0 || director.now - this.#askedAt > FORGOTTEN_MS) this.end()
      else if (takes(facts.read(slab.view, at, len))) {
        this.#left--
        return new Story(director, Date.now(), link, slab, at, len, explanation => this.#explained.push(explanation))
      }
      return undefined
    })
  }

  /** What has been explained since the last call. */
  take(): Explanation[] {
    this.#askedAt = this.#director.now
    const explained = this.#explained
    this.#explained = []
    return explained
  }
  /** Whether no packet is to come. */
  get isOver(): boolean {
    return this.#left === 0 || this.#director.now - this.#askedAt > FORGOTTEN_MS
  }
  end(): void {
    this.#left = 0
    this.#director.watchBy(undefined)
  }
}
