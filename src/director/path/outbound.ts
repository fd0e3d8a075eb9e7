/*
 * A packet that is to go on to somebody else: an answer of a real server, or anybody's whose router we are
 * (ipvs-behaviour.md §6.2; RFC 1812 §5.2).
 * 1. not to a group MAC                    → DROP_BROADCAST
 * 2. a route, TTL, MTU?                    path/way-out → DROP_NO_ROUTE, DROP_TTL, DROP_TOO_BIG
 * 3. a piece of a datagram?                packet/reassembly → HELD, DROP_FRAGMENT_…
 * 4. of a connection, or an error about one? translated, counted → BALANCED; came in pieces with DF → DROP_TOO_BIG
 * 5. of a real server's port, and nat_icmp_send? port unreachable, DROP_NO_CONNECTION
 * 6. otherwise as it is                    → FORWARDED
 */
import { NONE, type ConnIndex } from '../../conn/record.js'
import { Direction } from '../../conn/transitions.js'
import { nat } from '../../forward/nat.js'
import type { OwnPackets } from '../../forward/own-output.js'
import type { Packet } from '../../packet/packet.js'
import { isBalanced, parseTransport } from '../../packet/parse.js'
import { Verdict } from '../../packet/verdict.js'
import { Method } from '../../service/method.js'
import { IcmpType, Unreachable } from '../../wire/icmp.js'
import { IpProtocol } from '../../wire/ipv4.js'
import { SctpChunk } from '../../wire/sctp.js'
import { TcpFlag } from '../../wire/tcp.js'
import type { FullnatAnswers } from './fullnat-answers.js'
import { countOutbound, type Machine } from './parts.js'
import type { Related } from './related.js'
import { wayOut } from './way-out.js'

const PORTS_LEN = 4

export class Outbound implements OwnPackets {
  readonly #m: Machine
  readonly #related: Related
  readonly #answers: FullnatAnswers

  constructor(machine: Machine, related: Related, answers: FullnatAnswers) {
    this.#m = machine
    this.#answers = answers
    this.#related = related
  }

  receive(packet: Packet, now: number): Verdict {
    const { output, balancing, reassembly } = this.#m
    const { ip } = packet
    if (packet.eth.isGroup) return Verdict.DROP_BROADCAST
    const refused = wayOut(this.#m, packet, ip.dstAddr, now)
    if (refused !== Verdict.PASS) return refused
    if (balancing.count === 0) return output.transmit(packet) || Verdict.FORWARDED
    const { protocol } = packet
    if (protocol !== IpProtocol.ICMP && !isBalanced(protocol)) return output.transmit(packet) || Verdict.FORWARDED
    if (ip.isFragment) {
      const incomplete = reassembly.receive(packet, false)
      if (incomplete !== Verdict.PASS) return incomplete
    }
    return protocol === IpProtocol.ICMP ? this.#icmp(packet, now) : this.#answer(packet, now)
  }

  /** What the director itself says as a host, complete and routed. */
  leaving(packet: Packet): void {
    const { balancing, conns } = this.#m
    if (balancing.count === 0) return
    const isFullnat = conns.fullnatKeys.count > 0
    if (packet.protocol === IpProtocol.ICMP) this.#related.leaving(packet)
    else if (parseTransport(packet) === Verdict.PASS) {
      if (isFullnat && this.#answers.leaving(packet)) return
      const conn = this.#find(packet)
      if (conn === NONE) return
      this.#translate(packet, conn)
      conns.timers.restart(conn)
    }
  }

  /** What a real server sends of a connection leaves as the virtual service's. */
  #answer(packet: Packet, now: number): Verdict {
    const { conns } = this.#m
    const malformed = parseTransport(packet)
    if (malformed !== Verdict.PASS) return this.#malformed(packet, malformed, now)
    const conn = this.#find(packet)
    if (conn === NONE) return this.#unknown(packet, now)
    this.#translate(packet, conn)
    const verdict = this.#transmit(packet, now) || Verdict.BALANCED
    conns.timers.restart(conn)
    return verdict
  }

  /** A header that is not all there: nothing can be made of it for a connection; of none it is forwarded. */
  #malformed(packet: Packet, malformed: Verdict, now: number): Verdict {
    const { slab, transportAt, transportLen } = packet
    if (transportLen >= PORTS_LEN) {
      packet.srcPort = slab.view.getUint16(transportAt)
      packet.dstPort = slab.view.getUint16(transportAt + 2)
      if (this.#find(packet) !== NONE) return malformed
      packet.signal = 0
      if (packet.protocol === IpProtocol.UDP) return this.#unknown(packet, now)
    }
    return this.#transmit(packet, now) || Verdict.FORWARDED
  }

  #find({ protocol, ip, srcPort, dstPort }: Packet): ConnIndex {
    return this.#m.conns.table.lookupOutbound(protocol, ip.srcAddr, srcPort, ip.dstAddr, dstPort)
  }
  /** Makes the packet the virtual service's, counts it and moves the state. Other methods' answers are so already. */
  #translate(packet: Packet, conn: ConnIndex): void {
    const { conns, counters } = this.#m
    if (conns.methodOf(conn) === Method.MASQ) nat.outbound(packet, conns.table.words, conn)
    countOutbound(counters, conns.destinationOf(conn), packet.ipLen)
    conns.states.packet(conn, packet.protocol, Direction.OUTBOUND, packet.signal)
  }

  /** Of no connection: forwarded, unless nat_icmp_send has the real server told so. */
  #unknown(packet: Packet, now: number): Verdict {
    const { balancing, errors, sysctls } = this.#m
    const { protocol, ip, signal } = packet
    const isReset =
      (protocol === IpProtocol.TCP && (signal & TcpFlag.RST) !== 0) ||
      (protocol === IpProtocol.SCTP && packet.sctp.firstChunk === SctpChunk.ABORT)
    if (
      sysctls.natIcmpSend === 0 ||
      isReset ||
      !balancing.realServers.answersFrom(protocol, ip.srcAddr, packet.srcPort)
    )
      return this.#transmit(packet, now) || Verdict.FORWARDED
    errors.send(packet, IcmpType.UNREACHABLE, Unreachable.PORT, 0, undefined, now)
    return Verdict.DROP_NO_CONNECTION
  }

  #icmp(packet: Packet, now: number): Verdict {
    const verdict = this.#related.outbound(packet)
    if (verdict !== Verdict.PASS && verdict !== Verdict.BALANCED) return verdict
    return this.#transmit(packet, now) || verdict || Verdict.FORWARDED
  }

  /**
   * What came in pieces, the largest with DF, may not leave in pieces: its sender is told the MTU, as the kernel does,
   * be it larger. Of a packet that is translated already the sender is the VIP; what is told there goes to the real server.
   */
  #transmit(packet: Packet, now: number): Verdict {
    const { output, errors, ownAddresses } = this.#m
    const { ip } = packet
    if (packet.largestPiece === 0 || !ip.dontFragment) return output.transmit(packet)
    const [type, code, { mtu }] = [IcmpType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, output]
    if (!ownAddresses.has(ip.srcAddr)) errors.send(packet, type, code, mtu, undefined, now)
    else if (errors.makeForUs(packet, type, code, mtu)) this.#related.inbound(packet, now)
    return Verdict.DROP_TOO_BIG
  }
}
