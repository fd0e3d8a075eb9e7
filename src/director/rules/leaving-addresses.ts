import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Ipv4Addr } from '../../wire/addr.js'

/** The most addresses checked in one turn of the loop. */
const PER_TURN = 32

/** Local addresses that no service has any more. The director holds each until no connection comes from it. */
export class LeavingAddresses {
  readonly #ownAddresses: OwnAddresses
  readonly #usesOf: (laddr: Ipv4Addr) => number
  readonly #leaving: Ipv4Addr[] = []
  /** Index of the next one to check. */
  #next = 0

  /** `usesOf` returns how many connections come from a local address. */
  constructor(ownAddresses: OwnAddresses, usesOf: (laddr: Ipv4Addr) => number) {
    this.#ownAddresses = ownAddresses
    this.#usesOf = usesOf
  }

  /** A service gave up the address. */
  add(laddr: Ipv4Addr): void {
    if (this.#usesOf(laddr) > 0) this.#leaving.push(laddr)
    else this.#ownAddresses.letGo(laddr)
  }

  poll(): void {
    const leaving = this.#leaving
    for (let left = Math.min(PER_TURN, leaving.length); left > 0; left--) {
      if (this.#next >= leaving.length) this.#next = 0
      const laddr = leaving[this.#next]!
      if (this.#usesOf(laddr) > 0) this.#next++
      else {
        this.#ownAddresses.letGo(laddr)
        leaving[this.#next] = leaving.at(-1)!
        leaving.pop()
      }
    }
  }
}
