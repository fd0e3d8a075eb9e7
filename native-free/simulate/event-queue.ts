interface Event {
  readonly atMs: number
  /** Of two at one time the one that was added first comes first. */
  readonly order: number
  readonly run: () => void
}

/** What will happen, by its time: a binary heap. */
export class EventQueue {
  /** The time of the last event. */
  nowMs = 0
  readonly #heap: Event[] = []
  #added = 0

  /** Infinity: nothing will. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Infinity
  }

  at(atMs: number, run: () => void): void {
    const event = { atMs: Math.max(atMs, this.nowMs), order: this.#added++, run }
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!comesBefore(event, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
  }
  after(ms: number, run: () => void): void {
    this.at(this.nowMs + ms, run)
  }
  /** Again and again, first after one interval. */
  every(ms: number, run: () => void): void {
    this.after(ms, () => {
      run()
      this.every(ms, run)
    })
  }

  /** Runs the next one. There must be one. */
  runNext(): void {
    const heap = this.#heap
    const [first] = heap
    const last = heap.pop()!
    if (heap.length > 0) this.#sink(last)
    this.nowMs = first!.atMs
    first!.run()
  }

  #sink(event: Event): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && comesBefore(heap[child + 1]!, heap[child]!)) child++
      if (!comesBefore(heap[child]!, event)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = event
  }
}

function comesBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}
