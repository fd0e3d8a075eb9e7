/** How long, in ms, a frame may be waited for without sleeping. Putting a thread to sleep and waking it costs about as much. */
const LONGEST = 0.1
const SHORTEST = 0.01

/**
 * When a thread that found nothing to do should look again rather than sleep: for a time that grows while it sleeps and
 * frames come within a tenth of a millisecond of the last ones, up to that, and shrinks to none while they come later.
 * So it costs nothing where there is little traffic.
 */
export class BusyPoll {
  /** In ms, from the look that found frames. */
  #patience = 0
  #lastFrames = -Infinity
  #hasSlept = false

  /** Of a look at `now`, in ms, that found so many frames: whether to look again at once. If not, the caller sleeps. */
  mayLookAgain(now: number, frames: number): boolean {
    if (frames === 0) {
      if (now - this.#lastFrames < this.#patience) return true
      this.#hasSlept = true
      return false
    }
    if (this.#hasSlept) this.#adapt(now - this.#lastFrames)
    this.#hasSlept = false
    this.#lastFrames = now
    return true
  }

  #adapt(gap: number): void {
    if (gap <= LONGEST) this.#patience = Math.min(LONGEST, Math.max(SHORTEST, this.#patience * 2))
    else this.#patience = this.#patience / 2 < SHORTEST ? 0 : this.#patience / 2
  }
}
