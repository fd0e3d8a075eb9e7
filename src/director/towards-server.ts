/*
 * A packet of a connection, towards its real server (ipvs-behaviour.md §6.5):
 * 1. the director itself?        → director/host; what that answers goes back through outbound NAT. DROP_REAL_SERVER_LOOPBACK
 * 2. a route                     → host unreachable, DROP_NO_ROUTE
 * 3. TTL                         → time exceeded, DROP_TTL
 * 4. MTU                         → with DF fragmentation needed, DROP_TOO_BIG
 * 5. by the connection's method  forward/nat, forward/fullnat, forward/tunnel, or (direct routing) as it is → BALANCED
 * An ICMP error goes the same way, but that none is sent about its size.
 */
import { DADDR, type ConnIndex } from '../conn/record.js'
import { fullnatRelated } from '../forward/fullnat-related.js'
import { fullnat } from '../forward/fullnat.js'
import { natRelated } from '../forward/nat-related.js'
import { nat } from '../forward/nat.js'
import type { PieceSink } from '../forward/fragmenter.js'
import { LEAST_MTU } from '../forward/tunnel.js'
import type { Packet } from '../packet/packet.js'
import { Verdict } from '../packet/verdict.js'
import { Method } from '../service/method.js'
import type { Destination } from '../service/destination.js'
import { isLoopback, type Ipv4Addr } from '../wire/addr.js'
import { IcmpType, Unreachable } from '../wire/icmp.js'
import { IpProtocol } from '../wire/ipv4.js'
import type { Machine } from './machine.js'

export class TowardsServer implements PieceSink {
  readonly #m: Machine
  /** The tunnel that segments of a GSO frame go through. */
  #dest: Destination | undefined
  #daddr = 0

  constructor(machine: Machine) {
    this.#m = machine
  }

  /** The connection is counted and its state moved. An ICMP error's embedded packet has been pointed at. */
  send(packet: Packet, conn: ConnIndex, now: number): Verdict {
    const { conns, local, output, errors, tunnels, routes } = this.#m
    const { words } = conns.table
    const daddr = words[conn + DADDR]! as Ipv4Addr
    const method = conns.methodOf(conn)
    const { ip } = packet
    if (local.has(daddr) || isLoopback(daddr)) return this.#toOurselves(packet, conn, method, now)
    if (!output.route(daddr)) {
      errors.send(packet, IcmpType.UNREACHABLE, Unreachable.HOST, 0, ip.dstAddr, now)
      return Verdict.DROP_NO_ROUTE
    }
    conns.destinationOf(conn).routed(output.mtu, routes.hasLearntMtu(daddr))
    if (ip.ttl <= 1) {
      errors.send(packet, IcmpType.TIME_EXCEEDED, 0, 0, ip.dstAddr, now)
      return Verdict.DROP_TTL
    }
    ip.decrementTtl()
    let { mtu } = output
    if (method === Method.TUNNEL) {
      const overhead = tunnels.overhead(conns.destinationOf(conn))
      mtu -= overhead
      const isBeyondIp = packet.vnet.gsoSize === 0 && packet.ipLen + overhead > 0xffff
      if (mtu < LEAST_MTU || isBeyondIp) return Verdict.DROP_TOO_BIG
    }
    if (ip.dontFragment && output.exceeds(packet, mtu) && packet.protocol !== IpProtocol.ICMP) {
      if (method !== Method.TUNNEL || tunnels.looksForMtu) {
        if (method === Method.FULLNAT) mtu -= this.#m.handOver.growth(conn)
        errors.send(packet, IcmpType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, mtu, ip.dstAddr, now)
        return Verdict.DROP_TOO_BIG
      }
    }
    if (method === Method.TUNNEL) return this.#tunnel(packet, conns.destinationOf(conn), daddr) || Verdict.BALANCED
    if (method === Method.FULLNAT) return this.#fullnat(packet, conn)
    if (method === Method.MASQ) this.#translate(packet, conn)
    return output.transmit(packet) || Verdict.BALANCED
  }

  /** The director as its own real server. */
  #toOurselves(packet: Packet, conn: ConnIndex, method: Method, now: number): Verdict {
    if (method === Method.MASQ || method === Method.FULLNAT) {
      // Nobody but a local client may be led there.
      if (isLoopback(this.#m.conns.table.words[conn + DADDR]!)) return Verdict.DROP_REAL_SERVER_LOOPBACK
      if (method === Method.MASQ) this.#translate(packet, conn)
      else this.#translateFully(packet, conn)
    }
    return this.#m.host.receive(packet, now)
  }

  #translate(packet: Packet, conn: ConnIndex): void {
    const { conns, embedded } = this.#m
    if (packet.protocol === IpProtocol.ICMP) natRelated.inbound(packet, embedded, conns.table.words, conn)
    else nat.inbound(packet, conns.table.words, conn)
  }

  #fullnat(packet: Packet, conn: ConnIndex): Verdict {
    const { output, handOver } = this.#m
    this.#translateFully(packet, conn)
    if (packet.protocol === IpProtocol.TCP) return handOver.inbound(packet, conn)
    return output.transmit(packet) || Verdict.BALANCED
  }
  #translateFully(packet: Packet, conn: ConnIndex): void {
    const { conns, embedded } = this.#m
    if (packet.protocol === IpProtocol.ICMP) fullnatRelated.inbound(packet, embedded, conns, conn)
    else fullnat.inbound(packet, conns.table.words, conns.local.words, conn)
  }

  #tunnel(packet: Packet, dest: Destination, daddr: number): Verdict {
    const { output } = this.#m
    this.#dest = dest
    this.#daddr = daddr
    return packet.vnet.gsoSize === 0 ? this.piece(packet) : output.segment(packet, this)
  }
  /** Wraps a packet, or a segment of one, and sends it. */
  piece(packet: Packet): Verdict {
    const { output, tunnels } = this.#m
    tunnels.wrap(packet, this.#dest!, output.source, this.#daddr)
    return output.transmit(packet)
  }
}
