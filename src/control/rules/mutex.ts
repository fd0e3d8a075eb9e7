/** One at a time, in the order of asking. */
export class Mutex {
  #last: Promise<void> = Promise.resolve()

  /** Waits for its turn; answers what ends it. */
  async acquire(): Promise<() => void> {
    const before = this.#last
    let end: (() => void) | undefined
    this.#last = new Promise(resolve => (end = resolve))
    await before
    return () => end?.()
  }
}
