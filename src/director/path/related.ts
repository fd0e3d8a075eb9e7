/*
 * ICMP errors about connections (ipvs-behaviour.md §6.6), types 3, 4 and 11. The quoted (embedded) packet names the
 * connection. An error changes neither state nor timer, and is forwarded even if the destination was deleted.
 * 1. about one of our tunnels?               path/tunnel-error → its verdict
 *    is a TCP, UDP or SCTP packet quoted?    → else PASS
 * 2. its connection                          conn/table, source and destination exchanged → else PASS
 *    about a FULLNAT connection, from the real server's side: path/fullnat-answers → its verdict
 *    about one of a program of this host, from there: path/host-programs → its verdict
 * 3. is the ICMP checksum right? outbound: checked only if the method rewrites → else DROP_ICMP_CHECKSUM
 * 4. inbound: to the real server             path/towards-server; outbound: rewritten by the connection's forwarder
 */
import { ConnFlag, NONE, type ConnIndex } from '../../conn/record.js'
import { emptyFlow } from '../../packet/flow.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import type { FullnatAnswers } from './fullnat-answers.js'
import type { HostPrograms } from './host-programs.js'
import { isOpen, verdictOf, type Opened } from './opened.js'
import { countInbound, type Parts } from './parts.js'
import { isError } from './related-outbound.js'
import type { TowardsServer } from './towards-server.js'
import { TunnelErrors } from './tunnel-error.js'

/** The mark of a packet that no --mark rule matches. */
const NO_MARK = 0

export class Related {
  readonly #parts: Parts
  readonly #towards: TowardsServer
  readonly #tunnelErrors: TunnelErrors
  readonly #answers: FullnatAnswers
  readonly #programs: HostPrograms
  /** The flow that the embedded packet answers, and the flow as the scheduler sees it. */
  readonly #flow = emptyFlow()
  readonly #shown = emptyFlow()

  constructor(parts: Parts, towards: TowardsServer, answers: FullnatAnswers, programs: HostPrograms) {
    this.#programs = programs
    this.#parts = parts
    this.#answers = answers
    this.#towards = towards
    this.#tunnelErrors = new TunnelErrors(parts)
  }

  /** Takes an error to the VIP, about a packet that the client got from the virtual service. Sends it on. */
  inbound(packet: Packet, nowMs: number): Verdict {
    const { conns, embedded, sysctls, watch } = this.#parts
    if (!isError(packet)) return Verdict.PASS
    const aboutTunnel = this.#tunnelErrors.receive(packet, nowMs)
    if (aboutTunnel !== Verdict.PASS) return aboutTunnel
    if (!embedded.wrap(packet)) return Verdict.PASS
    const { ip } = embedded
    const conn = conns.table.lookupInbound(ip.protocol, ip.dstAddr, embedded.dstPort, ip.srcAddr, embedded.srcPort)
    watch.witness?.lookedUp('quoted-inbound', conn)
    if (conn !== NONE) return this.#towardsServer(packet, conn, nowMs)
    const answered = conns.fullnatKeys.count === 0 ? Verdict.PASS : this.#answers.error(packet, nowMs)
    if (answered !== Verdict.PASS) return answered
    const toProgram = this.#programs.error(packet)
    if (toProgram !== Verdict.PASS) return toProgram
    if (sysctls.scheduleIcmp === 0) return Verdict.PASS
    const opened = this.#open()
    if (!isOpen(opened)) return verdictOf(opened)
    const verdict = this.#towardsServer(packet, opened, nowMs)
    if (conns.has(opened, ConnFlag.ONE_PACKET)) conns.endOnePacket(opened)
    return verdict
  }

  #towardsServer(packet: Packet, conn: ConnIndex, nowMs: number): Verdict {
    const { conns, counters } = this.#parts
    if (!packet.icmp.checksumOk(packet.transportLen)) return Verdict.DROP_ICMP_CHECKSUM
    countInbound(counters, conns.destinationOf(conn), packet.ipLen)
    return this.#towards.send(packet, conn, nowMs)
  }

  /**
   * Opens a connection for the flow that the embedded packet answers (sysctl schedule_icmp). Its timeout stays at the
   * initial 3 s.
   */
  #open(): Opened {
    const { embedded, opener } = this.#parts
    const flow = this.#flow
    flow.protocol = embedded.ip.protocol
    flow.caddr = embedded.ip.dstAddr
    flow.cport = embedded.dstPort
    flow.vaddr = embedded.ip.srcAddr
    flow.vport = embedded.srcPort
    // The embedded packet is an answer: hashing by destination reads its destination, which is the client.
    Object.assign(this.#shown, flow).vaddr = flow.caddr
    // The ICMP packet's mark counts, and no --mark rule matches ICMP.
    return opener.open(flow, this.#shown, NO_MARK, NONE)
  }
}
