/*
 * Takes over the flows that another director has left in the kernel (packet/kept-flow.ts): makes their connections anew, with what was
 * counted, and of persistent services their templates, and withdraws the flows, whose next packets come up and are entered as any other's.
 *
 * A flow waits until its service and its real server are in the rules, FULLNAT's also for the local address; until then the other
 * director's program forwards it. Once all are taken over, or after 60 s, and a rest in which packets that were under way are counted, what is left
 * of the other director is removed.
 */
import type { Connections } from '../../conn/connections.js'
import { JIFFY_MS } from '../../conn/jiffies.js'
import { DPORT_PROTOCOL, IN_PKTS, NONE, type ConnIndex } from '../../conn/record.js'
import { emptyFlow } from '../../packet/flow.js'
import { EPOCH, FlowForm, FORM, NOTE_WORDS, SEEN, SEEN_UNIT_MS, SLOT_WORDS, SlotState } from '../../packet/flow-slot.js'
import {
  KEPT_BY_MARK,
  KEPT_CADDR,
  KEPT_COUNT_HIGH,
  KEPT_COUNT_LOW,
  KEPT_DADDR,
  KEPT_FLAGS,
  KEPT_IN_PKTS,
  KEPT_OCTETS,
  KEPT_PACKETS,
  KEPT_PORTS,
  KEPT_SERVER,
  KEPT_SERVICE,
  KEPT_STATE_SHIFT,
  KEPT_TAKEN,
  KEPT_TIMEOUT,
  KEPT_VADDR,
  KEPT_WORDS,
  type LeftFlows,
} from '../../packet/kept-flow.js'
import type { Destination } from '../../service/destination.js'
import { Method } from '../../service/method.js'
import { IpProtocol } from '../../wire/ipv4.js'
import type { Ipv4Addr } from '../../wire/addr.js'
import type { Persistence } from '../path/persistence.js'
import type { Balancing } from '../rules/balancing.js'
import type { ScheduledService } from '../rules/scheduled-service.js'
import { FlowCounts } from './flow-counts.js'
import { LocalSides } from './local-sides.js'

/** One poll looks at so many flows, or at 16 times as many slots without one. */
const A_POLL = 1024
const A_FLOW = 16
/** Between two looks at all that waits. */
const PAUSE_MS = 50
/** A flow whose service or real server is not there after so long is given up. */
const WAIT_MS = 60_000
/** No packet is under way for so long. */
const REST_MS = 1100

export interface AdoptionParts {
  readonly conns: Connections
  readonly balancing: Balancing
  readonly persistence: Persistence
  readonly nowMs: number
  /** The clock of SEEN. */
  readonly now: () => number
  /** Is told, in a line, what has become of the flows. */
  readonly report: (line: string) => void
}

export class Adoption {
  /** Connections that were taken over. */
  connections = 0
  /** Flows that wait for rules. */
  waiting = 0
  readonly #left: readonly LeftFlows[]
  readonly #parts: AdoptionParts
  readonly #localSides: LocalSides
  /** Of each that has left flows. */
  readonly #counts: readonly FlowCounts[]
  readonly #flow = emptyFlow()
  /** The slots that the first look has found flows in: later looks are of those alone. */
  readonly #slots: readonly number[][]
  /** Which of those who left flows is looked at, and from where on: a slot, later a place in its list. */
  #which = 0
  #at: number
  #found = 0
  #full = 0
  #pausedUntil = -Infinity
  /** All have been looked at, for now. */
  #isPaused = false
  readonly #giveUpAt: number
  #isFirst = true
  #isSettling = false
  #isOver = false

  constructor(left: readonly LeftFlows[], parts: AdoptionParts) {
    this.#left = left
    this.#parts = parts
    this.#counts = left.map(({ slots, end }) => new FlowCounts(slots, new Int32Array(end * NOTE_WORDS)))
    this.#slots = left.map(() => [])
    this.#localSides = new LocalSides(parts.conns)
    this.#at = left[0]?.first ?? 0
    this.#giveUpAt = parts.nowMs + WAIT_MS
    this.#isOver = left.length === 0
  }

  /** How long the next poll may wait, in ms. */
  get idleMs(): number {
    if (this.#isOver) return Infinity
    return this.#isPaused ? PAUSE_MS : 0
  }
  /** Looks at a share of the slots. */
  poll(nowMs: number): void {
    if (this.#isOver || nowMs < this.#pausedUntil) return
    this.#isPaused = false
    for (let work = 0; work < A_POLL * A_FLOW; work++) {
      const left = this.#left[this.#which]
      if (left === undefined) return this.#looked(nowMs)
      const slots = this.#slots[this.#which]!
      const isOver = this.#at === (this.#isFirst ? left.end : slots.length)
      if (isOver) this.#begin(this.#which + 1)
      else if (!this.#isFirst) work += this.#look(left, slots[this.#at++]!) ? A_FLOW - 1 : 0
      else if (this.#look(left, this.#at++)) {
        work += A_FLOW - 1
        slots.push(this.#at - 1)
      }
    }
  }
  /** Nothing more is taken over. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.waiting = 0
    for (const left of this.#left) left.remove()
  }

  #begin(which: number): void {
    this.#which = which
    this.#at = this.#isFirst ? (this.#left[which]?.first ?? 0) : 0
  }
  /** All have been looked at. */
  #looked(nowMs: number): void {
    if (this.#isSettling) {
      const lost = this.waiting
      this.end()
      return this.#parts.report(this.#summary(lost))
    }
    this.waiting = this.#found
    this.#found = 0
    this.#isFirst = false
    this.#begin(0)
    this.#isSettling = this.waiting === 0 || nowMs >= this.#giveUpAt
    this.#isPaused = true
    this.#pausedUntil = nowMs + (this.#isSettling ? REST_MS : PAUSE_MS)
  }
  #summary(lost: number): string {
    const what = `connections of an earlier director: ${this.connections} are taken over`
    const full = this.#full > 0 ? `, for ${this.#full} there was no room` : ''
    return what + full + (lost > 0 ? `, ${lost} flows are of no real server in the rules` : '')
  }

  /** Returns whether there was a flow. */
  #look(left: LeftFlows, slot: number): boolean {
    const { records, slots } = left
    const timeout = records[slot * KEPT_WORDS + KEPT_TIMEOUT]!
    if (this.#isSettling) {
      if (timeout === KEPT_TAKEN) this.#count(left, slot, NONE, false)
      return timeout === KEPT_TAKEN
    }
    if (timeout <= 0 || isNobodys(slots[slot * SLOT_WORDS + EPOCH]!)) return false
    this.#takeOver(left, slot, timeout)
    return true
  }
  #takeOver(left: LeftFlows, slot: number, timeout: number): void {
    const { records, slots } = left
    const at = slot * KEPT_WORDS
    const ago = Math.max(0, (this.#parts.now() - slots[slot * SLOT_WORDS + SEEN]!) | 0)
    const agoJiffies = Math.round((ago * SEEN_UNIT_MS) / JIFFY_MS)
    const isIdle = agoJiffies >= timeout
    // An idle direction waits for the second look: the other one, of the same connection, may have had packets since.
    if (isIdle && this.#isFirst) return void this.#found++
    const known = this.#known(records, at)
    const conn = known === NONE && !isIdle ? this.#reopened(left, slot, agoJiffies) : known
    if (conn === undefined) return void this.#found++
    if (conn !== NONE) {
      this.#count(left, slot, conn, true)
      if (!isIdle) this.#parts.conns.states.carriedAgo(conn, agoJiffies)
    }
    records[at + KEPT_TIMEOUT] = conn === NONE ? 0 : KEPT_TAKEN
    left.withdraw(slot)
  }

  /** The connection, if it has been made for the flow of its other direction; NONE: not, or another. */
  #known(records: Int32Array, at: number): ConnIndex {
    const flow = this.#flowOf(records, at)
    const { table } = this.#parts.conns
    const conn = table.lookupInbound(flow.protocol, flow.caddr, flow.cport, flow.vaddr, flow.vport)
    const isIt = conn !== NONE && table.words[conn + DPORT_PROTOCOL] === records[at + KEPT_SERVER]
    return isIt ? conn : NONE
  }
  #flowOf(records: Int32Array, at: number) {
    const flow = this.#flow
    const ports = records[at + KEPT_PORTS]!
    flow.protocol = records[at + KEPT_SERVER]! & 0xff
    flow.caddr = records[at + KEPT_CADDR]! as Ipv4Addr
    flow.cport = ports >>> 16
    flow.vaddr = records[at + KEPT_VADDR]! as Ipv4Addr
    flow.vport = ports & 0xffff
    return flow
  }

  /** Makes the connection anew. undefined: its rules are not there yet; NONE: it cannot be. */
  #reopened({ records }: LeftFlows, slot: number, agoJiffies: number): ConnIndex | undefined {
    const at = slot * KEPT_WORDS
    const service = this.#serviceOf(records, at)
    const dest = service && realServerOf(service, records, at)
    if (service === undefined || dest === undefined) return undefined
    const { conns, balancing } = this.#parts
    const flags = records[at + KEPT_FLAGS]!
    const isFullnat = (flags & 7) === Method.FULLNAT
    if (isFullnat && !this.#localSides.mayClaim(service, records, at)) return undefined
    const flow = this.#flowOf(records, at)
    const dport = records[at + KEPT_SERVER]! >>> 16
    const conn = conns.reopen(flow, dest, dport, {
      flags: flags & 0xffff,
      state: (flags >>> KEPT_STATE_SHIFT) & 0xff,
      timeout: records[at + KEPT_TIMEOUT]!,
      ago: agoJiffies,
      inPkts: records[at + KEPT_IN_PKTS]!,
    })
    if (conn === NONE || (isFullnat && !this.#localSides.claim(conn, records, at))) {
      if (conn !== NONE) conns.dropNow(conn)
      this.#full++
      return NONE
    }
    this.connections++
    this.#parts.persistence.renew(service, flow, dest, conn)
    balancing.counters.connectionOf(dest.counters, service.counters)
    return conn
  }
  #serviceOf(records: Int32Array, at: number): ScheduledService | undefined {
    const mark = (records[at + KEPT_FLAGS]! & KEPT_BY_MARK) === 0 ? 0 : records[at + KEPT_SERVICE]! >>> 0
    if (mark !== 0) return this.#parts.balancing.find({ mark, protocol: IpProtocol.TCP, addr: 0 as Ipv4Addr, port: 0 })
    const protocol = records[at + KEPT_SERVER]! & 0xff
    const addr = records[at + KEPT_VADDR]! as Ipv4Addr
    return this.#parts.balancing.find({ mark, protocol, addr, port: records[at + KEPT_SERVICE]! })
  }

  /** Counts the flow's packets: all of them, `isWhole`, or what has come since; of the connection, if it is given. */
  #count({ records, slots }: LeftFlows, slot: number, conn: ConnIndex, isWhole: boolean): void {
    const at = slot * KEPT_WORDS
    const counts = this.#counts[this.#which]!
    if (isWhole) counts.begin(slot, records[at + KEPT_COUNT_LOW]!, records[at + KEPT_COUNT_HIGH]!)
    const isMore = counts.take(slot)
    let [packets, octets] = isMore ? [counts.packets, counts.octets] : [0, 0]
    if (isWhole) {
      const doubles = new Float64Array(records.buffer, records.byteOffset, records.length >>> 1)
      packets += doubles[(at + KEPT_PACKETS) >>> 1]!
      octets += doubles[(at + KEPT_OCTETS) >>> 1]!
    }
    const { balancing, conns } = this.#parts
    const service = this.#serviceOf(records, at)
    const dest = service && realServerOf(service, records, at)
    if (packets === 0 || service === undefined || dest === undefined) return
    if (!isInbound(slots, slot))
      return balancing.counters.outboundMany(dest.counters, service.counters, packets, octets)
    balancing.counters.inboundMany(dest.counters, service.counters, packets, octets)
    const known = conn === NONE ? this.#known(records, at) : conn
    if (known !== NONE) conns.table.words[known + IN_PKTS]! += packets
  }
}

/** The flow has left, or was not all written when its director ended. */
function isNobodys(epoch: number): boolean {
  return epoch === SlotState.FREE || epoch === SlotState.RESTING || epoch === SlotState.CLAIMED
}
function isInbound(slots: Int32Array, slot: number): boolean {
  return (slots[slot * SLOT_WORDS + FORM]! & FlowForm.OUTBOUND) === 0
}
/** A service of port 0 has real servers without a port. */
function realServerOf(service: ScheduledService, records: Int32Array, at: number): Destination | undefined {
  const addr = records[at + KEPT_DADDR]! as Ipv4Addr
  return service.destination(addr, records[at + KEPT_SERVER]! >>> 16) ?? service.destination(addr, 0)
}
