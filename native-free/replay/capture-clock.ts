/** The director's time of the first frame, in ms: any will do. */
const START_MS = 1_000_000
/** The longest gap between two frames that is waited through: whatever a director holds has ended by then. */
const LONGEST_GAP_S = 32 * 86_400
/** In the year 2242: a time beyond it is corrupt. */
const LAST_SECOND = 2 ** 33

/** A moment of the capture: since 1970. */
export interface Stamp {
  seconds: number
  nanoseconds: number
}

/**
 * The director's time by the capture's: whole ms since the first frame. It never goes back: a frame that is earlier than the one
 * before it comes at that one's time.
 */
export class CaptureClock {
  /** The director's time of the last frame. */
  nowMs = START_MS
  /** Frames whose time was before that of the one before them, or beyond LAST_SECOND. */
  backwards = 0
  /** Gaps that were cut to LONGEST_GAP_S. */
  cut = 0
  /** What START_MS stands for; undefined before the first frame. */
  #first: Stamp | undefined
  /** ms of the capture that the director's clock has left out. */
  #skipped = 0
  readonly #last: Stamp = { seconds: 0, nanoseconds: 0 }

  /** The director's time of the next frame. */
  read({ seconds, nanoseconds }: Stamp): number {
    const last = this.#last
    const first = (this.#first ??= this.#begin(seconds, nanoseconds))
    const isLater = seconds > last.seconds || (seconds === last.seconds && nanoseconds >= last.nanoseconds)
    if (!isLater || seconds > LAST_SECOND) {
      this.backwards++
      return this.nowMs
    }
    const over = seconds - last.seconds - LONGEST_GAP_S
    if (over > 0) {
      this.cut++
      first.seconds += over
    }
    last.seconds = seconds
    last.nanoseconds = nanoseconds
    const ms = (seconds - first.seconds) * 1000 + (nanoseconds - first.nanoseconds) / 1e6
    return (this.nowMs = Math.max(this.nowMs, START_MS + Math.floor(ms)))
  }

  /** ms from the first frame to the last. */
  get sinceStart(): number {
    return this.nowMs - START_MS + this.#skipped
  }
  /** The director's time so many ms after the first frame. */
  timeAt(ms: number): number {
    return START_MS + ms - this.#skipped
  }
  /** The capture's moment of a time of the director. */
  stampOf(nowMs: number, into: Stamp): void {
    const { seconds, nanoseconds } = this.#first ?? this.#last
    const ns = nanoseconds + ((nowMs - START_MS) % 1000) * 1e6
    into.seconds = seconds + Math.floor((nowMs - START_MS) / 1000) + Math.floor(ns / 1e9)
    into.nanoseconds = Math.floor(ns % 1e9)
  }

  /** Leaves out so many ms, in which nothing happens: what comes later, the last frame too, is at earlier times of the director. */
  skip(ms: number): void {
    this.#skipped += ms
    this.nowMs -= ms
    if (!this.#first) return
    this.#first.seconds += Math.floor(ms / 1000)
    this.#first.nanoseconds += (ms % 1000) * 1e6
  }

  #begin(seconds: number, nanoseconds: number): Stamp {
    this.#last.seconds = seconds
    this.#last.nanoseconds = nanoseconds
    return { seconds, nanoseconds }
  }
}
