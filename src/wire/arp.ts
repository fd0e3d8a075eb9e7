/*
 * RFC 826, for IPv4 over Ethernet (hardware type 1, protocol type 0x0800).
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |         Hardware type         |         Protocol type         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   HW length   |  Proto length |           Operation           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                          Sender's MAC                         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |    Sender's MAC, continued    |        Sender's address       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Sender's address, continued  |          Target's MAC         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                    Target's MAC, continued                    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                        Target's address                       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import type { Ipv4Addr, MacAddr } from './addr.js'
import { NOWHERE } from './view.js'

const FIXED = 0 // hardware type, protocol type: 0x00010800
const LENGTHS = 4 // hardware address 6, protocol address 4: 0x0604
const OPERATION = 6
const SENDER_MAC = 8
const SENDER_IP = 14
const TARGET_MAC = 18
const TARGET_IP = 24

export const ARP_LEN = 28
export const ArpOp = { REQUEST: 1, REPLY: 2 } as const

/** Reads and writes an ARP packet in place. Call `isValid` first. */
export class ArpView {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  /** `len` octets are there: enough of them, and they are ARP for IPv4 over Ethernet. */
  isValid(len: number): boolean {
    if (len < ARP_LEN) return false
    return this.#dv.getUint32(this.#at + FIXED) === 0x00010800 && this.#dv.getUint16(this.#at + LENGTHS) === 0x0604
  }

  get operation(): number {
    return this.#dv.getUint16(this.#at + OPERATION)
  }
  get senderMacHi(): number {
    return this.#dv.getUint16(this.#at + SENDER_MAC)
  }
  get senderMacLo(): number {
    return this.#dv.getUint32(this.#at + SENDER_MAC + 2)
  }
  get senderAddr(): Ipv4Addr {
    return this.#dv.getInt32(this.#at + SENDER_IP) as Ipv4Addr
  }
  get targetAddr(): Ipv4Addr {
    return this.#dv.getInt32(this.#at + TARGET_IP) as Ipv4Addr
  }

  /** Writes the whole packet. */
  build(operation: number, sender: MacAddr, senderAddr: Ipv4Addr, target: MacAddr, targetAddr: Ipv4Addr): void {
    const dv = this.#dv
    const at = this.#at
    dv.setUint32(at + FIXED, 0x00010800)
    dv.setUint16(at + LENGTHS, 0x0604)
    dv.setUint16(at + OPERATION, operation)
    dv.setUint16(at + SENDER_MAC, sender.hi)
    dv.setUint32(at + SENDER_MAC + 2, sender.lo)
    dv.setInt32(at + SENDER_IP, senderAddr)
    dv.setUint16(at + TARGET_MAC, target.hi)
    dv.setUint32(at + TARGET_MAC + 2, target.lo)
    dv.setInt32(at + TARGET_IP, targetAddr)
  }
}
