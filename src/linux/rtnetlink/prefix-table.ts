import { maskOf, type Cidr, type Ipv4Addr } from '../../wire/addr.js'

/** Values by address block, found by the longest prefix that an address has. */
export class PrefixTable<T> {
  /** By prefix, then by the network's address. */
  readonly #values: (Map<number, T> | undefined)[] = []

  set(to: Cidr, value: T): void {
    ;(this.#values[to.prefix] ??= new Map()).set(to.addr & to.mask, value)
  }
  get(to: Cidr): T | undefined {
    return this.#values[to.prefix]?.get(to.addr & to.mask)
  }
  delete(to: Cidr): void {
    this.#values[to.prefix]?.delete(to.addr & to.mask)
  }
  /** What the longest block has that holds `addr` and whose prefix is at most `prefix`. */
  longest(addr: Ipv4Addr, prefix = 32): T | undefined {
    for (let len = Math.min(prefix, this.#values.length - 1); len >= 0; len--) {
      const value = this.#values[len]?.get(addr & maskOf(len))
      if (value !== undefined) return value
    }
    return undefined
  }
  /** The longest prefixes first. */
  values(): T[] {
    return this.#values
      .flatMap(ofPrefix => (ofPrefix ? [[...ofPrefix.values()]] : []))
      .reverse()
      .flat()
  }
}
