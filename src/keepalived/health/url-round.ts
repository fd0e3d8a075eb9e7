import type { Url } from '../config/tree/checker.js'

/**
 * Whose turn it is of a web server's urls. While the server is up they take turns, and one that fails is asked again. After a failure
 * that url is asked until it is well; that does not count: then all must be well, one after the other.
 */
export class UrlRound {
  readonly #urls: readonly Url[]
  #at = 0
  /** Urls of this round that were well. */
  #passed = 0
  #isWaiting = false

  constructor(urls: readonly Url[]) {
    this.#urls = urls
  }

  get current(): Url {
    return this.#urls[this.#at]!
  }

  /** The current url is well. `isUp`: the checker is up already. True: the checker is up (still). */
  succeeded(isUp: boolean): boolean {
    if (isUp) {
      this.#at = (this.#at + 1) % this.#urls.length
      return true
    }
    if (this.#isWaiting) {
      this.#isWaiting = false
      this.#at = 0
      this.#passed = 0
      return false
    }
    this.#passed++
    this.#at = (this.#at + 1) % this.#urls.length
    return this.#passed >= this.#urls.length
  }

  /** The current url failed, and the checker is down. */
  failed(): void {
    this.#isWaiting = true
    this.#passed = 0
  }
}
