/*
 * A packet to one of our addresses, while there are services (ipvs-behaviour.md §6.3):
 * 1. an ICMP error about a connection?    director/related → its verdict
 * 2. TCP or UDP, header there?            packet/parse     → DROP_TCP_MALFORMED, DROP_UDP_MALFORMED; else PASS
 * 3. an open connection?                  conn/table       → DROP_DESTINATION_GONE; go to 6
 * 4. may it open one, for a service?      service/         → PASS
 * 5. schedule and open                    sched/, conn/    → DROP_NO_DESTINATION, DROP_TABLE_FULL
 * 6. count, move the state
 * 7. towards the real server              forward/         → DROP_NO_ROUTE, DROP_TTL, DROP_TOO_BIG, BALANCED
 * PASS: not ours to balance; the host takes it.
 */
import { DADDR, NONE, type ConnIndex } from '../conn/record.js'
import { Direction } from '../conn/tcp-states.js'
import { nat } from '../forward/nat.js'
import type { Packet } from '../packet/packet.js'
import { parseTransport } from '../packet/parse.js'
import { Verdict } from '../packet/verdict.js'
import type { Flow } from '../sched/scheduler.js'
import { TOTALS } from '../service/counters.js'
import { isLoopback, type Ipv4Addr } from '../wire/addr.js'
import { IcmpType, Unreachable } from '../wire/icmp.js'
import { IpProtocol } from '../wire/ipv4.js'
import { TcpFlag } from '../wire/tcp.js'
import { countInbound, type Machine } from './machine.js'
import type { Related } from './related.js'

/** Active-mode FTP data comes from here: only a connection that FTP itself announced may carry it (§4.4). */
const FTP_DATA_PORT = 20

export class Inbound {
  readonly #m: Machine
  readonly #related: Related
  readonly #flow: Flow = { protocol: 0, caddr: 0, cport: 0, vaddr: 0, vport: 0 }

  constructor(machine: Machine, related: Related) {
    this.#m = machine
    this.#related = related
  }

  receive(packet: Packet, now: number): Verdict {
    const { protocol } = packet
    if (protocol === IpProtocol.ICMP) return this.#related.inbound(packet, now)
    if (protocol !== IpProtocol.TCP && protocol !== IpProtocol.UDP) return Verdict.PASS
    const malformed = parseTransport(packet)
    if (malformed !== Verdict.PASS) return malformed

    const { conns } = this.#m
    const { srcAddr, dstAddr } = packet.ip
    const flags = protocol === IpProtocol.TCP ? packet.tcp.flags : 0
    let conn = conns.table.lookupInbound(protocol, srcAddr, packet.srcPort, dstAddr, packet.dstPort)
    if (conn !== NONE && flags & TcpFlag.SYN && conns.isReusable(conn, protocol)) {
      conns.expireNow(conn)
      conn = NONE
    }
    if (conn === NONE) return this.#open(packet, flags, now)
    if (!conns.destinationOf(conn).available) return Verdict.DROP_DESTINATION_GONE
    return this.#forward(packet, conn, flags, now)
  }

  /** Opens a connection for the packet if a service wants it, and sends the packet on. */
  #open(packet: Packet, flags: number, now: number): Verdict {
    const { protocol } = packet
    if (protocol === IpProtocol.TCP && (flags & (TcpFlag.SYN | TcpFlag.RST)) !== TcpFlag.SYN) return Verdict.PASS
    const { balancing, conns, counters } = this.#m
    const service = balancing.find(protocol, packet.ip.dstAddr, packet.dstPort)
    if (service === undefined || packet.srcPort === FTP_DATA_PORT) return Verdict.PASS

    const flow = this.#flow
    flow.protocol = protocol
    flow.caddr = packet.ip.srcAddr
    flow.cport = packet.srcPort
    flow.vaddr = packet.ip.dstAddr
    flow.vport = packet.dstPort
    const dest = balancing.schedule(service, flow)
    if (dest === undefined) {
      this.#refuse(packet, Unreachable.PORT, now)
      return Verdict.DROP_NO_DESTINATION
    }
    const conn = conns.open(protocol, flow.caddr, flow.cport, flow.vaddr, flow.vport, dest, dest.port || flow.vport)
    if (conn === NONE) return Verdict.DROP_TABLE_FULL
    counters.connection(dest.counters)
    counters.connection(service.counters)
    counters.connection(TOTALS)
    return this.#forward(packet, conn, flags, now)
  }

  /** A packet of a connection: counted and put into its state whatever then becomes of it. */
  #forward(packet: Packet, conn: ConnIndex, flags: number, now: number): Verdict {
    const { conns, counters } = this.#m
    countInbound(counters, conns.destinationOf(conn), packet.ipLen)
    conns.packet(conn, packet.protocol, Direction.INBOUND, flags)
    const verdict = this.#towardsServer(packet, conn, now)
    conns.countInbound(conn)
    conns.restart(conn)
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
