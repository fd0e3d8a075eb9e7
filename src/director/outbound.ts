/*
 * A packet that is to go on to somebody else: an answer of a real server, or anybody's whose router we are
 * (ipvs-behaviour.md §6.2; RFC 1812 §5.2).
 * 1. not to a group MAC                    → DROP_BROADCAST
 * 2. a route?                              → net unreachable, DROP_NO_ROUTE
 * 3. TTL                                   → time exceeded, DROP_TTL
 * 4. MTU                                   → fragmentation needed, DROP_TOO_BIG
 * 5. of a connection, or an error about one? translated, counted → BALANCED
 * 6. of a real server's port, and nat_icmp_send? port unreachable, DROP_NO_CONNECTION
 * 7. otherwise as it is                    → FORWARDED
 */
import { NONE } from '../conn/record.js'
import { Direction } from '../conn/transitions.js'
import { nat } from '../forward/nat.js'
import type { Packet } from '../packet/packet.js'
import { isBalanced, parseTransport } from '../packet/parse.js'
import { Verdict } from '../packet/verdict.js'
import { IcmpType, Unreachable } from '../wire/icmp.js'
import { IpProtocol } from '../wire/ipv4.js'
import { SctpChunk } from '../wire/sctp.js'
import { TcpFlag } from '../wire/tcp.js'
import { countOutbound, type Machine } from './machine.js'
import type { Related } from './related.js'

export class Outbound {
  readonly #m: Machine
  readonly #related: Related

  constructor(machine: Machine, related: Related) {
    this.#m = machine
    this.#related = related
  }

  receive(packet: Packet, now: number): Verdict {
    const { output, errors, balancing } = this.#m
    const { ip } = packet
    if (packet.eth.isGroup) return Verdict.DROP_BROADCAST
    if (!output.route(ip.dstAddr)) {
      errors.send(packet, IcmpType.UNREACHABLE, Unreachable.NET, 0, undefined, now)
      return Verdict.DROP_NO_ROUTE
    }
    if (ip.ttl <= 1) {
      errors.send(packet, IcmpType.TIME_EXCEEDED, 0, 0, undefined, now)
      return Verdict.DROP_TTL
    }
    if (output.exceedsMtu(packet)) {
      if (ip.dontFragment)
        errors.send(packet, IcmpType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, output.mtu, undefined, now)
      return Verdict.DROP_TOO_BIG
    }
    ip.decrementTtl()
    if (balancing.count === 0) return output.transmit(packet) || Verdict.FORWARDED
    if (packet.protocol === IpProtocol.ICMP) return this.#icmp(packet)
    return this.#answer(packet, now)
  }

  /** What a real server sends of a connection leaves as the virtual service's. */
  #answer(packet: Packet, now: number): Verdict {
    const { output, conns, counters } = this.#m
    const { protocol, ip } = packet
    if (!isBalanced(protocol)) return output.transmit(packet) || Verdict.FORWARDED
    if (ip.isFragment) return Verdict.DROP_FRAGMENT
    const malformed = parseTransport(packet)
    if (malformed !== Verdict.PASS) return malformed
    const conn = conns.table.lookupOutbound(protocol, ip.srcAddr, packet.srcPort, ip.dstAddr, packet.dstPort)
    if (conn === NONE) return this.#unknown(packet, now)

    nat.outbound(packet, conns.table.words, conn)
    countOutbound(counters, conns.destinationOf(conn), packet.ipLen)
    conns.packet(conn, protocol, Direction.OUTBOUND, packet.signal)
    const verdict = output.transmit(packet) || Verdict.BALANCED
    conns.restart(conn)
    return verdict
  }

  /** Of no connection: forwarded, unless nat_icmp_send has the real server told so. */
  #unknown(packet: Packet, now: number): Verdict {
    const { output, balancing, errors, sysctls } = this.#m
    const { protocol, ip, signal } = packet
    const isReset =
      (protocol === IpProtocol.TCP && (signal & TcpFlag.RST) !== 0) ||
      (protocol === IpProtocol.SCTP && packet.sctp.firstChunk === SctpChunk.ABORT)
    if (sysctls.natIcmpSend === 0 || isReset || !balancing.isRealServer(protocol, ip.srcAddr, packet.srcPort))
      return output.transmit(packet) || Verdict.FORWARDED
    errors.send(packet, IcmpType.UNREACHABLE, Unreachable.PORT, 0, undefined, now)
    return Verdict.DROP_NO_CONNECTION
  }

  #icmp(packet: Packet): Verdict {
    const verdict = packet.ip.isFragment ? Verdict.PASS : this.#related.outbound(packet)
    if (verdict !== Verdict.PASS && verdict !== Verdict.BALANCED) return verdict
    return this.#m.output.transmit(packet) || verdict || Verdict.FORWARDED
  }
}
