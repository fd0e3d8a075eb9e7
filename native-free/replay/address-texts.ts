import { formatIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { octetsOf } from './text-octets.js'

const REMEMBERED_BITS = 12

/** Addresses and names as text, the last ones without making it anew. */
export class AddressTexts {
  readonly #texts: (Uint8Array | undefined)[] = Array.from({ length: 2 ** REMEMBERED_BITS })
  readonly #addresses = new Int32Array(2 ** REMEMBERED_BITS)
  readonly #words = new Map<string, Uint8Array>()

  address(addr: number): Uint8Array {
    const at = Math.imul(addr, 0x9e3779b1) >>> (32 - REMEMBERED_BITS)
    const known = this.#texts[at]
    if (known !== undefined && this.#addresses[at] === addr) return known
    this.#addresses[at] = addr
    return (this.#texts[at] = octetsOf(formatIpv4(addr as Ipv4Addr)))
  }
  /** An interface's name, as within JSON's quotes. There are few. */
  word(name: string): Uint8Array {
    let octets = this.#words.get(name)
    if (octets === undefined) this.#words.set(name, (octets = Buffer.from(JSON.stringify(name).slice(1, -1))))
    return octets
  }
}
