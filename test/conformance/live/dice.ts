import { seededRandom } from '../../../src/director/random.js'

/** Draws from a seed: the same ones every time. */
export class Dice {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** A whole number from 0 up to, but not including, `end`. */
  below(end: number): number {
    return this.#random() % end
  }

  /** A whole number, both ends included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }

  /** True `percent` times of a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }

  /** Each choice as often as its number says, in proportion. */
  weighted<T>(choices: readonly (readonly [number, T])[]): T {
    let left = this.below(choices.reduce((sum, [times]) => sum + times, 0))
    for (const [times, choice] of choices) {
      if (left < times) return choice
      left -= times
    }
    throw new RangeError('no choices')
  }
}
