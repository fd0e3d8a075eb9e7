import type { Link } from './link.js'
import type { MacAddr } from '../wire/addr.js'
import type { FlowKeeping } from './kept-flow.js'

/** The verdict of `FlowTable.lost`. */
export const DROP_FLOW_UNFINISHED = 'drop-flow-unfinished'

/**
 * The flows that a program forwards without asking the director, in memory that both share (flow-slot.ts). The director writes it and
 * reads it without a system call.
 */
export interface FlowTable {
  /** The slots. The director has those of its own range, from `first` on, `count` of them. */
  readonly slots: Int32Array
  readonly first: number
  readonly count: number
  /** As `first` and `count`, of next hops. */
  readonly firstHop: number
  readonly hopCount: number
  /** Frames that the program dropped since it runs: it had begun to rewrite them and could not finish. The first director has all of them. */
  readonly lost: number
  /** Where flows are kept that are to outlive the director. */
  readonly keeping?: FlowKeeping

  /** Flows whose slot has another epoch come up from now on. Not 0. */
  setEpoch(epoch: number): void
  /** Now, in 2^20 ns (1.05 ms), 32 bits that wrap: the clock of SEEN. */
  now(): number
  /** Whether the program runs where the link's frames come in, and can send by it. */
  serves(link: Link): boolean
  /** Where a next hop is. Packets to it use this MAC from now on, wholly. */
  setHop(hop: number, link: Link, mac: MacAddr): void
  /** Packets to it come up from now on. */
  clearHop(hop: number): void
  /**
   * Enters the flow with the key at `index` of `keys`, FLOW_KEY_WORDS each, in place of an entry that it has. The slot must have been
   * written. Returns false where there is no room for this one.
   */
  enter(keys: Int32Array, index: number, slot: number): boolean
  /** Withdraws a flow; one that is not there is no mistake. */
  withdraw(keys: Int32Array, index: number): void
}
