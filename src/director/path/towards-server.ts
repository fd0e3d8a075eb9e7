/*
 * A packet of a connection, to its real server (ipvs-behaviour.md §6.5):
 * 1. is that the director?       → path/host; its answer is rewritten by forward/own-output. DROP_REAL_SERVER_LOOPBACK
 *    beside a kernel: the kernel's socket → path/kernel-side, LEFT_TO_KERNEL, DROP_LOCAL_NODE
 * 2. a route?                    → else host unreachable, DROP_NO_ROUTE
 * 3. TTL                         → used up: time exceeded, DROP_TTL; else it is lowered
 *    a service with TOA: the client's own TOA options are removed
 * 4. MTU                         → too large with DF: fragmentation needed, DROP_TOO_BIG
 * 5. the connection's method     forward/forwarder → BALANCED
 * An ICMP error takes the same steps, but no error is sent about its size: it is cut in spite of DF, or, if it came in pieces of which
 * the largest has DF and is too large itself, dropped.
 */
import * as fromRecord from '../../conn/record.js'
import type { ConnIndex } from '../../conn/record.js'
import type { Forwarder } from '../../forward/forwarder.js'
import type { Hop } from '../../forward/hop.js'
import { stripToa } from '../../forward/toa.js'
import type { Packet } from '../../packet/packet.js'
import { sentAs, Verdict } from '../../packet/verdict.js'
import { isOneWay } from '../../service/method.js'
import { isLoopback, type Ipv4Addr } from '../../wire/addr.js'
import { Unreachable } from '../../wire/icmp.js'
import * as fromIpv4 from '../../wire/ipv4.js'
import { IpProtocol } from '../../wire/ipv4.js'
import type { Parts } from './parts.js'
import { checkTtl, noRoute, tooBig } from './way-out.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { BALANCED, DROP_LOCAL_NODE, DROP_REAL_SERVER_LOOPBACK, DROP_TOO_BIG, PASS } = Verdict
const { ICMP, TCP } = IpProtocol
const { DADDR } = fromRecord
const { IPV4_LEAST_MTU } = fromIpv4

const MOST_OCTETS = 0xffff

export class TowardsServer {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The caller has counted the packet and moved the state. Of an ICMP error, `embedded` points at the quoted packet. */
  send(packet: Packet, conn: ConnIndex, nowMs: number): Verdict {
    const { conns, forwarders, output, ownAddresses, routes, watch } = this.#parts
    const { ip } = packet
    const daddr = conns.table.words[conn + DADDR]! as Ipv4Addr
    if (ownAddresses.has(daddr) || isLoopback(daddr)) return this.#toOurselves(packet, conn, nowMs)
    const hop = output.route(daddr)
    watch.witness?.routed(daddr, hop)
    if (hop === undefined) return noRoute(this.#parts, packet, daddr, Unreachable.HOST, ip.dstAddr, nowMs)
    const dest = conns.destinationOf(conn)
    // path/tunnel-error reads this.
    dest.routed(hop.mtu, routes.hasLearntMtu(daddr))
    const refused = checkTtl(this.#parts, packet, ip.dstAddr, nowMs)
    if (refused !== PASS) return refused
    // Before the MTU check: an error about the size quotes the lowered TTL (§6.5). In path/way-out it is the other way round.
    ip.decrementTtl()
    if (packet.protocol === TCP && dest.believesToa) stripToa(packet)
    const forwarder = forwarders[conns.methodOf(conn)]
    const tooLarge = this.#checkSize(packet, conn, forwarder, hop, nowMs)
    if (tooLarge !== PASS) return tooLarge
    this.#translate(packet, conn, forwarder)
    return sentAs(BALANCED, forwarder.send(packet, conn, hop))
  }

  /** The real server is the director itself. */
  #toOurselves(packet: Packet, conn: ConnIndex, nowMs: number): Verdict {
    const { conns, forwarders, host, kernel } = this.#parts
    const method = conns.methodOf(conn)
    // The kernel's socket listens on the VIP and gets the unchanged packet (LocalNode).
    if (kernel.isBeside(packet))
      return isOneWay(method) && kernel.holds(packet) ? kernel.giveBack(packet) : DROP_LOCAL_NODE
    // Only a program of this host may reach a loopback address.
    if (!isOneWay(method) && isLoopback(conns.table.words[conn + DADDR]! as Ipv4Addr)) return DROP_REAL_SERVER_LOOPBACK
    this.#translate(packet, conn, forwarders[method])
    return host.receive(packet, nowMs)
  }

  /**
   * Returns PASS, or DROP_TOO_BIG if the packet is too large and must not be fragmented. ICMP errors: only the tunnel's
   * limits apply, and that of the route to the largest of the pieces that it came in, if that has DF.
   */
  #checkSize(packet: Packet, conn: ConnIndex, forwarder: Forwarder, hop: Hop, nowMs: number): Verdict {
    const { ip, ipLen, protocol } = packet
    const overhead = forwarder.overhead(conn)
    const mtu = hop.mtu - overhead
    if (overhead > 0) {
      const isBeyondIp = packet.vnet.gsoSize === 0 && ipLen + overhead > MOST_OCTETS
      if (mtu < IPV4_LEAST_MTU || isBeyondIp) return DROP_TOO_BIG
    }
    if (ipLen <= mtu || !ip.dontFragment || !forwarder.refusesLarge) return PASS
    if (protocol === ICMP) return packet.largestPiece > hop.mtu ? DROP_TOO_BIG : PASS
    if (!this.#parts.output.exceeds(packet, mtu)) return PASS
    return tooBig(this.#parts, packet, mtu - forwarder.growth(conn), ip.dstAddr, nowMs)
  }

  #translate(packet: Packet, conn: ConnIndex, forwarder: Forwarder): void {
    if (packet.protocol === ICMP) forwarder.relatedInbound(packet, this.#parts.embedded, conn)
    else forwarder.inbound(packet, conn)
  }
}
