/*
 * ICMP errors about connections (ipvs-behaviour.md §6.6). Types 3, 4 and 11 count; the embedded packet says which
 * connection it is about. Neither state nor timer moves, and a destination that is gone does not matter.
 * 1. an error with a readable packet in it?  → else PASS
 * 2. whose connection?                       conn/table, with the roles exchanged → else PASS
 * 3. a right ICMP checksum                   → DROP_ICMP_CHECKSUM
 * 4. translated, outside and inside          forward/nat-related → BALANCED
 */
import { ConnFlag, DADDR, NONE, type ConnIndex } from '../conn/record.js'
import { natRelated } from '../forward/nat-related.js'
import type { Packet } from '../packet/packet.js'
import { Verdict } from '../packet/verdict.js'
import { isLoopback } from '../wire/addr.js'
import { ICMP_LEN, IcmpType } from '../wire/icmp.js'
import { countInbound, countOutbound, type Machine } from './machine.js'

/** A packet that no rule of --mark has marked. */
const NO_MARK = 0

export class Related {
  readonly #m: Machine

  constructor(machine: Machine) {
    this.#m = machine
  }

  /** From the client's side, to the VIP: about something the virtual service is thought to have sent. Sends it on. */
  inbound(packet: Packet, now: number): Verdict {
    const { conns, embedded, sysctls, opener } = this.#m
    if (!this.#isReadableError(packet)) return Verdict.PASS
    const { ip } = embedded
    const conn = conns.table.lookupInbound(ip.protocol, ip.dstAddr, embedded.dstPort, ip.srcAddr, embedded.srcPort)
    if (conn !== NONE) return this.#towardsServer(packet, conn, now)
    const opened = sysctls.scheduleIcmp === 0 ? Verdict.PASS : this.#open()
    if (opened !== Verdict.BALANCED) return opened
    const verdict = this.#towardsServer(packet, opener.conn, now)
    if (conns.has(opener.conn, ConnFlag.ONE_PACKET)) conns.endOnePacket(opener.conn)
    return verdict
  }

  #towardsServer(packet: Packet, conn: ConnIndex, now: number): Verdict {
    const { conns, counters, embedded, output, local, errors } = this.#m
    const { words } = conns.table
    if (!packet.icmp.checksumOk(packet.transportLen)) return Verdict.DROP_ICMP_CHECKSUM
    countInbound(counters, conns.destinationOf(conn), packet.ipLen)
    const daddr = words[conn + DADDR]!
    if (isLoopback(daddr) || local.has(daddr)) return Verdict.DROP_REAL_SERVER_LOOPBACK
    if (!output.route(daddr)) return Verdict.DROP_NO_ROUTE
    if (packet.ip.ttl <= 1) {
      errors.send(packet, IcmpType.TIME_EXCEEDED, 0, 0, packet.ip.dstAddr, now)
      return Verdict.DROP_TTL
    }
    packet.ip.decrementTtl()
    natRelated.inbound(packet, embedded, words, conn)
    return output.transmit(packet) || Verdict.BALANCED
  }

  /** From the servers' side, to the client: about something the client sent. Leaves the sending to the caller. */
  outbound(packet: Packet): Verdict {
    const { conns, counters, embedded } = this.#m
    if (!this.#isReadableError(packet)) return Verdict.PASS
    const { ip } = embedded
    const conn = conns.table.lookupOutbound(ip.protocol, ip.dstAddr, embedded.dstPort, ip.srcAddr, embedded.srcPort)
    if (conn === NONE) return Verdict.PASS
    if (!packet.icmp.checksumOk(packet.transportLen)) return Verdict.DROP_ICMP_CHECKSUM
    natRelated.outbound(packet, embedded, conns.table.words, conn)
    countOutbound(counters, conns.destinationOf(conn), packet.ipLen)
    return Verdict.BALANCED
  }

  /** A connection for the flow that the embedded packet is an answer of (sysctl schedule_icmp). It keeps its first 3 s. */
  #open(): Verdict {
    const { embedded, opener } = this.#m
    const { flow } = opener
    flow.protocol = embedded.ip.protocol
    flow.caddr = embedded.ip.dstAddr
    flow.cport = embedded.dstPort
    flow.vaddr = embedded.ip.srcAddr
    flow.vport = embedded.srcPort
    // The mark that counts is the ICMP packet's own, and no rule is for ICMP.
    return opener.open(NO_MARK, true)
  }

  #isReadableError(packet: Packet): boolean {
    if (packet.transportLen < ICMP_LEN) return false
    const { type } = packet.icmp.wrap(packet.slab.view, packet.transportAt)
    if (type !== IcmpType.UNREACHABLE && type !== IcmpType.SOURCE_QUENCH && type !== IcmpType.TIME_EXCEEDED)
      return false
    return this.#m.embedded.wrap(packet)
  }
}
