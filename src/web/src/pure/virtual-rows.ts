/* A list of which only the rows in sight are made. Items have heights of their own; those not seen yet are guessed. */

export interface Range {
  /** The first item in sight, and how many. */
  first: number
  count: number
  /** Where the first one begins, and how tall all are. */
  top: number
  height: number
}

export class Heights {
  #known: Float64Array
  #guess: number

  constructor(count: number, guess: number) {
    this.#known = new Float64Array(count)
    this.#guess = guess
  }

  get count(): number {
    return this.#known.length
  }
  of(item: number): number {
    return this.#known[item] || this.#guess
  }
  /** Whether that changed anything. */
  set(item: number, height: number): boolean {
    if (item >= this.count || this.#known[item] === height) return false
    this.#known[item] = height
    return true
  }
  /** What is not known yet is taken to be as the others on average. */
  guessFromKnown(): void {
    let sum = 0
    let seen = 0
    for (const height of this.#known) {
      if (height === 0) continue
      sum += height
      seen++
    }
    if (seen > 0) this.#guess = sum / seen
  }
  resize(count: number): void {
    if (count === this.count) return
    const next = new Float64Array(count)
    next.set(this.#known.subarray(0, count))
    this.#known = next
  }

  /** The items between two lines, and `spare` pixels above and below. */
  inSight(scrollTop: number, viewport: number, spare = 0): Range {
    const [from, to] = [scrollTop - spare, scrollTop + viewport + spare]
    let at = 0
    let first = -1
    let top = 0
    let count = 0
    for (let i = 0; i < this.count; i++) {
      const end = at + this.of(i)
      if (first < 0 && end > from) {
        first = i
        top = at
      }
      if (first >= 0 && at < to) count = i - first + 1
      at = end
    }
    return { first: Math.max(0, first), count, top, height: at }
  }
}

/** What is asked of the server, so that scrolling a little asks nothing: a window in steps around what is in sight. */
export function askedWindow(first: number, count: number, step: number): { first: number; count: number } {
  const begin = Math.max(0, Math.floor((first - step / 2) / step) * step)
  const end = Math.ceil((first + count + step / 2) / step) * step
  return { first: begin, count: end - begin }
}
