/** The last values of several series with their times, for charts: rings of numbers, so that a tick makes nothing. */
export class History {
  readonly times: Float64Array
  readonly #series = new Map<string, Float64Array>()
  #next = 0
  #count = 0

  constructor(readonly capacity: number) {
    this.times = new Float64Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** Series that are not given have a gap there. */
  add(at: number, values: Readonly<Record<string, number>>): void {
    this.times[this.#next] = at
    for (const ring of this.#series.values()) ring[this.#next] = Number.NaN
    for (const [name, value] of Object.entries(values)) this.#ring(name)[this.#next] = value
    this.#next = (this.#next + 1) % this.capacity
    this.#count = Math.min(this.#count + 1, this.capacity)
  }

  /** Oldest first. */
  values(name: string): number[] {
    const ring = this.#series.get(name)
    return this.#inOrder(at => ring?.[at] ?? Number.NaN)
  }
  /** Unix seconds, as charts take them. */
  seconds(): number[] {
    return this.#inOrder(at => this.times[at]! / 1000)
  }
  clear(): void {
    this.#count = 0
    this.#next = 0
    this.#series.clear()
  }

  #ring(name: string): Float64Array {
    let ring = this.#series.get(name)
    if (!ring) {
      ring = new Float64Array(this.capacity).fill(Number.NaN)
      this.#series.set(name, ring)
    }
    return ring
  }
  #inOrder(read: (at: number) => number): number[] {
    const first = (this.#next - this.#count + this.capacity) % this.capacity
    return Array.from({ length: this.#count }, (_, i) => read((first + i) % this.capacity))
  }
}
