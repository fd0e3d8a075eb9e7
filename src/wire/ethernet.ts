/*
 * IEEE 802.3 §3.1.1, Ethernet II framing.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                          Destination                          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Destination, continued    |             Source            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Source, continued                       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |              Type             |            payload            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { MacAddr } from './addr.js'
import { NOWHERE } from './view.js'

const DST = 0
const SRC = 6
const TYPE = 12

export const ETHERNET_LEN = 14
export const ETHER_TYPE_AT = TYPE
export const EtherType = { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd } as const
export const BROADCAST: MacAddr = { hi: 0xffff, lo: 0xffffffff }

/** Reads and writes an Ethernet header in place. Needs ETHERNET_LEN octets from `at`; the caller checks that. */
export class EthernetView {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  get dstHi(): number {
    return this.#dv.getUint16(this.#at + DST)
  }
  get dstLo(): number {
    return this.#dv.getUint32(this.#at + DST + 2)
  }
  /** Group bit of the destination: broadcast or multicast. */
  get isGroup(): boolean {
    return (this.#dv.getUint8(this.#at + DST) & 1) === 1
  }
  isTo(mac: MacAddr): boolean {
    return this.dstLo === mac.lo && this.dstHi === mac.hi
  }
  get srcHi(): number {
    return this.#dv.getUint16(this.#at + SRC)
  }
  get srcLo(): number {
    return this.#dv.getUint32(this.#at + SRC + 2)
  }
  get type(): number {
    return this.#dv.getUint16(this.#at + TYPE)
  }

  setDst(mac: MacAddr): void {
    this.#dv.setUint16(this.#at + DST, mac.hi)
    this.#dv.setUint32(this.#at + DST + 2, mac.lo)
  }
  setSrc(mac: MacAddr): void {
    this.#dv.setUint16(this.#at + SRC, mac.hi)
    this.#dv.setUint32(this.#at + SRC + 2, mac.lo)
  }
  set type(type: number) {
    this.#dv.setUint16(this.#at + TYPE, type)
  }
}
