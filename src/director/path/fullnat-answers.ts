/*
 * What comes to a local address of FULLNAT connections from their real servers' side:
 * 1. whose?                     conn/local-keys       → else PASS
 * 2. a route to the client, TTL, MTU  path/way-out → DROP_NO_ROUTE, DROP_TTL, DROP_TOO_BIG
 * 3. both ends translated       forward/fullnat → BALANCED
 * An ICMP error goes the same way, but that its checksum must be right (DROP_ICMP_CHECKSUM) and none is sent about it.
 */
import { CADDR, NONE, type ConnIndex } from '../../conn/record.js'
import type { Hop } from '../../forward/hop.js'
import type { Packet } from '../../packet/packet.js'
import { sentAs, Verdict } from '../../packet/verdict.js'
import { Unreachable } from '../../wire/icmp.js'
import { translateAnswer } from './answer.js'
import { countOutbound, type Parts } from './parts.js'
import { checkTtl, noRoute, wayOut } from './way-out.js'

export class FullnatAnswers {
  readonly #m: Parts

  constructor(parts: Parts) {
    this.#m = parts
  }

  /** An answer, its ports read. */
  receive(packet: Packet, now: number): Verdict {
    const { output, conns } = this.#m
    const conn = this.find(packet)
    if (conn === NONE) return Verdict.PASS
    const hop = output.route(conns.table.words[conn + CADDR]!)
    if (hop === undefined) return noRoute(this.#m, packet, Unreachable.NET, undefined, now)
    const refused = wayOut(this.#m, packet, hop, now)
    if (refused !== Verdict.PASS) return refused
    translateAnswer(this.#m, packet, conn)
    const verdict = sentAs(Verdict.BALANCED, output.transmit(packet, hop))
    conns.timers.restart(conn)
    return verdict
  }
  /** An error, what it carries pointed at. */
  error(packet: Packet, now: number): Verdict {
    const { output, conns } = this.#m
    const conn = this.findEmbedded()
    if (conn === NONE) return Verdict.PASS
    if (!packet.icmp.checksumOk(packet.transportLen)) return Verdict.DROP_ICMP_CHECKSUM
    const hop = output.route(conns.table.words[conn + CADDR]!)
    if (hop === undefined) return noRoute(this.#m, packet, Unreachable.NET, undefined, now)
    const refused = checkTtl(this.#m, packet, undefined, now)
    if (refused !== Verdict.PASS) return refused
    packet.ip.decrementTtl()
    this.#translateError(packet, conn)
    return sentAs(Verdict.BALANCED, output.transmit(packet, hop))
  }

  /**
   * What the director itself says to a local address, for a real server that is the director or does not answer: makes it
   * the virtual service's. Returns the hop to the client, if there is one.
   */
  leaving(packet: Packet, conn: ConnIndex): Hop | undefined {
    translateAnswer(this.#m, packet, conn)
    return this.#m.output.route(packet.ip.dstAddr)
  }
  /** As `leaving`, an error. */
  errorLeaving(packet: Packet, conn: ConnIndex): Hop | undefined {
    this.#translateError(packet, conn)
    return this.#m.output.route(packet.ip.dstAddr)
  }

  /** The connection that a packet to a local address is an answer of. */
  find({ protocol, ip, srcPort, dstPort }: Packet): ConnIndex {
    return this.#m.conns.fullnatKeys.lookup(protocol, ip.srcAddr, srcPort, ip.dstAddr, dstPort)
  }
  /** The connection that the embedded packet of an error to a local address is of. */
  findEmbedded(): ConnIndex {
    const { conns, embedded } = this.#m
    const { ip, srcPort, dstPort } = embedded
    return conns.fullnatKeys.lookup(ip.protocol, ip.dstAddr, dstPort, ip.srcAddr, srcPort)
  }
  #translateError(packet: Packet, conn: ConnIndex): void {
    const { conns, counters, embedded, forwarders } = this.#m
    countOutbound(counters, conns.destinationOf(conn), packet.ipLen)
    forwarders[conns.methodOf(conn)].relatedOutbound(packet, embedded, conn)
  }
}
