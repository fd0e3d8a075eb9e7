import { randomBytes, timingSafeEqual } from 'node:crypto'
import { digestOf } from './token-file.js'

/** How long a code is good for, in ms. */
export const CODE_MS = 2 * 60_000
/** Codes that nobody has used yet: a further one takes the place of the oldest. */
const CODES_MAX = 8

interface Code {
  digest: Buffer
  who: string
  endsAt: number
}

/** Codes that were given out over the control socket, whose access rights say who may change rules. Each opens one session. */
export class LoginCodes {
  readonly #now: () => number
  #codes: Code[] = []

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  issue(who: string): string {
    const code = randomBytes(24).toString('base64url')
    const kept = this.#good().slice(1 - CODES_MAX)
    this.#codes = [...kept, { digest: digestOf(code), who, endsAt: this.#now() + CODE_MS }]
    return code
  }

  /** Whose code it was: it is good no longer. undefined: nobody's. It takes as long whichever code is how alike. */
  take(code: string): string | undefined {
    const digest = digestOf(code)
    let found: Code | undefined
    for (const each of this.#good()) if (timingSafeEqual(each.digest, digest)) found = each
    this.#codes = this.#good().filter(each => each !== found)
    return found?.who
  }

  #good(): Code[] {
    return this.#codes.filter(({ endsAt }) => endsAt > this.#now())
  }
}
