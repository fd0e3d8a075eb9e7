/** A lock, given in the order of requests. */
export class Mutex {
  #last: Promise<void> = Promise.resolve()

  /** Waits for the lock. Returns the function that releases it. */
  async acquire(): Promise<() => void> {
    const before = this.#last
    let end: (() => void) | undefined
    this.#last = new Promise(resolve => (end = resolve))
    await before
    return () => end?.()
  }
}
