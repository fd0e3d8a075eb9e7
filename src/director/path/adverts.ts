/*
 * Adverts of virtual routers that come in by the director's own links:
 * 1. VRRP, alone or behind an authentication header; somebody listens; the link is not the kernel's too → else PASS
 * 2. to a group, or to one of our addresses        → else PASS: it is routed as any other
 * 3. not one of our own, thrown back by the wire   → else DROP_SOURCE_IS_OURS
 * 4. whoever listens has room for it               → CONSUMED; else DROP_ADVERT_QUEUE
 */
import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { AdvertSink } from '../../packet/advert-sink.js'
import type { Link } from '../../packet/link.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { isMulticast } from '../../wire/addr.js'
import { AhView } from '../../wire/ah.js'
import { IpProtocol } from '../../wire/ipv4.js'

/** Takes adverts out of the path as they came: what is wrong with one is found by those who listen. */
export class Adverts {
  readonly #sink: AdvertSink | undefined
  readonly #links: readonly Link[]
  readonly #ownAddresses: OwnAddresses
  readonly #ah = new AhView()

  constructor(sink: AdvertSink | undefined, links: readonly Link[], ownAddresses: OwnAddresses) {
    this.#sink = sink
    this.#links = links
    this.#ownAddresses = ownAddresses
  }

  /** Takes a packet whose IPv4 header has been parsed. */
  receive(packet: Packet): Verdict {
    const { protocol } = packet
    if (protocol !== IpProtocol.VRRP && protocol !== IpProtocol.AH) return Verdict.PASS
    const sink = this.#sink
    if (sink?.isOpen !== true || this.#links[packet.link]!.isBeside || !this.#isVrrp(packet)) return Verdict.PASS
    const { srcAddr, dstAddr } = packet.ip
    if (!isMulticast(dstAddr) && !this.#ownAddresses.has(dstAddr)) return Verdict.PASS
    if (this.#ownAddresses.has(srcAddr)) return Verdict.DROP_SOURCE_IS_OURS
    const isTaken = sink.take(packet.link, packet.slab, packet.ipAt, packet.ipLen)
    return isTaken ? Verdict.CONSUMED : Verdict.DROP_ADVERT_QUEUE
  }

  #isVrrp({ protocol, slab, transportAt, transportLen }: Packet): boolean {
    if (protocol === IpProtocol.VRRP) return true
    return transportLen > 0 && this.#ah.wrap(slab.view, transportAt).nextHeader === IpProtocol.VRRP
  }
}
