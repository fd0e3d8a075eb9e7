import type { Output } from '../forward/output.js'
import type { ArpSender } from '../neigh/arp-sender.js'
import type { Egress } from '../packet/frame.js'
import type { Link } from '../packet/link.js'
import { Packet } from '../packet/packet.js'
import { parseIpv4Header } from '../packet/parse.js'
import type { TurnMemory } from '../packet/turn-memory.js'
import { Verdict } from '../packet/verdict.js'
import { isMulticast, type Ipv4Addr, type MacAddr } from '../wire/addr.js'
import { ETHERNET_LEN, EtherType } from '../wire/ethernet.js'
import { groupMac } from '../wire/group-mac.js'

/** Sends what virtual routers say by the director's own links: adverts and gratuitous ARP. */
export class RouterVoice {
  readonly #links: readonly Link[]
  readonly #output: Output
  readonly #sender: ArpSender
  readonly #egress: Egress
  readonly #memory: TurnMemory
  readonly #packet = new Packet()

  constructor(links: readonly Link[], output: Output, sender: ArpSender, egress: Egress, memory: TurnMemory) {
    this.#links = links
    this.#output = output
    this.#sender = sender
    this.#egress = egress
    this.#memory = memory
  }

  /** Sends a whole IPv4 packet: to a group by the link of this index, else by its route. Returns SENT, HELD or a drop. */
  send(link: number, octets: Uint8Array): Verdict {
    const len = ETHERNET_LEN + octets.length
    const at = this.#memory.place(len)
    if (at < 0) return Verdict.DROP_NO_MEMORY
    const { slab } = this.#memory
    slab.bytes.set(octets, at + ETHERNET_LEN)
    const packet = this.#packet.wrap(link, slab, at, len)
    packet.vnet.clear()
    packet.eth.type = EtherType.IPV4
    const malformed = parseIpv4Header(packet)
    if (malformed !== Verdict.PASS) return malformed
    const { dstAddr } = packet.ip
    if (isMulticast(dstAddr)) return this.#toGroup(packet, groupMac(dstAddr))
    const hop = this.#output.route(dstAddr)
    return hop === undefined ? Verdict.DROP_NO_ROUTE : this.#output.transmit(packet, hop)
  }

  /** Broadcasts by the link of this index that the address is at our MAC. */
  announce(link: number, addr: Ipv4Addr): void {
    this.#sender.announce(this.#links[link]!, addr)
  }

  #toGroup({ link: index, slab, at, len, eth }: Packet, group: MacAddr): Verdict {
    const link = this.#links[index]!
    eth.setDst(group)
    eth.setSrc(link.mac)
    return this.#egress.transmit(link, slab, at, len) ? Verdict.SENT : Verdict.DROP_DEVICE_QUEUE
  }
}
