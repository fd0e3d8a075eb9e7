/*
 * ICMP errors about connections (ipvs-behaviour.md §6.6). Types 3, 4 and 11 count; the embedded packet says which
 * connection it is about. Neither state nor timer moves, and a destination that is gone does not matter.
 * 1. an error, about one of our tunnels?     path/tunnel-error → its verdict
 *    one with a readable packet in it?       → else PASS
 * 2. whose connection?                       conn/table, with the roles exchanged → else PASS
 *    from a real server’s side, about a FULLNAT connection: director/fullnat-answers → its verdict
 * 3. a right ICMP checksum; outbound only of NAT → DROP_ICMP_CHECKSUM
 * 4. inbound: towards the real server        path/towards-server; outbound: NAT's are translated, outside and inside
 */
import { ConnFlag, NONE, type ConnIndex } from '../../conn/record.js'
import { natRelated } from '../../forward/nat-related.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { Method } from '../../service/method.js'
import { ICMP_LEN, IcmpType } from '../../wire/icmp.js'
import type { FullnatAnswers } from './fullnat-answers.js'
import { countInbound, countOutbound, type Machine } from './parts.js'
import type { TowardsServer } from './towards-server.js'
import { TunnelErrors } from './tunnel-error.js'

/** A packet that no rule of --mark has marked. */
const NO_MARK = 0

export class Related {
  readonly #m: Machine
  readonly #towards: TowardsServer
  readonly #tunnelErrors: TunnelErrors
  readonly #answers: FullnatAnswers

  constructor(machine: Machine, towards: TowardsServer, answers: FullnatAnswers) {
    this.#m = machine
    this.#answers = answers
    this.#towards = towards
    this.#tunnelErrors = new TunnelErrors(machine)
  }

  /** From the client's side, to the VIP: about something the virtual service is thought to have sent. Sends it on. */
  inbound(packet: Packet, now: number): Verdict {
    const { conns, embedded, sysctls, opener } = this.#m
    if (!isError(packet)) return Verdict.PASS
    const aboutTunnel = this.#tunnelErrors.receive(packet, now)
    if (aboutTunnel !== Verdict.PASS) return aboutTunnel
    if (!embedded.wrap(packet)) return Verdict.PASS
    const { ip } = embedded
    const conn = conns.table.lookupInbound(ip.protocol, ip.dstAddr, embedded.dstPort, ip.srcAddr, embedded.srcPort)
    if (conn !== NONE) return this.#towardsServer(packet, conn, now)
    const answered = conns.fullnatKeys.count === 0 ? Verdict.PASS : this.#answers.error(packet)
    if (answered !== Verdict.PASS) return answered
    const opened = sysctls.scheduleIcmp === 0 ? Verdict.PASS : this.#open()
    if (opened !== Verdict.BALANCED) return opened
    const verdict = this.#towardsServer(packet, opener.conn, now)
    if (conns.has(opener.conn, ConnFlag.ONE_PACKET)) conns.endOnePacket(opener.conn)
    return verdict
  }

  #towardsServer(packet: Packet, conn: ConnIndex, now: number): Verdict {
    const { conns, counters } = this.#m
    if (!packet.icmp.checksumOk(packet.transportLen)) return Verdict.DROP_ICMP_CHECKSUM
    countInbound(counters, conns.destinationOf(conn), packet.ipLen)
    return this.#towards.send(packet, conn, now)
  }

  /** From the servers' side, to the client: about something the client sent. Leaves the sending to the caller. */
  outbound(packet: Packet): Verdict {
    const { conns, counters, embedded } = this.#m
    if (!isError(packet) || !embedded.wrap(packet)) return Verdict.PASS
    const { ip } = embedded
    const conn = conns.table.lookupOutbound(ip.protocol, ip.dstAddr, embedded.dstPort, ip.srcAddr, embedded.srcPort)
    if (conn === NONE) return Verdict.PASS
    if (conns.methodOf(conn) === Method.MASQ) {
      if (!packet.icmp.checksumOk(packet.transportLen)) return Verdict.DROP_ICMP_CHECKSUM
      natRelated.outbound(packet, embedded, conns.table.words, conn)
    }
    countOutbound(counters, conns.destinationOf(conn), packet.ipLen)
    return Verdict.BALANCED
  }

  /** An error that the director itself has made: as `outbound`; about a FULLNAT connection it is routed anew. */
  leaving(packet: Packet): void {
    const { conns, embedded } = this.#m
    if (this.outbound(packet) !== Verdict.PASS || conns.fullnatKeys.count === 0) return
    if (isError(packet) && embedded.wrap(packet)) this.#answers.leaving(packet)
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
}

function isError({ icmp, slab, transportAt, transportLen }: Packet): boolean {
  if (transportLen < ICMP_LEN) return false
  const { type } = icmp.wrap(slab.view, transportAt)
  return type === IcmpType.UNREACHABLE || type === IcmpType.SOURCE_QUENCH || type === IcmpType.TIME_EXCEEDED
}
