import { setTimeout } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { HttpRefusal } from '../answers.js'

/** How long the answer to a wrong token takes, in ms: twice as long each time. */
const FIRST_MS = 250
const MOST_MS = 8000
/** An address that has not been wrong for so long begins anew, in ms. */
const FORGOTTEN_MS = 15 * 60_000
/** Wrong tokens that wait for their answer: of an address, of all. More are refused unread. */
const WAITING_EACH = 2
const WAITING_MAX = 16

/** Makes guessing slow: the answer to a wrong token is late, and there are few at a time. */
export class Attempts {
  readonly #wrong = new LRUCache<string, number>({ max: 1000, ttl: FORGOTTEN_MS })
  readonly #waiting = new Map<string, number>()
  readonly #wait: (ms: number) => Promise<unknown>
  #all = 0

  constructor(wait: (ms: number) => Promise<unknown> = ms => setTimeout(ms, undefined, { ref: false })) {
    this.#wait = wait
  }

  /** Throws HttpRefusal if the address has too many under way. */
  admit(address: string): void {
    if (this.#all >= WAITING_MAX || (this.#waiting.get(address) ?? 0) >= WAITING_EACH)
      throw new HttpRefusal(429, 'too many wrong tokens: wait', MOST_MS / 1000)
  }

  /** The token was wrong: throws HttpRefusal, late. */
  async refuse(address: string, why: string): Promise<never> {
    const wrong = this.#wrong.get(address) ?? 0
    this.#wrong.set(address, wrong + 1)
    this.#count(address, 1)
    try {
      await this.#wait(Math.min(MOST_MS, FIRST_MS * 2 ** wrong))
    } finally {
      this.#count(address, -1)
    }
    throw new HttpRefusal(403, why)
  }

  #count(address: string, by: 1 | -1): void {
    this.#all += by
    const count = (this.#waiting.get(address) ?? 0) + by
    if (count === 0) this.#waiting.delete(address)
    else this.#waiting.set(address, count)
  }
}
