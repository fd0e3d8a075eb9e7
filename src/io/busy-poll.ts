/** How long, in ms, a frame may be waited for without sleeping. Putting a thread to sleep and waking it costs about as much. */
const LONGEST = 0.1
const SHORTEST = 0.01

/**
 * When a thread that found nothing to do should look again rather than sleep: for a time that grows while frames come
 * soon after it went to sleep, up to a tenth of a millisecond, and shrinks to none while they do not. So it costs
 * nothing where there is little traffic.
 */
export class BusyPoll {
  /** All in ms. */
  #patience = 0
  #lastFrames = -Infinity
  #asleepSince = Infinity

  /** Of a look at `now` that found so many frames: whether to look again at once. If not, the caller sleeps. */
  mayLookAgain(now: number, frames: number): boolean {
    if (frames === 0) {
      if (now - this.#lastFrames < this.#patience) return true
      this.#asleepSince = now
      return false
    }
    if (this.#asleepSince !== Infinity) this.#wokenAfter(now - this.#asleepSince)
    this.#asleepSince = Infinity
    this.#lastFrames = now
    return true
  }

  #wokenAfter(slept: number): void {
    if (slept <= LONGEST) this.#patience = Math.min(LONGEST, Math.max(SHORTEST, this.#patience * 2))
    else this.#patience = this.#patience / 2 < SHORTEST ? 0 : this.#patience / 2
  }
}
