/*
 * A packet that is to go on to somebody else: an answer of a real server, or anybody's whose router we are
 * (ipvs-behaviour.md §6.2; RFC 1812 §5.2).
 * 1. not to a group MAC                    → DROP_BROADCAST
 * 2. a route?                              → net unreachable, DROP_NO_ROUTE
 * 3. TTL                                   → time exceeded, DROP_TTL
 * 4. MTU                                   → fragmentation needed, DROP_TOO_BIG
 * 5. of a connection, or an error about one? translated, counted → BALANCED
 * 6. otherwise as it is                    → FORWARDED
 */
import { NONE } from '../conn/record.js'
import { Direction } from '../conn/tcp-states.js'
import { nat } from '../forward/nat.js'
import type { Packet } from '../packet/packet.js'
import { parseTransport } from '../packet/parse.js'
import { Verdict } from '../packet/verdict.js'
import { IcmpType, Unreachable } from '../wire/icmp.js'
import { IpProtocol } from '../wire/ipv4.js'
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
    return this.#answer(packet)
  }

  /** What a real server sends of a connection leaves as the virtual service's. */
  #answer(packet: Packet): Verdict {
    const { output, conns, counters } = this.#m
    const { protocol, ip } = packet
    if (protocol !== IpProtocol.TCP && protocol !== IpProtocol.UDP) return output.transmit(packet) || Verdict.FORWARDED
    if (ip.isFragment) return Verdict.DROP_FRAGMENT
    const malformed = parseTransport(packet)
    if (malformed !== Verdict.PASS) return malformed
    const conn = conns.table.lookupOutbound(protocol, ip.srcAddr, packet.srcPort, ip.dstAddr, packet.dstPort)
    if (conn === NONE) return output.transmit(packet) || Verdict.FORWARDED

    const flags = protocol === IpProtocol.TCP ? packet.tcp.flags : 0
    nat.outbound(packet, conns.table.words, conn)
    countOutbound(counters, conns.destinationOf(conn), packet.ipLen)
    conns.packet(conn, protocol, Direction.OUTBOUND, flags)
    const verdict = output.transmit(packet) || Verdict.BALANCED
    conns.restart(conn)
    return verdict
  }

  #icmp(packet: Packet): Verdict {
    const verdict = packet.ip.isFragment ? Verdict.PASS : this.#related.outbound(packet)
    if (verdict !== Verdict.PASS && verdict !== Verdict.BALANCED) return verdict
    return this.#m.output.transmit(packet) || verdict || Verdict.FORWARDED
  }
}
