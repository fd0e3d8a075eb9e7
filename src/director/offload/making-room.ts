/** Ages are told apart by so many bits of the clock's units (1.05 ms): 1.07 s. */
const AGE_SHIFT = 10
/** The last one is nine minutes and more. */
const AGES = 512
/** No flow leaves that was in use less than 10.7 s ago. */
const LEAST_AGE = 10
export const LEAST_IDLE = LEAST_AGE << AGE_SHIFT
/** At most a sixteenth of the table leaves in one sweep, or so many: each packet of a flow without room asks again, and counts as one more. */
const PART = 16

/** Which flows leave where others find no room: those idle for longest, as many as found none. One sweep counts the ages, the next one takes the oldest. */
export class MakingRoom {
  readonly #most: number
  /** How many flows the sweep has met of each age, … */
  readonly #ages = new Int32Array(AGES)
  /** … and when it began. */
  #countedAt = 0
  #wanted = 0
  /** In this sweep flows leave from this age on, … */
  #from = AGES
  /** … and so many. */
  #left = 0

  /** `capacity`: how many flows there may be. */
  constructor(capacity: number) {
    this.#most = Math.max(PART, Math.ceil(capacity / PART))
  }

  /** Whether flows have found no room, and nothing has been made for all of them. */
  get isWanted(): boolean {
    return this.#wanted > 0
  }
  /** A flow has found no room. */
  wanted(): void {
    if (this.#wanted < this.#most) this.#wanted++
  }
  /** A sweep begins. `free`: how many may enter without anybody's leaving, at once or when their slots have rested. */
  begin(now: number, free: number): void {
    if (free >= this.#wanted) this.#wanted = 0
    this.#left = this.#wanted
    this.#from = Math.min(this.#oldest() + (((now - this.#countedAt) | 0) >> AGE_SHIFT), AGES - 1)
    this.#ages.fill(0)
    this.#countedAt = now
  }
  /** Whether the flow leaves, whose last packet came so many of the clock's units ago. Called once a flow and sweep. */
  leaves(idle: number): boolean {
    const age = Math.min(Math.max(idle, 0) >> AGE_SHIFT, AGES - 1)
    if (this.#left > 0 && age >= this.#from) {
      this.#left--
      this.#wanted--
      return true
    }
    this.#ages[age]!++
    return false
  }
  /** The age from which on the sweep before met as many as are wanted. */
  #oldest(): number {
    let age = AGES
    for (let sum = 0; age > LEAST_AGE && sum < this.#left;) sum += this.#ages[--age]!
    return age
  }
}
