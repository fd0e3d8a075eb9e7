/*
 * A packet of a connection, towards its real server (ipvs-behaviour.md §6.5):
 * 1. the director itself?        → path/host; what that answers goes back through outbound NAT. DROP_REAL_SERVER_LOOPBACK
 * 2. a route                     → host unreachable, DROP_NO_ROUTE
 * 3. TTL                         → time exceeded, DROP_TTL
 *    of a service with TOA: the client's own options of that kind are taken out
 * 4. MTU                         → with DF fragmentation needed, DROP_TOO_BIG
 * 5. by the connection's method  forward/nat, forward/fullnat, forward/tunnel, or (direct routing) as it is → BALANCED
 * An ICMP error goes the same way, but that none is sent about its size.
 */
import { DADDR, type ConnIndex } from '../../conn/record.js'
import { fullnatRelated } from '../../forward/fullnat-related.js'
import { fullnat } from '../../forward/fullnat.js'
import { natRelated } from '../../forward/nat-related.js'
import { nat } from '../../forward/nat.js'
import type { PieceSink } from '../../forward/fragmenter.js'
import { stripToa } from '../../forward/toa.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { Method } from '../../service/method.js'
import type { Destination } from '../../service/destination.js'
import { isLoopback, type Ipv4Addr } from '../../wire/addr.js'
import { IcmpType, Unreachable } from '../../wire/icmp.js'
import { IPV4_LEAST_MTU, IpProtocol } from '../../wire/ipv4.js'
import type { Machine } from './parts.js'

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
    const { conns, ownAddresses, output } = this.#m
    const daddr = conns.table.words[conn + DADDR]! as Ipv4Addr
    const method = conns.methodOf(conn)
    const { ip } = packet
    if (ownAddresses.has(daddr) || isLoopback(daddr)) return this.#toOurselves(packet, conn, method, now)
    if (!output.route(daddr)) return this.#noRoute(packet, now)
    this.#noteRoute(conn, daddr)
    if (ip.ttl <= 1) return this.#expired(packet, now)
    ip.decrementTtl()
    if (packet.protocol === IpProtocol.TCP && conns.destinationOf(conn).believesToa) stripToa(packet)
    if (method === Method.TUNNEL) return this.#tunnel(packet, conns.destinationOf(conn), daddr, now)
    if (this.#isTooBig(packet, output.mtu)) {
      const growth = method === Method.FULLNAT ? this.#m.handOver.growth(conn) : 0
      return this.#tooBig(packet, output.mtu - growth, now)
    }
    if (method === Method.FULLNAT) return this.#fullnat(packet, conn)
    if (method === Method.MASQ) this.#translate(packet, conn)
    return output.transmit(packet) || Verdict.BALANCED
  }

  #noRoute(packet: Packet, now: number): Verdict {
    this.#m.errors.send(packet, IcmpType.UNREACHABLE, Unreachable.HOST, 0, packet.ip.dstAddr, now)
    return Verdict.DROP_NO_ROUTE
  }
  #expired(packet: Packet, now: number): Verdict {
    this.#m.errors.send(packet, IcmpType.TIME_EXCEEDED, 0, 0, packet.ip.dstAddr, now)
    return Verdict.DROP_TTL
  }
  /** Larger than what gets through, and not to be cut. Of an ICMP error that is not asked. */
  #isTooBig(packet: Packet, mtu: number): boolean {
    if (packet.ipLen <= mtu || !packet.ip.dontFragment) return false
    return packet.protocol !== IpProtocol.ICMP && this.#m.output.exceeds(packet, mtu)
  }
  #tooBig(packet: Packet, mtu: number, now: number): Verdict {
    this.#m.errors.send(packet, IcmpType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, mtu, packet.ip.dstAddr, now)
    return Verdict.DROP_TOO_BIG
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
    else fullnat.inbound(packet, conns.table.words, conns.fullnatKeys.words, conn)
  }

  /** What a later error from inside the tunnel is told by (director/tunnel-error). */
  #noteRoute(conn: ConnIndex, daddr: number): void {
    const { conns, output, routes } = this.#m
    conns.destinationOf(conn).routed(output.mtu, routes.hasLearntMtu(daddr))
  }
  #tunnel(packet: Packet, dest: Destination, daddr: number, now: number): Verdict {
    const { output, tunnels } = this.#m
    const overhead = tunnels.overhead(dest)
    const mtu = output.mtu - overhead
    const isBeyondIp = packet.vnet.gsoSize === 0 && packet.ipLen + overhead > 0xffff
    if (mtu < IPV4_LEAST_MTU || isBeyondIp) return Verdict.DROP_TOO_BIG
    if (tunnels.looksForMtu && this.#isTooBig(packet, mtu)) return this.#tooBig(packet, mtu, now)
    this.#dest = dest
    this.#daddr = daddr
    const verdict = packet.vnet.gsoSize === 0 ? this.piece(packet) : output.segment(packet, this)
    return verdict || Verdict.BALANCED
  }
  /** Wraps a packet, or a segment of one, and sends it. */
  piece(packet: Packet): Verdict {
    const { output, tunnels } = this.#m
    tunnels.wrap(packet, this.#dest!, output.source, this.#daddr)
    return output.transmit(packet)
  }
}
