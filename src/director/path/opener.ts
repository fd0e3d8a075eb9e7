/*
 * Opens a connection for a packet without one (ipvs-behaviour.md §4.4, §4.6, §6.4):
 * 1. may this kind of packet open one?                         → else PASS
 * 2. a service for it                        service/          → else PASS
 * 3. the drop_packet defence                 upkeep/defence  → DROP_DEFENCE
 * 4. not from FTP's data port                                  → PASS
 * 5. room in a full table                 upkeep/room
 * 6. a persistent service: its template      path/persistence
 *    any other: its scheduler                sched/            → DROP_NO_DESTINATION, DROP_SCHEDULER_FAILED
 * 7. FULLNAT: a local address and port       conn/local-ports  → DROP_NO_LOCAL_PORT
 * 8. a record                                conn/             → DROP_TABLE_FULL
 * PASS: the packet is not balanced.
 */
import type { Connections } from '../../conn/connections.js'
import * as fromFullnatKeys from '../../conn/fullnat-keys.js'
import { HandOver, keyAt } from '../../conn/fullnat-keys.js'
import * as fromLocalPorts from '../../conn/local-ports.js'
import * as fromRecord from '../../conn/record.js'
import { NONE, type ConnIndex } from '../../conn/record.js'
import type { Packet } from '../../packet/packet.js'
import { Verdict } from '../../packet/verdict.js'
import { SchedulerFailure } from '../../sched/guard.js'
import type { Flow } from '../../packet/flow.js'
import type { Watch } from '../../packet/frame-witness.js'
import * as fromFtp from '../../service/ftp.js'
import type { Destination } from '../../service/destination.js'
import { ClientAddress, hasLocalSide } from '../../service/method.js'
import type { Sysctls } from '../../service/sysctls.js'
import { IpProtocol } from '../../wire/ipv4.js'
import { SctpChunk } from '../../wire/sctp.js'
import { TcpFlag } from '../../wire/tcp.js'
import type { Balancing } from '../rules/balancing.js'
import type { ScheduledService } from '../rules/scheduled-service.js'
import type { Defence } from '../upkeep/defence.js'
import { Room } from '../upkeep/room.js'
import { isOpen, notOpened, type NotOpened, type Opened } from './opened.js'
import { Persistence } from './persistence.js'
import type { Witness } from './witness.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { DONE } = HandOver
const { DROP_DEFENCE, DROP_NO_DESTINATION, DROP_NO_LOCAL_PORT, DROP_SCHEDULER_FAILED, DROP_TABLE_FULL, PASS } = Verdict
const { TOA } = ClientAddress
const { SCTP, TCP, UDP } = IpProtocol
const { ABORT, INIT } = SctpChunk
const { RST, SYN } = TcpFlag
const { HAND_OVER } = fromFullnatKeys
const { NO_PORT } = fromLocalPorts
const { DPORT_PROTOCOL } = fromRecord
const { FTP_DATA_PORT, FTP_PORT } = fromFtp

export class Opener {
  readonly #balancing: Balancing
  readonly #conns: Connections
  readonly #sysctls: Sysctls
  readonly #defence: Defence
  readonly #persistence: Persistence
  readonly #room: Room
  readonly #report: (problem: string) => void
  readonly #watch: Watch<Witness>

  constructor(
    balancing: Balancing,
    conns: Connections,
    sysctls: Sysctls,
    defence: Defence,
    report: (problem: string) => void,
    watch: Watch<Witness>,
  ) {
    this.#watch = watch
    this.#balancing = balancing
    this.#conns = conns
    this.#sysctls = sysctls
    this.#defence = defence
    this.#persistence = new Persistence(conns, sysctls)
    this.#room = new Room(conns)
    this.#report = report
  }

  /**
   * Whether a packet of this kind may open a connection. Of SCTP only the first chunk counts here, even with an ABORT
   * behind it.
   */
  mayOpen({ protocol, signal, sctp }: Packet): boolean {
    const { sloppyTcp, sloppySctp } = this.#sysctls
    switch (protocol) {
      case TCP:
        return (signal & RST) === 0 && ((signal & SYN) !== 0 || sloppyTcp !== 0)
      case SCTP:
        return sctp.firstChunk !== ABORT && (sctp.firstChunk === INIT || sloppySctp !== 0)
      default:
        return true
    }
  }

  /**
   * Opens a connection for the flow of a packet with this mark. `shown` is the flow that the scheduler sees; `replaces` is the
   * connection that the new one replaces, or NONE.
   */
  open(flow: Flow, shown: Flow, mark: number, replaces: ConnIndex): Opened {
    const service = this.#balancing.lookup(mark, flow.protocol, flow.vaddr, flow.vport)
    this.#watch.witness?.service(service, mark)
    if (service === undefined) return notOpened(PASS)
    if (this.#defence.dropsPacket()) return notOpened(DROP_DEFENCE)
    // FTP's data connections are only those that the control connection announced.
    if (flow.cport === FTP_DATA_PORT) return notOpened(PASS)
    this.#makeRoom(service.settings.persistence > 0 ? 2 : 1, replaces)
    try {
      if (service.settings.persistence > 0) return this.#openPersistent(service, flow, shown, replaces)
      return this.#openScheduled(service, flow, shown, replaces)
    } catch (error) {
      if (!(error instanceof SchedulerFailure)) throw error
      this.#report(error.message)
      return notOpened(DROP_SCHEDULER_FAILED)
    }
  }

  /** For so many records, which a flood of SYNs may have taken. */
  #makeRoom(needed: number, replaces: ConnIndex): void {
    const { capacity, count } = this.#conns.table
    if (capacity - count < needed) this.#room.make(needed, replaces)
  }

  #openScheduled(service: ScheduledService, flow: Flow, shown: Flow, replaces: ConnIndex): Opened {
    // A service of port 0 that is not persistent balances nothing (§2.2); FTP's data is left to the host.
    const isItsPort = service.mark !== 0 || flow.vport === service.port
    const dest = isItsPort ? this.#schedule(service, shown) : undefined
    if (dest === undefined) return noDestination(service, flow)
    const dport = dest.port || flow.vport
    return this.#counted(service, dest, this.#record(service, flow, dest, dport, replaces))
  }

  #schedule(service: ScheduledService, shown: Flow): Destination | undefined {
    const { witness } = this.#watch
    witness?.choosing(service, shown)
    const dest = this.#balancing.schedule(service, shown)
    witness?.chosen(dest)
    return dest
  }

  #openPersistent(service: ScheduledService, flow: Flow, shown: Flow, replaces: ConnIndex): Opened {
    let template = this.#persistence.find(service, flow)
    this.#watch.witness?.template(template)
    if (template === NONE) {
      const dest = this.#schedule(service, shown)
      if (dest === undefined) return noDestination(service, flow)
      template = this.#persistence.create(service, flow, dest)
      if (template === NONE) return notOpened(DROP_TABLE_FULL)
    }
    const dest = this.#conns.destinationOf(template)
    const dport = flow.vport === service.port && dest.port !== 0 ? dest.port : flow.vport
    const opened = this.#record(service, flow, dest, dport, replaces)
    if (isOpen(opened)) this.#conns.adopt(template, opened)
    return this.#counted(service, dest, opened)
  }

  #record(service: ScheduledService, flow: Flow, dest: Destination, dport: number, replaces: ConnIndex): Opened {
    const { protocol } = flow
    if (hasLocalSide(dest.method)) return this.#localRecord(service, flow, dest, dport, replaces)
    const isOnePacket = service.settings.onePacket && protocol === UDP
    const conn = isOnePacket ? this.#conns.openOnePacket(flow, dest, dport) : this.#conns.open(flow, dest, dport)
    return orTableFull(conn)
  }
  /**
   * Opens a FULLNAT connection with a local address and port. One-packet scheduling is ignored: the answer must find the
   * connection.
   */
  #localRecord(service: ScheduledService, flow: Flow, dest: Destination, dport: number, replaces: ConnIndex): Opened {
    const { protocol } = flow
    const { fullnatKeys } = this.#conns
    const { ports } = fullnatKeys
    const { localAddresses, settings } = service
    const handOver = settings.clientAddress ?? ClientAddress.NONE
    if (this.#inherits(replaces, dest, dport, handOver)) {
      const conn = this.#conns.open(flow, dest, dport)
      this.#conns.takeBack(replaces) // its answers' flow has the local side in its key
      if (conn !== NONE) fullnatKeys.inherit(replaces, conn, handOver)
      return orTableFull(conn)
    }
    for (let left = localAddresses.length; left > 0; left--) {
      const laddr = localAddresses[service.nextLocalAddress++ % localAddresses.length]!
      const pool = ports.poolOf(protocol, laddr, dest.addr, dport)
      const lport = ports.take(pool)
      if (lport === NO_PORT) continue
      const conn = this.#conns.open(flow, dest, dport)
      if (conn === NONE) ports.give(pool, lport)
      else fullnatKeys.insert(conn, laddr, lport, pool, handOver)
      return orTableFull(conn)
    }
    return notOpened(DROP_NO_LOCAL_PORT)
  }
  /**
   * Whether the new connection takes over the local side of the one it replaces: both go to the same real server's port. Not if
   * that one's PROXY header is not acknowledged: it may be half open at the server, which would take the client's octets without
   * a header.
   */
  #inherits(replaces: ConnIndex, dest: Destination, dport: number, handOver: ClientAddress): boolean {
    const { fullnatKeys, table } = this.#conns
    if (replaces === NONE || !fullnatKeys.has(replaces)) return false
    const isOver = (fullnatKeys.words[keyAt(replaces) + HAND_OVER]! & DONE) !== 0
    if (handOver > TOA && !isOver) return false
    return this.#conns.destinationOf(replaces) === dest && table.words[replaces + DPORT_PROTOCOL]! >>> 16 === dport
  }
  /** Counts the connection if one was opened. */
  #counted(service: ScheduledService, dest: Destination, opened: Opened): Opened {
    if (!isOpen(opened)) return opened
    this.#balancing.counters.connectionOf(dest.counters, service.counters)
    return opened
  }
}

function noDestination(service: ScheduledService, flow: Flow): NotOpened {
  const isFtpData = service.port === FTP_PORT && flow.vport !== FTP_PORT
  return notOpened(isFtpData ? PASS : DROP_NO_DESTINATION)
}
function orTableFull(conn: ConnIndex): Opened {
  return conn === NONE ? notOpened(DROP_TABLE_FULL) : conn
}
