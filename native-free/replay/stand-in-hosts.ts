import type { Slab } from '../../src/packet/frame.js'
import { ARP_LEN, ArpOp, ArpView } from '../../src/wire/arp.js'
import type { Ipv4Addr, MacAddr } from '../../src/wire/addr.js'
import { ETHERNET_LEN, EthernetView, EtherType } from '../../src/wire/ethernet.js'

/** An ARP reply's frame. */
export const REPLY_LEN = ETHERNET_LEN + ARP_LEN
/** The first two octets of the MACs that are answered; the other four are the address. */
const MAC_HIGH = 0x0202

/** The MAC of a host that is stood in for. */
export function standInMac(addr: Ipv4Addr): MacAddr {
  return { hi: MAC_HIGH, lo: addr >>> 0 }
}

/** Answers for hosts that a capture cannot answer for: each address has a MAC of its own. */
export class StandInHosts {
  readonly #eth = new EthernetView()
  readonly #asked = new ArpView()
  readonly #answer = new ArpView()

  /** Whether a frame that the director sent asks for a MAC: then the reply is written to `to` of `into`. */
  answers(view: DataView, at: number, len: number, into: Slab, to: number): boolean {
    if (len < REPLY_LEN || view.getUint16(at + 12) !== EtherType.ARP) return false
    const asked = this.#asked.wrap(view, at + ETHERNET_LEN)
    if (!asked.isValid(len - ETHERNET_LEN) || asked.operation !== ArpOp.REQUEST) return false
    const { senderAddr, targetAddr } = asked
    if (senderAddr === targetAddr) return false // an announcement
    const asker = { hi: asked.senderMacHi, lo: asked.senderMacLo }
    const mac = standInMac(targetAddr)
    this.#eth.wrap(into.view, to)
    this.#eth.setDst(asker)
    this.#eth.setSrc(mac)
    this.#eth.type = EtherType.ARP
    this.#answer.wrap(into.view, to + ETHERNET_LEN).build(ArpOp.REPLY, mac, targetAddr, asker, senderAddr)
    return true
  }
}
