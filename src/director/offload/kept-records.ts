import type { Connections } from '../../conn/connections.js'
import { HAND_OVER, keyAt, LADDR, LPORT } from '../../conn/fullnat-keys.js'
import { HZ } from '../../conn/jiffies.js'
import {
  CADDR,
  CPORT_VPORT,
  DADDR,
  DPORT_PROTOCOL,
  FLAGS,
  IN_PKTS,
  TIMEOUT,
  VADDR,
  type ConnIndex,
} from '../../conn/record.js'
import { COUNT_HIGH, COUNT_LOW, SLOT_WORDS } from '../../packet/flow-slot.js'
import {
  KEPT_BY_MARK,
  KEPT_CADDR,
  KEPT_COUNT_HIGH,
  KEPT_COUNT_LOW,
  KEPT_DADDR,
  KEPT_FLAGS,
  KEPT_IN_PKTS,
  KEPT_LADDR,
  KEPT_LOCAL,
  KEPT_MOST_SECONDS,
  KEPT_OCTETS,
  KEPT_PACKETS,
  KEPT_PORTS,
  KEPT_SECONDS_SHIFT,
  KEPT_SERVER,
  KEPT_SERVICE,
  KEPT_STATE_SHIFT,
  KEPT_TIMEOUT,
  KEPT_VADDR,
  KEPT_WORDS,
  type FlowKeeping,
} from '../../packet/kept-flow.js'
import type { FlowCounts } from './flow-counts.js'

/** Writes what is kept of flows (packet/kept-flow.ts), so that the next director can take them over. No allocation. */
export class KeptRecords {
  readonly #keeping: FlowKeeping
  readonly #slots: Int32Array
  readonly #conns: Connections
  readonly #counts: Float64Array
  #longest = 0

  constructor(keeping: FlowKeeping, slots: Int32Array, conns: Connections) {
    this.#keeping = keeping
    this.#slots = slots
    this.#conns = conns
    const { buffer, byteOffset, length } = keeping.records
    this.#counts = new Float64Array(buffer, byteOffset, length >>> 1)
  }

  /**
   * Keeps the connection in the slot's record; `isNew`: nothing has been counted of its flow. Call it before the slot has an epoch. Returns
   * what is to stand in FORM beside `FlowForm` bits: how long the program may forward it alone.
   */
  write(slot: number, conn: ConnIndex, isNew: boolean): number {
    const { records } = this.#keeping
    const { words } = this.#conns.table
    const { service } = this.#conns.destinationOf(conn)
    const at = slot * KEPT_WORDS
    const timeout = words[conn + TIMEOUT]!
    records[at + KEPT_CADDR] = words[conn + CADDR]!
    records[at + KEPT_PORTS] = words[conn + CPORT_VPORT]!
    records[at + KEPT_VADDR] = words[conn + VADDR]!
    records[at + KEPT_DADDR] = words[conn + DADDR]!
    records[at + KEPT_SERVER] = words[conn + DPORT_PROTOCOL]!
    const byMark = service.mark === 0 ? 0 : KEPT_BY_MARK
    records[at + KEPT_FLAGS] =
      (words[conn + FLAGS]! & 0xffff) | (this.#conns.stateOf(conn) << KEPT_STATE_SHIFT) | byMark
    records[at + KEPT_SERVICE] = service.mark || service.port
    records[at + KEPT_TIMEOUT] = timeout
    this.#writeLocalSide(at, conn)
    if (isNew) {
      records[at + KEPT_IN_PKTS] = words[conn + IN_PKTS]!
      this.#counts[(at + KEPT_PACKETS) >>> 1] = 0
      this.#counts[(at + KEPT_OCTETS) >>> 1] = 0
      records[at + KEPT_COUNT_LOW] = this.#slots[slot * SLOT_WORDS + COUNT_LOW]!
      records[at + KEPT_COUNT_HIGH] = this.#slots[slot * SLOT_WORDS + COUNT_HIGH]!
    }
    const seconds = Math.min(Math.ceil(timeout / HZ), KEPT_MOST_SECONDS)
    if (seconds > this.#longest) {
      this.#longest = seconds
      this.#keeping.extend(seconds)
    }
    return seconds << KEPT_SECONDS_SHIFT
  }
  #writeLocalSide(at: number, conn: ConnIndex): void {
    const { records } = this.#keeping
    const { fullnatKeys } = this.#conns
    const hasLocalSide = fullnatKeys.has(conn)
    const { words } = fullnatKeys
    const mine = keyAt(conn)
    records[at + KEPT_LADDR] = hasLocalSide ? words[mine + LADDR]! : 0
    records[at + KEPT_LOCAL] = hasLocalSide ? (words[mine + LPORT]! << 16) | (words[mine + HAND_OVER]! & 0xffff) : 0
  }

  /** The director has counted so much of the slot's flow. */
  counted(slot: number, { packets, octets, low, high }: FlowCounts): void {
    const { records } = this.#keeping
    const at = slot * KEPT_WORDS
    this.#counts[(at + KEPT_PACKETS) >>> 1]! += packets
    this.#counts[(at + KEPT_OCTETS) >>> 1]! += octets
    records[at + KEPT_COUNT_LOW] = low
    records[at + KEPT_COUNT_HIGH] = high
  }
  /** Once a turn. */
  beat(): void {
    this.#keeping.beat()
  }
}
