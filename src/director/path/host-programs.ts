/*
 * Programs of the director's own host that send to a virtual service (ipvs-behaviour.md §6.9). Their packets come in by the loopback
 * interface and are balanced as any other's; a real server's answer comes to the host's own address and leaves by loopback:
 * 1. a program's packet that answers a connection: of a real server on this host → LEFT_TO_KERNEL
 * 2. an answer, or an error about a packet, to a program's connection            → rewritten, BALANCED
 * PASS: neither.
 */
import { NONE } from '../../conn/record.js'
import type { Link } from '../../packet/link.js'
import type { Packet } from '../../packet/packet.js'
import { sentAs, Verdict } from '../../packet/verdict.js'
import { translateAnswer } from './answer.js'
import type { Parts } from './parts.js'
import { relateOutbound } from './related-outbound.js'

export class HostPrograms {
  readonly #parts: Parts
  /** The loopback interface's link. */
  readonly #link: Link | undefined
  /** Whether one has ever come. Until then others' packets are not looked up here. */
  #hasCome = false

  constructor(parts: Parts, link: Link | undefined) {
    this.#parts = parts
    this.#link = link
  }

  /** Whether a program of this host has sent it. */
  hasSent(packet: Packet): boolean {
    if (packet.link !== this.#link?.index) return false
    if (!this.#hasCome) this.#parts.output.reachHost(this.#link, this.#parts.ownAddresses)
    this.#hasCome = true
    return true
  }

  /** Takes a packet to one of our addresses that is of no client's connection. Its transport header has been parsed. */
  receive(packet: Packet): Verdict {
    if (!this.#hasCome) return Verdict.PASS
    const { conns, kernel, output, watch } = this.#parts
    const { protocol, srcPort, dstPort } = packet
    const { srcAddr, dstAddr } = packet.ip
    if (this.hasSent(packet)) {
      const asked = conns.table.lookupInbound(protocol, dstAddr, dstPort, srcAddr, srcPort)
      return asked === NONE ? Verdict.PASS : kernel.giveBack(packet)
    }
    const conn = conns.table.lookupOutbound(protocol, srcAddr, srcPort, dstAddr, dstPort)
    if (conn === NONE) return Verdict.PASS
    watch.witness?.lookedUp('outbound', conn)
    translateAnswer(this.#parts, packet, conn)
    const hop = output.route(dstAddr)
    watch.witness?.routed(dstAddr, hop)
    const verdict = hop === undefined ? Verdict.DROP_NO_ROUTE : sentAs(Verdict.BALANCED, output.transmit(packet, hop))
    conns.timers.restart(conn)
    return verdict
  }

  /** Takes an ICMP error to one of our addresses; `embedded` points at its quoted packet. */
  error(packet: Packet): Verdict {
    if (!this.#hasCome) return Verdict.PASS
    const { output } = this.#parts
    const related = relateOutbound(this.#parts, packet)
    if (related !== Verdict.BALANCED) return related
    const hop = output.route(packet.ip.dstAddr)
    return hop === undefined ? Verdict.DROP_NO_ROUTE : sentAs(Verdict.BALANCED, output.transmit(packet, hop))
  }
}
