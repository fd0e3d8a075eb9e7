/*
 * What comes to a local address of FULLNAT connections from their real servers' side:
 * 1. whose?                     conn/local-keys       → else PASS
 * 2. a route to the client, TTL, MTU  path/way-out → DROP_NO_ROUTE, DROP_TTL, DROP_TOO_BIG
 * 3. both ends translated       forward/fullnat, forward/fullnat-related → BALANCED
 * An ICMP error goes the same way, but that its checksum must be right (DROP_ICMP_CHECKSUM) and none is sent about it.
 */
import { CADDR, NONE, type ConnIndex } from '../../conn/record.js'
import { Direction } from '../../conn/transitions.js'
import { fullnatRelated } from '../../forward/fullnat-related.js'
import { fullnat } from '../../forward/fullnat.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { IpProtocol } from '../../wire/ipv4.js'
import { countOutbound, type Machine } from './parts.js'
import { wayOut } from './way-out.js'

export class FullnatAnswers {
  readonly #m: Machine

  constructor(machine: Machine) {
    this.#m = machine
  }

  /** An answer, its ports read. */
  receive(packet: Packet, now: number): Verdict {
    const { output, conns } = this.#m
    const conn = this.find(packet)
    if (conn === NONE) return Verdict.PASS
    const refused = wayOut(this.#m, packet, conns.table.words[conn + CADDR]!, now)
    if (refused !== Verdict.PASS) return refused
    this.translate(packet, conn)
    const verdict = output.transmit(packet) || Verdict.BALANCED
    conns.timers.restart(conn)
    return verdict
  }
  /** An error, what it carries pointed at. */
  error(packet: Packet): Verdict {
    const { output, conns } = this.#m
    const conn = this.#findEmbedded()
    if (conn === NONE) return Verdict.PASS
    if (!packet.icmp.checksumOk(packet.transportLen)) return Verdict.DROP_ICMP_CHECKSUM
    if (!output.route(conns.table.words[conn + CADDR]!)) return Verdict.DROP_NO_ROUTE
    if (packet.ip.ttl <= 1) return Verdict.DROP_TTL
    packet.ip.decrementTtl()
    this.#translateError(packet, conn)
    return output.transmit(packet) || Verdict.BALANCED
  }

  /**
   * What the director itself says to a local address, for a real server that is the director or does not answer: makes it
   * the virtual service's, and routes it. False if it is no such connection's.
   */
  leaving(packet: Packet): boolean {
    const { output } = this.#m
    const isIcmp = packet.protocol === IpProtocol.ICMP
    const conn = isIcmp ? this.#findEmbedded() : this.find(packet)
    if (conn === NONE) return false
    if (isIcmp) this.#translateError(packet, conn)
    else this.translate(packet, conn)
    return output.route(packet.ip.dstAddr)
  }

  find({ protocol, ip, srcPort, dstPort }: Packet): ConnIndex {
    return this.#m.conns.fullnatKeys.lookup(protocol, ip.srcAddr, srcPort, ip.dstAddr, dstPort)
  }
  /** Makes the packet the virtual service's, counts it and moves the state. */
  translate(packet: Packet, conn: ConnIndex): void {
    const { conns, counters, handOver } = this.#m
    countOutbound(counters, conns.destinationOf(conn), packet.ipLen)
    fullnat.outbound(packet, conns.table.words, conn)
    if (packet.protocol === IpProtocol.TCP) handOver.outbound(packet, conn)
    conns.states.packet(conn, packet.protocol, Direction.OUTBOUND, packet.signal)
  }

  #findEmbedded(): ConnIndex {
    const { conns, embedded } = this.#m
    const { ip, srcPort, dstPort } = embedded
    return conns.fullnatKeys.lookup(ip.protocol, ip.dstAddr, dstPort, ip.srcAddr, srcPort)
  }
  #translateError(packet: Packet, conn: ConnIndex): void {
    const { conns, counters, embedded, handOver } = this.#m
    countOutbound(counters, conns.destinationOf(conn), packet.ipLen)
    fullnatRelated.outbound(packet, embedded, conns, conn, handOver)
  }
}
