/**
 * The five counters of a row; each has a rate a second (ipvs-behaviour.md §11.1). The last two count octets.
 */
export const Counter = { CONNS: 0, IN_PKTS: 1, OUT_PKTS: 2, IN_BYTES: 3, OUT_BYTES: 4 } as const
const FIELDS = 5

/** The row that counts all services together. */
export const TOTALS = 0

/** A stopped row's tick. `#tick` minus it is negative, so that the row gets no ticks. */
const STOPPED = 2 ** 31 - 1
/** Work of one `sweep`, in rows plus ticks in which a row's rates fall. 0.1 ms. */
const SWEEP = 4096

/**
 * Rows of five counters: one for each service, one for each destination, and TOTALS. A counter is live; its shown value is
 * that of the last tick, less the value at the last `zero` (ipvs-behaviour.md §11.2). ipvsadm's users know that shown values
 * stand still between two ticks. Doubles count octets exactly up to 2^53.
 *
 * Each tick moves a rate by a quarter of its distance to what was counted since the tick before (§11.3). `sweep` brings the
 * tick to a share of the rows a call; reading a row brings it to that row first.
 */
export class Counters {
  #live = new Float64Array(64 * FIELDS)
  #shown = new Float64Array(64 * FIELDS)
  #zero = new Float64Array(64 * FIELDS)
  /** Connections and packets a second × 1024, octets a second × 32. */
  #rates = new Float64Array(64 * FIELDS)
  /** The last tick of each row. */
  #ticked = new Int32Array(64)
  #tick = 0
  /** Rows from here on may not have had the current tick. */
  #sweepAt = 0
  #used = 1
  #free: number[] = []

  /** Returns a row of zeros. Its first tick is the next one. */
  allocate(): number {
    const row = this.#free.pop() ?? this.#used++
    if (this.#used > this.#ticked.length) this.#grow()
    for (const column of this.#columns()) column.fill(0, row * FIELDS, (row + 1) * FIELDS)
    this.start(row)
    return row
  }
  release(row: number): void {
    this.stop(row)
    this.#free.push(row)
  }
  /** The row gets no more ticks: its shown values stand still. */
  stop(row: number): void {
    this.#settle(row)
    this.#ticked[row] = STOPPED
  }
  /** The row gets ticks again from the next one on. That tick's difference is since the last one before `stop`. */
  start(row: number): void {
    this.#ticked[row] = this.#tick
  }

  /** Counts a connection in the rows of a destination, its service and TOTALS. */
  connectionOf(dest: number, service: number): void {
    const live = this.#live
    live[dest * FIELDS + Counter.CONNS]!++
    live[service * FIELDS + Counter.CONNS]!++
    live[TOTALS + Counter.CONNS]!++
  }
  /** `inboundOf`, `outboundOf`: counts a packet in the rows of a destination, its service and TOTALS. */
  inboundOf(dest: number, service: number, octets: number): void {
    const live = this.#live
    live[dest * FIELDS + Counter.IN_PKTS]!++
    live[dest * FIELDS + Counter.IN_BYTES]! += octets
    live[service * FIELDS + Counter.IN_PKTS]!++
    live[service * FIELDS + Counter.IN_BYTES]! += octets
    live[TOTALS + Counter.IN_PKTS]!++
    live[TOTALS + Counter.IN_BYTES]! += octets
  }
  outboundOf(dest: number, service: number, octets: number): void {
    const live = this.#live
    live[dest * FIELDS + Counter.OUT_PKTS]!++
    live[dest * FIELDS + Counter.OUT_BYTES]! += octets
    live[service * FIELDS + Counter.OUT_PKTS]!++
    live[service * FIELDS + Counter.OUT_BYTES]! += octets
    live[TOTALS + Counter.OUT_PKTS]!++
    live[TOTALS + Counter.OUT_BYTES]! += octets
  }
  /** `inboundMany`, `outboundMany`: the same for packets that were counted elsewhere; `octets`: of all of them. */
  inboundMany(dest: number, service: number, packets: number, octets: number): void {
    this.#many(dest, service, Counter.IN_PKTS, Counter.IN_BYTES, packets, octets)
  }
  outboundMany(dest: number, service: number, packets: number, octets: number): void {
    this.#many(dest, service, Counter.OUT_PKTS, Counter.OUT_BYTES, packets, octets)
  }
  #many(dest: number, service: number, pkts: number, bytes: number, packets: number, octets: number): void {
    for (const row of [dest, service, TOTALS]) {
      this.#live[row * FIELDS + pkts]! += packets
      this.#live[row * FIELDS + bytes]! += octets
    }
  }

  /**
   * The 2-second tick; `ticks` of them if nothing was counted between the first and the last. Returns the result of
   * `sweep`.
   */
  tick(ticks: number): boolean {
    while (!this.sweep());
    this.#tick += ticks
    this.#sweepAt = 0
    return this.sweep()
  }
  /** Brings the tick to the next rows. Returns whether all rows have had it. */
  sweep(): boolean {
    for (let work = 0; work < SWEEP && this.#sweepAt < this.#used; this.#sweepAt++) work += this.#settle(this.#sweepAt)
    return this.#sweepAt === this.#used
  }
  /** From now on the row shows what is counted after the last tick. Its rates begin at 0. */
  zero(row: number): void {
    this.#settle(row)
    for (let i = row * FIELDS; i < (row + 1) * FIELDS; i++) this.#zero[i] = this.#shown[i]!
    this.#rates.fill(0, row * FIELDS, (row + 1) * FIELDS)
  }
  /** The shown value of a counter: as of the last tick, since the last `zero`. */
  shown(row: number, counter: number): number {
    this.#settle(row)
    return this.#shown[row * FIELDS + counter]! - this.#zero[row * FIELDS + counter]!
  }
  /** A rate a second, as of the last tick. */
  rate(row: number, counter: number): number {
    this.#settle(row)
    const rate = this.#rates[row * FIELDS + counter]!
    return counter < Counter.IN_BYTES ? Math.floor((rate + 511) / 1024) : Math.floor((rate + 15) / 32)
  }
  /** Writes all shown values of a row, then all its rates. */
  shownInto(into: Float64Array, at: number, row: number): void {
    this.#settle(row)
    const [first, shown, zero, rates] = [row * FIELDS, this.#shown, this.#zero, this.#rates]
    for (let counter = 0; counter < FIELDS; counter++) {
      const rate = rates[first + counter]!
      into[at + counter] = shown[first + counter]! - zero[first + counter]!
      into[at + FIELDS + counter] =
        counter < Counter.IN_BYTES ? Math.floor((rate + 511) / 1024) : Math.floor((rate + 15) / 32)
    }
  }
  /** The live value of a counter, not affected by `zero`. */
  live(row: number, counter: number): number {
    return this.#live[row * FIELDS + counter]!
  }
  /** Releases every row but TOTALS, which begins at 0. */
  clear(): void {
    this.#used = 1
    this.#sweepAt = 0
    this.#free = []
    for (const column of this.#columns()) column.fill(0)
    this.start(TOTALS)
  }

  /** Brings a row its missed ticks: the first takes the difference; in the others its rates fall. Returns the work done. */
  #settle(row: number): number {
    let missed = this.#tick - this.#ticked[row]!
    if (missed <= 0) return 1
    this.#ticked[row] = this.#tick
    const at = row * FIELDS
    for (let i = at; i < at + FIELDS; i++) {
      const live = this.#live[i]!
      const difference = live - this.#shown[i]!
      const rate = this.#rates[i]!
      if (difference === 0 && rate === 0) continue
      this.#shown[i] = live
      const sample = difference * (i < at + Counter.IN_BYTES ? 512 : 16)
      this.#rates[i] = rate + Math.floor((sample - rate) / 4)
    }
    let work = 1
    while (--missed > 0 && this.#fall(at)) work++
    return work
  }
  /** A tick in which nothing was counted. Returns whether any rate was above 0; after some 100 such ticks all are 0. */
  #fall(at: number): boolean {
    let isAbove = false
    for (let i = at; i < at + FIELDS; i++) {
      const rate = this.#rates[i]!
      if (rate === 0) continue
      isAbove = true
      this.#rates[i] = rate + Math.floor(-rate / 4)
    }
    return isAbove
  }
  #columns(): Float64Array[] {
    return [this.#live, this.#shown, this.#zero, this.#rates]
  }
  #grow(): void {
    this.#live = twice(this.#live)
    this.#shown = twice(this.#shown)
    this.#zero = twice(this.#zero)
    this.#rates = twice(this.#rates)
    const ticked = new Int32Array(this.#ticked.length * 2)
    ticked.set(this.#ticked)
    this.#ticked = ticked
  }
}

/** A copy of twice the length. */
function twice(column: Float64Array): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(column.length * 2)
  wider.set(column)
  return wider
}
