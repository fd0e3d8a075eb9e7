/*
 * A packet to an address that is not ours: a real server's answer, or a packet that the director routes (ipvs-behaviour.md
 * §6.2; RFC 1812 §5.2).
 * 1. not to a group MAC                    → DROP_BROADCAST
 *    beside a kernel, of no connection, nor to be told of in step 5 → LEFT_TO_KERNEL
 * 2. a route, TTL, MTU?                    path/way-out → DROP_NO_ROUTE, DROP_TTL, DROP_TOO_BIG
 * 3. a fragment?                           packet/reassembly → HELD, DROP_FRAGMENT_…
 * 4. of a connection, or an ICMP error about one? rewritten, counted → BALANCED; reassembled with DF → DROP_TOO_BIG
 * 5. from a real server's port, and nat_icmp_send is set? port unreachable, DROP_NO_CONNECTION
 * 6. otherwise unchanged                   → FORWARDED
 */
import { NONE, type ConnIndex } from '../../conn/record.js'
import type { Hop } from '../../forward/hop.js'
import type { Packet } from '../../packet/packet.js'
import { isBalanced, parseTransport } from '../../packet/parse.js'
import { sentAs, Verdict } from '../../packet/verdict.js'
import { IcmpType, Unreachable } from '../../wire/icmp.js'
import { IpProtocol } from '../../wire/ipv4.js'
import * as fromPorts from '../../wire/ports.js'
import { SctpChunk } from '../../wire/sctp.js'
import { TcpFlag } from '../../wire/tcp.js'
import { translateAnswer } from './answer.js'
import type { Parts } from './parts.js'
import type { Related } from './related.js'
import { relateOutbound } from './related-outbound.js'
import { noRoute, tooBig, wayOut } from './way-out.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { BALANCED, DROP_BROADCAST, DROP_NO_CONNECTION, DROP_TOO_BIG, FORWARDED, PASS } = Verdict
const { ICMP, SCTP, TCP, UDP } = IpProtocol
const { ABORT } = SctpChunk
const { RST } = TcpFlag
const { PORTS_LEN } = fromPorts

export class Outbound {
  readonly #parts: Parts
  readonly #related: Related

  constructor(parts: Parts, related: Related) {
    this.#parts = parts
    this.#related = related
  }

  receive(packet: Packet, nowMs: number): Verdict {
    const { output, balancing, reassembly } = this.#parts
    const { ip } = packet
    if (packet.eth.isGroup) return DROP_BROADCAST
    if (this.#parts.kernel.isBeside(packet)) return this.#beside(packet, nowMs)
    const hop = output.route(ip.dstAddr)
    this.#parts.watch.witness?.routed(ip.dstAddr, hop)
    if (hop === undefined) return noRoute(this.#parts, packet, ip.dstAddr, Unreachable.NET, undefined, nowMs)
    const refused = wayOut(this.#parts, packet, hop, nowMs)
    if (refused !== PASS) return refused
    const { protocol } = packet
    if (balancing.count === 0 || (protocol !== ICMP && !isBalanced(protocol)))
      return sentAs(FORWARDED, output.transmit(packet, hop))
    if (ip.isFragment) {
      const incomplete = reassembly.receive(packet, false)
      if (incomplete !== PASS) return incomplete
    }
    return protocol === ICMP ? this.#icmp(packet, hop, nowMs) : this.#answer(packet, hop, nowMs)
  }

  /** On links shared with the kernel, the kernel is the router: only packets of a connection are forwarded here. */
  #beside(packet: Packet, nowMs: number): Verdict {
    const { output, balancing, reassembly, kernel } = this.#parts
    const { protocol, ip } = packet
    const isIcmp = protocol === ICMP
    if (balancing.count === 0 || (!isIcmp && !isBalanced(protocol))) return kernel.giveBack(packet)
    if (ip.isFragment) {
      const refused = this.#refusePiece(packet, nowMs)
      if (refused !== PASS) return refused
      const incomplete = reassembly.receive(packet, false)
      if (incomplete !== PASS) return incomplete
    }
    const relation = isIcmp ? relateOutbound(this.#parts, packet) : this.#relation(packet)
    if (relation === PASS) return kernel.giveBack(packet)
    if (relation !== BALANCED) return relation
    const hop = output.route(ip.dstAddr)
    this.#parts.watch.witness?.routed(ip.dstAddr, hop)
    if (hop === undefined) return noRoute(this.#parts, packet, ip.dstAddr, Unreachable.NET, undefined, nowMs)
    const refused = packet.largestPiece === 0 ? wayOut(this.#parts, packet, hop, nowMs) : PASS
    if (refused !== PASS) return refused
    if (packet.largestPiece !== 0) ip.decrementTtl()
    return isIcmp ? sentAs(BALANCED, this.#transmit(packet, hop, nowMs)) : this.#answer(packet, hop, nowMs)
  }

  /**
   * A router refuses a piece before it knows whose it is. That is left to the kernel, but for a first piece of a connection, whose sender
   * hears of it from here: the error counts. PASS: it may pass.
   */
  #refusePiece(packet: Packet, nowMs: number): Verdict {
    const { output, kernel } = this.#parts
    const { ip, ipLen, protocol } = packet
    const hop = output.route(ip.dstAddr)
    if (hop !== undefined && ip.ttl > 1 && !(ip.dontFragment && ipLen > hop.mtu)) return PASS
    const isFirst = ip.fragmentOffset === 0 && isBalanced(protocol) && parseTransport(packet) === PASS
    if (hop === undefined || !isFirst || this.#find(packet) === NONE) return kernel.giveBack(packet)
    return wayOut(this.#parts, packet, hop, nowMs)
  }

  /** BALANCED: of a connection, or nat_icmp_send tells its server off; PASS: neither; else its transport header is not whole. */
  #relation(packet: Packet): Verdict {
    const malformed = parseTransport(packet)
    if (malformed === PASS) return this.#find(packet) !== NONE || this.#isTold(packet) ? BALANCED : PASS
    if (this.#isOfConnection(packet)) return malformed
    return isUdpWithPorts(packet) && this.#isTold(packet) ? BALANCED : PASS
  }

  /** Sends a real server's answer with the virtual service's source. */
  #answer(packet: Packet, hop: Hop, nowMs: number): Verdict {
    const { conns } = this.#parts
    const malformed = parseTransport(packet)
    if (malformed !== PASS) return this.#malformed(packet, malformed, hop, nowMs)
    const conn = this.#find(packet)
    if (conn === NONE) return this.#unknown(packet, hop, nowMs)
    translateAnswer(this.#parts, packet, conn)
    const verdict = sentAs(BALANCED, this.#transmit(packet, hop, nowMs))
    conns.timers.restart(conn)
    return verdict
  }

  /** The transport header is not whole: a packet of a connection is dropped, any other forwarded. */
  #malformed(packet: Packet, malformed: Verdict, hop: Hop, nowMs: number): Verdict {
    if (this.#isOfConnection(packet)) return malformed
    if (isUdpWithPorts(packet)) return this.#unknown(packet, hop, nowMs)
    return sentAs(FORWARDED, this.#transmit(packet, hop, nowMs))
  }

  /** Reads the ports of a packet whose transport header is not whole, if they are there, and looks for its connection. */
  #isOfConnection(packet: Packet): boolean {
    const { slab, transportAt, transportLen } = packet
    if (transportLen < PORTS_LEN) return false
    packet.srcPort = slab.view.getUint16(transportAt)
    packet.dstPort = slab.view.getUint16(transportAt + 2)
    packet.signal = 0
    return this.#find(packet) !== NONE
  }

  #find({ protocol, ip, srcPort, dstPort }: Packet): ConnIndex {
    const conn = this.#parts.conns.table.lookupOutbound(protocol, ip.srcAddr, srcPort, ip.dstAddr, dstPort)
    this.#parts.watch.witness?.lookedUp('outbound', conn)
    return conn
  }

  /** The packet has no connection: it is forwarded, or, with nat_icmp_send, the real server gets port unreachable. */
  #unknown(packet: Packet, hop: Hop, nowMs: number): Verdict {
    if (!this.#isTold(packet)) return sentAs(FORWARDED, this.#transmit(packet, hop, nowMs))
    this.#parts.errors.send(packet, IcmpType.UNREACHABLE, Unreachable.PORT, 0, undefined, nowMs)
    return DROP_NO_CONNECTION
  }

  /** Whether nat_icmp_send has the sender told that there is no connection: a real server, and no reset. */
  #isTold({ protocol, ip, srcPort, signal, sctp }: Packet): boolean {
    const { balancing, sysctls } = this.#parts
    if (sysctls.natIcmpSend === 0) return false
    const isReset = (protocol === TCP && (signal & RST) !== 0) || (protocol === SCTP && sctp.firstChunk === ABORT)
    return !isReset && balancing.realServers.answersFrom(protocol, ip.srcAddr, srcPort)
  }

  #icmp(packet: Packet, hop: Hop, nowMs: number): Verdict {
    const verdict = relateOutbound(this.#parts, packet)
    if (verdict !== PASS && verdict !== BALANCED) return verdict
    return sentAs(verdict || FORWARDED, this.#transmit(packet, hop, nowMs))
  }

  /**
   * A reassembled datagram whose largest fragment had DF may not be fragmented: its sender is told the MTU even if the datagram's
   * fragments fit, as the kernel does. The sender of a rewritten packet is the VIP; that error goes on to the real server.
   */
  #transmit(packet: Packet, hop: Hop, nowMs: number): Verdict {
    const { output, errors, ownAddresses } = this.#parts
    const { ip } = packet
    if (packet.largestPiece === 0 || !ip.dontFragment) return output.transmit(packet, hop)
    if (!ownAddresses.has(ip.srcAddr)) return tooBig(this.#parts, packet, hop.mtu, undefined, nowMs)
    if (errors.makeForUs(packet, IcmpType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, hop.mtu))
      this.#related.inbound(packet, nowMs)
    return DROP_TOO_BIG
  }
}

function isUdpWithPorts({ protocol, transportLen }: Packet): boolean {
  return protocol === UDP && transportLen >= PORTS_LEN
}
