/** SIGINT or SIGTERM, from when it is made on. */
export class StopSignal {
  readonly #controller = new AbortController()
  /** When one has come. */
  readonly came: Promise<void>

  constructor() {
    const { signal } = this.#controller
    this.came = new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => this.#controller.abort())
  }

  /** What `begin` makes; undefined if it has given up, because one came. */
  async unlessStopped<T>(begin: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { signal } = this.#controller
    try {
      return await begin(signal)
    } catch (error) {
      if (signal.aborted && error === signal.reason) return undefined
      throw error
    }
  }
}
