/*
 * A packet to one of our addresses, while there are services (ipvs-behaviour.md §6.3):
 * 1. an ICMP error about a connection?    director/related → its verdict
 * 2. TCP, UDP, SCTP, header there?        packet/parse     → DROP_TCP_MALFORMED, …; else PASS
 * 3. an open connection?                  conn/table       → go to 6
 *    that may be replaced?                director/reuse   → on with 4
 *    whose destination is gone?                            → DROP_DESTINATION_GONE, or on with 4
 * 4. may it open one, for a service?      director/opener  → PASS
 * 5. schedule and open                    director/opener  → DROP_NO_DESTINATION, DROP_TABLE_FULL, DROP_DEFENCE
 * 6. count, move the state
 * 7. towards the real server              forward/         → DROP_NO_ROUTE, DROP_TTL, DROP_TOO_BIG, BALANCED
 * PASS: not ours to balance; the host takes it.
 */
import { ConnFlag, DADDR, NONE, type ConnIndex } from '../conn/record.js'
import { Direction } from '../conn/transitions.js'
import { nat } from '../forward/nat.js'
import type { Packet } from '../packet/packet.js'
import { isBalanced, parseTransport } from '../packet/parse.js'
import { Verdict } from '../packet/verdict.js'
import { isLoopback, type Ipv4Addr } from '../wire/addr.js'
import { IcmpType, Unreachable } from '../wire/icmp.js'
import { IpProtocol } from '../wire/ipv4.js'
import { countInbound, type Machine } from './machine.js'
import type { Related } from './related.js'
import { isNewConnection, isReplaceable } from './reuse.js'

export class Inbound {
  readonly #m: Machine
  readonly #related: Related

  constructor(machine: Machine, related: Related) {
    this.#m = machine
    this.#related = related
  }

  receive(packet: Packet, now: number): Verdict {
    const { protocol } = packet
    if (protocol === IpProtocol.ICMP) return this.#related.inbound(packet, now)
    if (!isBalanced(protocol)) return Verdict.PASS
    const malformed = parseTransport(packet)
    if (malformed !== Verdict.PASS) return malformed

    const { conns, sysctls } = this.#m
    const { srcAddr, dstAddr } = packet.ip
    const conn = conns.table.lookupInbound(protocol, srcAddr, packet.srcPort, dstAddr, packet.dstPort)
    if (conn === NONE) return this.#open(packet, now)
    if (isNewConnection(protocol, packet.signal) && isReplaceable(conns, conn, protocol, sysctls)) {
      // One with children stays, in the newer one's shadow.
      if (conns.childrenOf(conn) === 0) conns.expireNow(conn)
      return this.#open(packet, now)
    }
    if (conns.destinationOf(conn).available) return this.#forward(packet, conn, now)
    if (sysctls.expireNodestConn === 0) return Verdict.DROP_DESTINATION_GONE
    conns.expireNow(conn)
    return this.#open(packet, now)
  }

  /** Opens a connection for the packet if a service wants it, and sends the packet on. */
  #open(packet: Packet, now: number): Verdict {
    const { opener, marks, conns } = this.#m
    const { flow } = opener
    flow.protocol = packet.protocol
    flow.caddr = packet.ip.srcAddr
    flow.cport = packet.srcPort
    flow.vaddr = packet.ip.dstAddr
    flow.vport = packet.dstPort
    if (!opener.mayOpen(packet)) return Verdict.PASS
    const verdict = opener.open(marks.of(flow.protocol, flow.vaddr, flow.vport), false)
    if (verdict === Verdict.DROP_NO_DESTINATION) this.#refuse(packet, Unreachable.PORT, now)
    if (verdict !== Verdict.BALANCED) return verdict
    const { conn } = opener
    if (!conns.has(conn, ConnFlag.ONE_PACKET)) return this.#forward(packet, conn, now)
    return this.#forwardOnePacket(packet, conn, now)
  }

  /** A packet of a connection: counted and put into its state whatever then becomes of it. */
  #forward(packet: Packet, conn: ConnIndex, now: number): Verdict {
    const { conns, counters } = this.#m
    countInbound(counters, conns.destinationOf(conn), packet.ipLen)
    conns.packet(conn, packet.protocol, Direction.INBOUND, packet.signal)
    const verdict = this.#towardsServer(packet, conn, now)
    conns.countInbound(conn)
    conns.restart(conn)
    return verdict
  }
  #forwardOnePacket(packet: Packet, conn: ConnIndex, now: number): Verdict {
    const { conns, counters } = this.#m
    countInbound(counters, conns.destinationOf(conn), packet.ipLen)
    const verdict = this.#towardsServer(packet, conn, now)
    const template = conns.controllerOf(conn)
    if (template !== NONE) conns.countInbound(template)
    conns.endOnePacket(conn)
    return verdict
  }

  #towardsServer(packet: Packet, conn: ConnIndex, now: number): Verdict {
    const { conns, local, output, host, errors } = this.#m
    const { words } = conns.table
    const daddr = words[conn + DADDR]! as Ipv4Addr
    const { ip } = packet
    if (isLoopback(daddr)) return Verdict.DROP_REAL_SERVER_LOOPBACK
    // The director as its own real server: nobody listens here, and what the host answers is translated back at once.
    if (local.has(daddr)) return host.receive(packet, now)
    if (!output.route(daddr)) {
      this.#refuse(packet, Unreachable.HOST, now)
      return Verdict.DROP_NO_ROUTE
    }
    if (ip.ttl <= 1) {
      errors.send(packet, IcmpType.TIME_EXCEEDED, 0, 0, ip.dstAddr, now)
      return Verdict.DROP_TTL
    }
    ip.decrementTtl()
    if (output.exceedsMtu(packet)) {
      if (ip.dontFragment)
        errors.send(packet, IcmpType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, output.mtu, ip.dstAddr, now)
      return Verdict.DROP_TOO_BIG
    }
    nat.inbound(packet, words, conn)
    return output.transmit(packet) || Verdict.BALANCED
  }

  #refuse(packet: Packet, code: number, now: number): void {
    this.#m.errors.send(packet, IcmpType.UNREACHABLE, code, 0, packet.ip.dstAddr, now)
  }
}
