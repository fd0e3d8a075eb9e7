/*
 * ICMP errors about connections (ipvs-behaviour.md §6.6). Types 3, 4 and 11 count; the embedded packet says which
 * connection it is about. Neither state nor timer moves, and a destination that is gone does not matter.
 * 1. an error, about one of our tunnels?     path/tunnel-error → its verdict
 *    one with a readable packet in it?       → else PASS
 * 2. whose connection?                       conn/table, with the roles exchanged → else PASS
 *    from a real server's side, about a FULLNAT connection: director/fullnat-answers → its verdict
 * 3. a right ICMP checksum; outbound only where it is translated → DROP_ICMP_CHECKSUM
 * 4. inbound: towards the real server        path/towards-server; outbound: translated, outside and inside, by the connection's method
 */
import { ConnFlag, NONE, type ConnIndex } from '../../conn/record.js'
import type { Hop } from '../../forward/hop.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import type { Flow } from '../../sched/scheduler.js'
import { isOneWay } from '../../service/method.js'
import { ICMP_LEN, IcmpType } from '../../wire/icmp.js'
import type { FullnatAnswers } from './fullnat-answers.js'
import { isOpen, verdictOf, type Opened } from './opened.js'
import { countInbound, countOutbound, type Parts } from './parts.js'
import type { TowardsServer } from './towards-server.js'
import { TunnelErrors } from './tunnel-error.js'

/** A packet that no rule of --mark has marked. */
const NO_MARK = 0

export class Related {
  readonly #m: Parts
  readonly #towards: TowardsServer
  readonly #tunnelErrors: TunnelErrors
  readonly #answers: FullnatAnswers
  /** The flow that an embedded packet is an answer of, and what the scheduler is shown of it. */
  readonly #flow: Flow = { protocol: 0, caddr: 0, cport: 0, vaddr: 0, vport: 0 }
  readonly #shown: Flow = { protocol: 0, caddr: 0, cport: 0, vaddr: 0, vport: 0 }

  constructor(parts: Parts, towards: TowardsServer, answers: FullnatAnswers) {
    this.#m = parts
    this.#answers = answers
    this.#towards = towards
    this.#tunnelErrors = new TunnelErrors(parts)
  }

  /** From the client's side, to the VIP: about something the virtual service is thought to have sent. Sends it on. */
  inbound(packet: Packet, now: number): Verdict {
    const { conns, embedded, sysctls } = this.#m
    if (!isError(packet)) return Verdict.PASS
    const aboutTunnel = this.#tunnelErrors.receive(packet, now)
    if (aboutTunnel !== Verdict.PASS) return aboutTunnel
    if (!embedded.wrap(packet)) return Verdict.PASS
    const { ip } = embedded
    const conn = conns.table.lookupInbound(ip.protocol, ip.dstAddr, embedded.dstPort, ip.srcAddr, embedded.srcPort)
    if (conn !== NONE) return this.#towardsServer(packet, conn, now)
    const answered = conns.fullnatKeys.count === 0 ? Verdict.PASS : this.#answers.error(packet, now)
    if (answered !== Verdict.PASS) return answered
    if (sysctls.scheduleIcmp === 0) return Verdict.PASS
    const opened = this.#open()
    if (!isOpen(opened)) return verdictOf(opened)
    const verdict = this.#towardsServer(packet, opened, now)
    if (conns.has(opened, ConnFlag.ONE_PACKET)) conns.endOnePacket(opened)
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
    const { conns, counters, embedded, forwarders } = this.#m
    if (!isError(packet) || !embedded.wrap(packet)) return Verdict.PASS
    const { ip } = embedded
    const conn = conns.table.lookupOutbound(ip.protocol, ip.dstAddr, embedded.dstPort, ip.srcAddr, embedded.srcPort)
    if (conn === NONE) return Verdict.PASS
    const method = conns.methodOf(conn)
    if (!isOneWay(method) && !packet.icmp.checksumOk(packet.transportLen)) return Verdict.DROP_ICMP_CHECKSUM
    forwarders[method].relatedOutbound(packet, embedded, conn)
    countOutbound(counters, conns.destinationOf(conn), packet.ipLen)
    return Verdict.BALANCED
  }

  /** An error that the director itself has made: as `outbound`. Returns the hop it then takes, if any: of FULLNAT, another. */
  leaving(packet: Packet, hop: Hop): Hop | undefined {
    const { conns, embedded } = this.#m
    if (this.outbound(packet) !== Verdict.PASS || conns.fullnatKeys.count === 0) return hop
    if (!isError(packet) || !embedded.wrap(packet)) return hop
    const conn = this.#answers.findEmbedded()
    return conn === NONE ? hop : this.#answers.errorLeaving(packet, conn)
  }

  /** A connection for the flow that the embedded packet is an answer of (sysctl schedule_icmp). It keeps its first 3 s. */
  #open(): Opened {
    const { embedded, opener } = this.#m
    const flow = this.#flow
    flow.protocol = embedded.ip.protocol
    flow.caddr = embedded.ip.dstAddr
    flow.cport = embedded.dstPort
    flow.vaddr = embedded.ip.srcAddr
    flow.vport = embedded.srcPort
    // The embedded packet is an answer: hashing by destination reads its destination, which is the client.
    Object.assign(this.#shown, flow).vaddr = flow.caddr
    // The mark that counts is the ICMP packet's own, and no rule is for ICMP.
    return opener.open(flow, this.#shown, NO_MARK, NONE)
  }
}

function isError({ icmp, slab, transportAt, transportLen }: Packet): boolean {
  if (transportLen < ICMP_LEN) return false
  const { type } = icmp.wrap(slab.view, transportAt)
  return type === IcmpType.UNREACHABLE || type === IcmpType.SOURCE_QUENCH || type === IcmpType.TIME_EXCEEDED
}
