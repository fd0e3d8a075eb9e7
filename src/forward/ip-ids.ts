/** IP identifications for the director's own packets without DF (RFC 791 p. 13). */
export class IpIds {
  #last: number

  /** The first identification is `seed` + 1. */
  constructor(seed: number) {
    this.#last = seed & 0xffff
  }
  next(): number {
    this.#last = (this.#last + 1) & 0xffff
    return this.#last
  }
}
