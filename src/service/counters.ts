/** What a packet or connection adds to (ipvs-behaviour.md §11.1). */
export const Counter = { CONNS: 0, IN_PKTS: 1, OUT_PKTS: 2, IN_BYTES: 3, OUT_BYTES: 4 } as const
const FIELDS = 5

/** The row of the totals of all services. */
export const TOTALS = 0

/**
 * Rows of five counters: a row a service, a row a destination, one for the totals. They count live, and are shown as
 * of the last `snapshot`, less what `zero` had set as their beginning (ipvs-behaviour.md §11.2): numbers that users of
 * ipvsadm know to stand still between two ticks. Doubles count octets exactly up to 2^53.
 */
export class Counters {
  #live = new Float64Array(64 * FIELDS)
  #shown = new Float64Array(64 * FIELDS)
  #zero = new Float64Array(64 * FIELDS)
  #used = 1
  #free: number[] = []

  /** A row of zeros. */
  allocate(): number {
    const row = this.#free.pop() ?? this.#used++
    if (this.#used * FIELDS > this.#live.length) this.#grow()
    for (const column of [this.#live, this.#shown, this.#zero]) column.fill(0, row * FIELDS, (row + 1) * FIELDS)
    return row
  }
  release(row: number): void {
    this.#free.push(row)
  }

  connection(row: number): void {
    this.#live[row * FIELDS + Counter.CONNS]!++
  }
  inbound(row: number, octets: number): void {
    this.#live[row * FIELDS + Counter.IN_PKTS]!++
    this.#live[row * FIELDS + Counter.IN_BYTES]! += octets
  }
  outbound(row: number, octets: number): void {
    this.#live[row * FIELDS + Counter.OUT_PKTS]!++
    this.#live[row * FIELDS + Counter.OUT_BYTES]! += octets
  }

  /** The 2-second tick. */
  snapshot(): void {
    this.#shown.set(this.#live)
  }
  /** From now on the row shows what comes after the last snapshot. */
  zero(row: number): void {
    for (let i = row * FIELDS; i < (row + 1) * FIELDS; i++) this.#zero[i] = this.#shown[i]!
  }
  /** One number as it is now, whatever was zeroed: it never falls. */
  live(row: number, counter: number): number {
    return this.#live[row * FIELDS + counter]!
  }
  /** One shown number. */
  shown(row: number, counter: number): number {
    return this.#shown[row * FIELDS + counter]! - this.#zero[row * FIELDS + counter]!
  }
  /** Forgets every row but the totals, which begin anew. */
  clear(): void {
    this.#used = 1
    this.#free = []
    for (const column of [this.#live, this.#shown, this.#zero]) column.fill(0)
  }

  #grow(): void {
    this.#live = twice(this.#live)
    this.#shown = twice(this.#shown)
    this.#zero = twice(this.#zero)
  }
}

/** The same numbers, and room for as many again. */
function twice(column: Float64Array): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(column.length * 2)
  wider.set(column)
  return wider
}
