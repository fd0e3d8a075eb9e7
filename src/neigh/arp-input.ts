/*
 * 1. ARP for IPv4 over Ethernet                        → DROP_ARP_MALFORMED
 * 2. sender: not our address, no group MAC             → else DROP_ARP_SPOOFS_US (RFC 5227 §2.4: we keep the address); a backup
 *    hears its master announce a virtual address
 * 3. a request for one of our addresses: the sender becomes a neighbour; the reply is written over the request → ANSWERED
 * 4. any other: a known neighbour is updated           → CONSUMED, DROP_ARP_NOT_FOR_US
 */
import type { Egress } from '../packet/frame.js'
import type { Packet } from '../packet/packet.js'
import type { Link } from '../packet/link.js'
import { Verdict } from '../packet/verdict.js'
import { ARP_LEN, ArpOp, ArpView } from '../wire/arp.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { isLoopback, isMulticast, type Ipv4Addr } from '../wire/addr.js'
import type { OwnAddresses } from './own-addresses.js'
import { Claims } from './claims.js'
import type { Neighbours } from './neighbours.js'

/** Receives ARP and answers for the director's addresses on any link (like Linux with arp_ignore 0). */
export class ArpInput {
  readonly #ownAddresses: OwnAddresses
  readonly #neighbours: Neighbours
  readonly #egress: Egress
  readonly #isSpokesman: boolean
  readonly #claims: Claims
  readonly #arp = new ArpView()

  /** `isSpokesman` false: only listens, since another director answers for the same addresses. */
  constructor(
    ownAddresses: OwnAddresses,
    neighbours: Neighbours,
    egress: Egress,
    isSpokesman = true,
    claims = new Claims(),
  ) {
    this.#ownAddresses = ownAddresses
    this.#neighbours = neighbours
    this.#egress = egress
    this.#isSpokesman = isSpokesman
    this.#claims = claims
  }

  receive(packet: Packet, link: Link): Verdict {
    const arp = this.#arp.wrap(packet.slab.view, packet.at + ETHERNET_LEN)
    if (!arp.isValid(packet.len - ETHERNET_LEN)) return Verdict.DROP_ARP_MALFORMED
    const { operation, senderAddr, targetAddr } = arp
    if (operation !== ArpOp.REQUEST && operation !== ArpOp.REPLY) return Verdict.DROP_ARP_MALFORMED
    if (isLoopback(targetAddr) || isMulticast(targetAddr)) return Verdict.DROP_ARP_MALFORMED
    if ((arp.senderMacHi & 0x0100) !== 0) return Verdict.DROP_ARP_SPOOFS_US
    if (this.#isOurs(senderAddr)) {
      this.#claims.note(link, senderAddr, arp.senderMacHi, arp.senderMacLo)
      return Verdict.DROP_ARP_SPOOFS_US
    }

    const asksUs = operation === ArpOp.REQUEST && this.#ownAddresses.answersFor(targetAddr, link)
    // Sender 0.0.0.0 is an ARP probe (RFC 5227 §2.1.1): nothing to learn.
    if (senderAddr !== 0) this.#neighbours.heard(link, senderAddr, arp.senderMacHi, arp.senderMacLo, asksUs)
    if (asksUs && this.#isSpokesman) return this.#answer(packet, link)
    return asksUs || operation === ArpOp.REPLY ? Verdict.CONSUMED : Verdict.DROP_ARP_NOT_FOR_US
  }

  #isOurs(addr: Ipv4Addr): boolean {
    return this.#ownAddresses.has(addr) && !this.#ownAddresses.isElsewhere(addr)
  }
  #answer(packet: Packet, link: Link): Verdict {
    const arp = this.#arp
    const asker = { hi: arp.senderMacHi, lo: arp.senderMacLo }
    arp.build(ArpOp.REPLY, link.mac, arp.targetAddr, asker, arp.senderAddr)
    packet.eth.setDst(asker)
    packet.eth.setSrc(link.mac)
    packet.vnet.clear()
    const sent = this.#egress.transmit(link, packet.slab, packet.at, ETHERNET_LEN + ARP_LEN)
    return sent ? Verdict.ANSWERED : Verdict.DROP_DEVICE_QUEUE
  }
}
