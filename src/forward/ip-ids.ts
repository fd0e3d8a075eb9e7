/** IP identifications for packets of the director's own that may be fragmented on their way (RFC 791 p. 13). */
export class IpIds {
  #last: number

  /** `seed`: what the first one follows. */
  constructor(seed: number) {
    this.#last = seed & 0xffff
  }
  next(): number {
    this.#last = (this.#last + 1) & 0xffff
    return this.#last
  }
}
