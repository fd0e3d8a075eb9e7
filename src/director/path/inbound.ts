/*
 * A packet to one of our addresses, if there are services (ipvs-behaviour.md §6.3):
 * 1. an ICMP error about a connection?    path/related → its verdict
 * 2. TCP, UDP, SCTP with whole header?    packet/parse     → DROP_TCP_MALFORMED, …; another protocol: PASS
 * 3. a FULLNAT connection's answer?       path/fullnat-answers → its verdict
 *    an open connection?                  conn/table       → go to 6
 *      that may be replaced?              path/reuse   → go to 4
 *      whose destination is gone?                          → DROP_DESTINATION_GONE, or go to 4
 *    an answer to a program of this host?  path/host-programs → its verdict
 * 4. may it open one, for a service?      path/opener  → PASS
 * 5. schedule and open                    path/opener  → DROP_NO_DESTINATION, DROP_TABLE_FULL, DROP_DEFENCE
 * 6. count, move the state
 * 7. towards the real server              path/towards-server → its verdict
 *    through a tunnel: its flow, to the flow program    path/tunnel-flows
 * PASS: not to be balanced; path/host takes it.
 */
import { ConnFlag, NONE, type ConnIndex } from '../../conn/record.js'
import { Direction } from '../../conn/direction.js'
import { emptyFlow } from '../../packet/flow.js'
import type { Packet } from '../../packet/packet.js'
import { isBalanced, parseTransport } from '../../packet/parse.js'
import { Verdict } from '../../packet/verdict.js'
import { IcmpType, Unreachable } from '../../wire/icmp.js'
import { IpProtocol } from '../../wire/ipv4.js'
import type { FullnatAnswers } from './fullnat-answers.js'
import type { HostPrograms } from './host-programs.js'
import { isOpen, verdictOf } from './opened.js'
import { countInbound, type Parts } from './parts.js'
import type { Related } from './related.js'
import { isNewConnection, isReplaceable } from './reuse.js'
import type { TowardsServer } from './towards-server.js'
import type { TunnelFlows } from './tunnel-flows.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { ONE_PACKET } = ConnFlag
const { INBOUND } = Direction
const { BALANCED, DROP_DESTINATION_GONE, DROP_NO_DESTINATION, PASS } = Verdict
const { ICMP } = IpProtocol

export class Inbound {
  readonly #parts: Parts
  readonly #related: Related
  readonly #towards: TowardsServer
  readonly #answers: FullnatAnswers
  readonly #programs: HostPrograms
  readonly #tunnelFlows: TunnelFlows | undefined
  /** The packet's flow, to open a connection for. */
  readonly #flow = emptyFlow()

  /** `tunnelFlows`: where a program forwards flows. */
  constructor(
    parts: Parts,
    related: Related,
    towards: TowardsServer,
    answers: FullnatAnswers,
    programs: HostPrograms,
    tunnelFlows?: TunnelFlows,
  ) {
    this.#tunnelFlows = tunnelFlows
    this.#parts = parts
    this.#answers = answers
    this.#programs = programs
    this.#towards = towards
    this.#related = related
  }

  receive(packet: Packet, nowMs: number): Verdict {
    const { protocol } = packet
    if (protocol === ICMP) return this.#related.inbound(packet, nowMs)
    if (!isBalanced(protocol)) return PASS
    const malformed = parseTransport(packet)
    if (malformed !== PASS) return malformed

    const { conns, sysctls, handOver, watch } = this.#parts
    const { srcAddr, dstAddr } = packet.ip
    const answered = conns.fullnatKeys.isLaddr(dstAddr) ? this.#answers.receive(packet, nowMs) : PASS
    if (answered !== PASS) return answered
    const conn = conns.table.lookupInbound(protocol, srcAddr, packet.srcPort, dstAddr, packet.dstPort)
    const { witness } = watch
    witness?.lookedUp('inbound', conn)
    if (conn === NONE) return this.#programs.receive(packet) || this.#open(packet, NONE, nowMs)
    const isNew = isNewConnection(protocol, packet.signal)
    if (isNew && (isReplaceable(conns, conn, protocol, sysctls) || handOver.needsAnother(packet, conn))) {
      witness?.setAside(conn, 'replaced')
      // A connection with children stays; lookups find the newer one first.
      if (conns.childrenOf(conn) === 0) conns.expireNow(conn)
      return this.#open(packet, conn, nowMs)
    }
    if (conns.destinationOf(conn).available) return this.#forward(packet, conn, nowMs)
    witness?.setAside(conn, 'gone')
    if (sysctls.expireNodestConn === 0) return DROP_DESTINATION_GONE
    conns.expireNow(conn)
    return this.#open(packet, NONE, nowMs)
  }

  /**
   * Opens a connection for the packet if a service has it, and forwards the packet. `replaces`: the connection it
   * replaces, or NONE.
   */
  #open(packet: Packet, replaces: ConnIndex, nowMs: number): Verdict {
    const { opener, marks, conns } = this.#parts
    const flow = this.#flow
    flow.protocol = packet.protocol
    flow.caddr = packet.ip.srcAddr
    flow.cport = packet.srcPort
    flow.vaddr = packet.ip.dstAddr
    flow.vport = packet.dstPort
    if (!opener.mayOpen(packet)) return PASS
    const opened = opener.open(flow, flow, marks.of(flow.protocol, flow.vaddr, flow.vport), replaces)
    if (!isOpen(opened)) return this.#refuse(packet, verdictOf(opened), nowMs)
    if (this.#programs.hasSent(packet)) conns.markOfHost(opened)
    if (!conns.has(opened, ONE_PACKET)) return this.#forward(packet, opened, nowMs)
    return this.#forwardOnePacket(packet, opened, nowMs)
  }

  /** Forwards a packet of a connection. It is counted and moves the state even if it is then dropped. */
  #forward(packet: Packet, conn: ConnIndex, nowMs: number): Verdict {
    const { conns, counters } = this.#parts
    countInbound(counters, conns.destinationOf(conn), packet.ipLen)
    conns.states.packet(conn, packet.protocol, INBOUND, packet.signal)
    const hasDf = packet.ip.dontFragment
    const verdict = this.#towards.send(packet, conn, nowMs)
    conns.countInbound(conn)
    conns.timers.restart(conn)
    if (verdict === BALANCED) this.#tunnelFlows?.balanced(conn, hasDf)
    return verdict
  }
  #forwardOnePacket(packet: Packet, conn: ConnIndex, nowMs: number): Verdict {
    const { conns, counters } = this.#parts
    countInbound(counters, conns.destinationOf(conn), packet.ipLen)
    const verdict = this.#towards.send(packet, conn, nowMs)
    const template = conns.controllerOf(conn)
    if (template !== NONE) conns.countInbound(template)
    conns.endOnePacket(conn)
    return verdict
  }

  #refuse(packet: Packet, verdict: Verdict, nowMs: number): Verdict {
    if (verdict === DROP_NO_DESTINATION)
      this.#parts.errors.send(packet, IcmpType.UNREACHABLE, Unreachable.PORT, 0, packet.ip.dstAddr, nowMs)
    return verdict
  }
}
