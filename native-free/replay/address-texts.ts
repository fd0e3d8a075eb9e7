import { formatIpv4, type Ipv4Addr } from '../../src/wire/addr.js'

const REMEMBERED_BITS = 12

/** Addresses as text, the last ones without making it anew. */
export class AddressTexts {
  readonly #texts: string[] = Array.from({ length: 2 ** REMEMBERED_BITS }, () => '')
  readonly #addresses = new Int32Array(2 ** REMEMBERED_BITS)

  address(addr: number): string {
    const at = Math.imul(addr, 0x9e3779b1) >>> (32 - REMEMBERED_BITS)
    if (this.#addresses[at] !== addr || this.#texts[at] === '') {
      this.#addresses[at] = addr
      this.#texts[at] = formatIpv4(addr as Ipv4Addr)
    }
    return this.#texts[at]!
  }
  endpoint(addr: number, port: number): string {
    return `${this.address(addr)}:${port}`
  }
}
