/*
 * A connection for a packet that has none (ipvs-behaviour.md §4.4, §4.6, §6.4):
 * 1. of a kind that may open one?            → PASS
 * 2. a service that wants it                 service/          → PASS
 * 3. the drop_packet defence                 upkeep/defence  → DROP_DEFENCE
 * 4. not from FTP's data port                                  → PASS
 * 5. a persistent service: its template      path/persistence
 *    any other: its scheduler                sched/            → DROP_NO_DESTINATION, DROP_SCHEDULER_FAILED
 * 6. FULLNAT: a local address and port       conn/local-ports  → DROP_NO_LOCAL_PORT
 * 7. a record                                conn/             → DROP_TABLE_FULL
 * The connection is left in `conn`; PASS: not ours to balance.
 */
import type { Connections } from '../../conn/connections.js'
import { HAND_OVER, HandOver, keyAt } from '../../conn/fullnat-keys.js'
import { NO_PORT } from '../../conn/local-ports.js'
import { DPORT_PROTOCOL, NONE, type ConnIndex } from '../../conn/record.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { SchedulerFailure } from '../../sched/guard.js'
import type { Flow } from '../../packet/flow.js'
import { FTP_DATA_PORT, FTP_PORT } from '../../service/ftp.js'
import { TOTALS } from '../../service/counters.js'
import type { Destination } from '../../service/destination.js'
import { ClientAddress, Method } from '../../service/method.js'
import type { Sysctls } from '../../service/sysctls.js'
import { IpProtocol } from '../../wire/ipv4.js'
import { SctpChunk } from '../../wire/sctp.js'
import { TcpFlag } from '../../wire/tcp.js'
import type { Balancing } from '../rules/balancing.js'
import type { ScheduledService } from '../rules/scheduled-service.js'
import type { Defence } from '../upkeep/defence.js'
import { Persistence } from './persistence.js'

export class Opener {
  readonly #balancing: Balancing
  readonly #conns: Connections
  readonly #sysctls: Sysctls
  readonly #defence: Defence
  readonly #persistence: Persistence
  readonly #report: (problem: string) => void
  /** The flow to be opened: filled in by the caller before `open`. */
  readonly flow: Flow = { protocol: 0, caddr: 0, cport: 0, vaddr: 0, vport: 0 }
  /** What the scheduler is shown: the flow, or for an ICMP error what the kernel reads in its place. */
  readonly #shown: Flow = { protocol: 0, caddr: 0, cport: 0, vaddr: 0, vport: 0 }
  conn: ConnIndex = NONE
  /** The connection that the one to be opened is to replace: set by the caller, for one `open`. */
  predecessor: ConnIndex = NONE
  /** Why there is no record. */
  #refusal: Verdict = Verdict.DROP_TABLE_FULL

  constructor(
    balancing: Balancing,
    conns: Connections,
    sysctls: Sysctls,
    defence: Defence,
    report: (problem: string) => void,
  ) {
    this.#balancing = balancing
    this.#conns = conns
    this.#sysctls = sysctls
    this.#defence = defence
    this.#persistence = new Persistence(conns, sysctls)
    this.#report = report
  }

  /** Whether a packet like this may open a connection. (Of SCTP only the first chunk counts here, ABORT behind it or not.) */
  mayOpen({ protocol, signal, sctp }: Packet): boolean {
    const { sloppyTcp, sloppySctp } = this.#sysctls
    switch (protocol) {
      case IpProtocol.TCP:
        return (signal & TcpFlag.RST) === 0 && ((signal & TcpFlag.SYN) !== 0 || sloppyTcp !== 0)
      case IpProtocol.SCTP:
        return sctp.firstChunk !== SctpChunk.ABORT && (sctp.firstChunk === SctpChunk.INIT || sloppySctp !== 0)
      default:
        return true
    }
  }

  /** Opens a connection for the flow, for a packet of this mark. `isIcmp`: an ICMP error about it asks (schedule_icmp). */
  open(mark: number, isIcmp: boolean): Verdict {
    const { flow } = this
    const service = this.#balancing.lookup(mark, flow.protocol, flow.vaddr, flow.vport)
    if (service === undefined) return Verdict.PASS
    if (this.#defence.dropsPacket()) return Verdict.DROP_DEFENCE
    // Only a connection that FTP itself announced may carry its data.
    if (flow.cport === FTP_DATA_PORT) return Verdict.PASS
    try {
      if (service.settings.persistence > 0) return this.#openPersistent(service, isIcmp)
      return this.#openScheduled(service, isIcmp)
    } catch (error) {
      if (!(error instanceof SchedulerFailure)) throw error
      this.#report(error.message)
      return Verdict.DROP_SCHEDULER_FAILED
    }
  }

  #openScheduled(service: ScheduledService, isIcmp: boolean): Verdict {
    const { flow } = this
    // A service of port 0 that is not persistent serves nobody (§2.2); FTP's data is left to the host.
    const isItsPort = service.mark !== 0 || flow.vport === service.port
    const dest = isItsPort ? this.#schedule(service, isIcmp) : undefined
    if (dest === undefined) return noDestination(service, flow)
    const dport = dest.port || flow.vport
    return this.#opened(service, dest, this.#record(service, dest, dport))
  }

  #openPersistent(service: ScheduledService, isIcmp: boolean): Verdict {
    const { flow } = this
    let template = this.#persistence.find(service, flow)
    if (template === NONE) {
      const dest = this.#schedule(service, isIcmp)
      if (dest === undefined) return noDestination(service, flow)
      template = this.#persistence.create(service, flow, dest)
      if (template === NONE) return Verdict.DROP_TABLE_FULL
    }
    const dest = this.#conns.destinationOf(template)
    const conn = this.#record(service, dest, flow.vport === service.port && dest.port !== 0 ? dest.port : flow.vport)
    if (conn !== NONE) this.#conns.adopt(template, conn)
    return this.#opened(service, dest, conn)
  }

  #schedule(service: ScheduledService, isIcmp: boolean): Destination | undefined {
    if (!isIcmp) return this.#balancing.schedule(service, this.flow)
    // The embedded packet is an answer: hashing by destination reads its destination, which is the client.
    Object.assign(this.#shown, this.flow)
    this.#shown.vaddr = this.flow.caddr
    return this.#balancing.schedule(service, this.#shown)
  }

  #record(service: ScheduledService, dest: Destination, dport: number): ConnIndex {
    const { protocol } = this.flow
    this.#refusal = Verdict.DROP_TABLE_FULL
    if (dest.method === Method.FULLNAT) return this.#localRecord(service, dest, dport)
    if (service.settings.onePacket && protocol === IpProtocol.UDP)
      return this.#conns.openOnePacket(this.flow, dest, dport)
    return this.#conns.open(this.flow, dest, dport)
  }
  /** With a local address and port of its own, by which alone an answer is found: one-packet scheduling is none here. */
  #localRecord(service: ScheduledService, dest: Destination, dport: number): ConnIndex {
    const { protocol } = this.flow
    const { fullnatKeys } = this.#conns
    const { ports } = fullnatKeys
    const { localAddresses, settings } = service
    const handOver = settings.clientAddress ?? ClientAddress.NONE
    if (this.#inherits(dest, dport, handOver)) {
      const conn = this.#conns.open(this.flow, dest, dport)
      if (conn !== NONE) fullnatKeys.inherit(this.predecessor, conn, handOver)
      return conn
    }
    for (let left = localAddresses.length; left > 0; left--) {
      const laddr = localAddresses[service.nextLocalAddress++ % localAddresses.length]!
      const lport = ports.take(protocol, laddr, dest.addr, dport)
      if (lport === NO_PORT) continue
      const { pool } = ports
      const conn = this.#conns.open(this.flow, dest, dport)
      if (conn === NONE) ports.give(pool, lport)
      else fullnatKeys.insert(conn, laddr, lport, pool, handOver)
      return conn
    }
    this.#refusal = Verdict.DROP_NO_LOCAL_PORT
    return NONE
  }
  /**
   * Whether the connection that this one replaces had a local address and port towards the same server's. One whose PROXY
   * header has not arrived may be half open there, and would take the new one's octets without a header.
   */
  #inherits(dest: Destination, dport: number, handOver: ClientAddress): boolean {
    const { predecessor } = this
    const { fullnatKeys, table } = this.#conns
    if (predecessor === NONE || !fullnatKeys.has(predecessor)) return false
    const isOver = (fullnatKeys.words[keyAt(predecessor) + HAND_OVER]! & HandOver.DONE) !== 0
    if (handOver > ClientAddress.TOA && !isOver) return false
    return (
      this.#conns.destinationOf(predecessor) === dest && table.words[predecessor + DPORT_PROTOCOL]! >>> 16 === dport
    )
  }
  #opened(service: ScheduledService, dest: Destination, conn: ConnIndex): Verdict {
    this.conn = conn
    if (conn === NONE) return this.#refusal
    const { counters } = this.#balancing
    counters.connection(dest.counters)
    counters.connection(service.counters)
    counters.connection(TOTALS)
    return Verdict.BALANCED
  }
}

function noDestination(service: ScheduledService, flow: Flow): Verdict {
  return service.port === FTP_PORT && flow.vport !== FTP_PORT ? Verdict.PASS : Verdict.DROP_NO_DESTINATION
}
