interface Entry<T> {
  readonly atMs: number
  /** Breaks ties: first in, first out. */
  readonly turn: number
  readonly what: T
}

/** Things that are due at a time: a binary heap. */
export class DueQueue<T> {
  readonly #heap: Entry<T>[] = []
  #turn = 0

  get size(): number {
    return this.#heap.length
  }

  /** When the first is due; undefined: nothing is. */
  get firstMs(): number | undefined {
    return this.#heap[0]?.atMs
  }

  add(atMs: number, what: T): void {
    const heap = this.#heap
    const entry = { atMs, turn: this.#turn++, what }
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (isBefore(heap[parent]!, entry)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  /** Takes out the first if it is due. */
  take(nowMs: number): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    if (first === undefined || first.atMs > nowMs) return undefined
    const last = heap.pop()!
    if (heap.length > 0) this.#sink(last)
    return first.what
  }

  /** Puts an entry where the first was. */
  #sink(entry: Entry<T>): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (isBefore(entry, heap[child]!)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = entry
  }
}

function isBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.turn < b.turn)
}
