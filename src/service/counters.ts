/**
 * What a packet or connection adds to, and what there is a rate of (ipvs-behaviour.md §11.1). Rates are of a second; those
 * of octets are the last two.
 */
export const Counter = { CONNS: 0, IN_PKTS: 1, OUT_PKTS: 2, IN_BYTES: 3, OUT_BYTES: 4 } as const
const FIELDS = 5

/** The row of the totals of all services. */
export const TOTALS = 0

/** In place of a row's tick: it is given none. A difference from it is negative. */
const STOPPED = 2 ** 31 - 1
/** Work of one `sweep`: rows looked at, and times that a row's rates fall. 0.1 ms. */
const SWEEP = 4096

/**
 * Rows of five counters: a row a service, a row a destination, one for the totals. They count live, and are shown as
 * of the last tick, less what `zero` had set as their beginning (ipvs-behaviour.md §11.2): numbers that users of
 * ipvsadm know to stand still between two ticks. Doubles count octets exactly up to 2^53.
 *
 * With every tick a row's rates come nearer by a quarter to what was counted since the one before (§11.3). A tick reaches
 * the rows by and by (`sweep`), and whoever looks at a row sees it as of that tick.
 */
export class Counters {
  #live = new Float64Array(64 * FIELDS)
  #shown = new Float64Array(64 * FIELDS)
  #zero = new Float64Array(64 * FIELDS)
  /** Connections and packets a second × 1024, octets a second × 32. */
  #rates = new Float64Array(64 * FIELDS)
  /** The last tick that each row has had. */
  #ticked = new Int32Array(64)
  #tick = 0
  /** The rows from here on may not have had it yet. */
  #sweepAt = 0
  #used = 1
  #free: number[] = []

  /** A row of zeros, which has its first tick with the others. */
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
  /** It is given no ticks: what it shows stands still. */
  stop(row: number): void {
    this.#settle(row)
    this.#ticked[row] = STOPPED
  }
  /** It is given the ticks from the next one on, whose difference is from the last one that it had. */
  start(row: number): void {
    this.#ticked[row] = this.#tick
  }

  connection(row: number): void {
    this.#live[row * FIELDS + Counter.CONNS]!++
  }
  inbound(row: number, octets: number): void {
    this.#live[row * FIELDS + Counter.IN_PKTS]!++
    this.#live[row * FIELDS + Counter.IN_BYTES]! += octets
  }
  /** A packet of a destination, of its service, and of all: `inbound` or `outbound` of the three rows. */
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
  outbound(row: number, octets: number): void {
    this.#live[row * FIELDS + Counter.OUT_PKTS]!++
    this.#live[row * FIELDS + Counter.OUT_BYTES]! += octets
  }

  /** The 2-second tick; `ticks` of them when nothing was counted between the first and the last. Answers as `sweep`. */
  tick(ticks: number): boolean {
    while (!this.sweep());
    this.#tick += ticks
    this.#sweepAt = 0
    return this.sweep()
  }
  /** Brings the tick to some more rows; answers whether all have had it. */
  sweep(): boolean {
    for (let work = 0; work < SWEEP && this.#sweepAt < this.#used; this.#sweepAt++) work += this.#settle(this.#sweepAt)
    return this.#sweepAt === this.#used
  }
  /** From now on the row shows what comes after the last tick, and no rates until there is a difference again. */
  zero(row: number): void {
    this.#settle(row)
    for (let i = row * FIELDS; i < (row + 1) * FIELDS; i++) this.#zero[i] = this.#shown[i]!
    this.#rates.fill(0, row * FIELDS, (row + 1) * FIELDS)
  }
  /** One number as of the last tick. */
  shown(row: number, counter: number): number {
    this.#settle(row)
    return this.#shown[row * FIELDS + counter]! - this.#zero[row * FIELDS + counter]!
  }
  /** One rate, of a second, as of the last tick. */
  rate(row: number, counter: number): number {
    this.#settle(row)
    const rate = this.#rates[row * FIELDS + counter]!
    return counter < Counter.IN_BYTES ? Math.floor((rate + 511) / 1024) : Math.floor((rate + 15) / 32)
  }
  /** One number as it is now, whatever was set to zero. */
  live(row: number, counter: number): number {
    return this.#live[row * FIELDS + counter]!
  }
  /** Forgets every row but the totals, which begin anew. */
  clear(): void {
    this.#used = 1
    this.#sweepAt = 0
    this.#free = []
    for (const column of this.#columns()) column.fill(0)
    this.start(TOTALS)
  }

  /** Gives a row the ticks that it has not had: the first takes the difference, with the others the rates fall. Answers the work. */
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
  /** A tick without a difference. Answers whether any rate was above 0: after some 100 of them none is. */
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

/** The same numbers, and room for as many again. */
function twice(column: Float64Array): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(column.length * 2)
  wider.set(column)
  return wider
}
