import type { Link } from './link.js'
import type { MacAddr } from '../wire/addr.js'
import type { FlowKeeping } from './kept-flow.js'

/** Addresses and ports of a flow's packets as they come in, as words of the frame, so that an address here is no Ipv4Addr; and the protocol. */
export interface FlowKey {
  src: number
  dst: number
  ports: number
  protocol: number
}

/** The verdict of `FlowTable.lost`. */
export const DROP_FLOW_UNFINISHED = 'drop-flow-unfinished'

/**
 * The flows that a program forwards without asking the director, in memory that both share (flow-slot.ts). The director writes it and
 * reads it without a system call.
 */
export interface FlowTable {
  /** The slots. Those of flows are `count`, from `first` on; directors that share them claim each for itself. */
  readonly slots: Int32Array
  readonly first: number
  readonly count: number
  /** A note for each slot, which the director that has it writes (flow-slot.ts). */
  readonly notes: Int32Array
  /** The most flows of this director, and the most slots, with those that rest. */
  readonly most: number
  readonly mostSlots: number
  /** Its number among them, 0 to 15. */
  readonly director: number
  /** The director's next hops. */
  readonly firstHop: number
  readonly hopCount: number
  /** Frames that the program dropped since it runs: it had begun to rewrite them and could not finish. The first director has all of them. */
  readonly lost: number
  /** Where flows are kept that are to outlive the director. */
  readonly keeping?: FlowKeeping

  /** The director's flows whose slot has another epoch come up from now on. Not 0; its lower bits are the director's number. */
  setEpoch(epoch: number): void
  /** Now, in 2^20 ns (1.05 ms), 32 bits that wrap: the clock of SEEN. */
  now(): number
  /** Whether the program runs where the link's frames come in, and can send by it. */
  serves(link: Link): boolean
  /** Where a next hop is. Packets to it use this MAC from now on, wholly. */
  setHop(hop: number, link: Link, mac: MacAddr): void
  /** Packets to it come up from now on. */
  clearHop(hop: number): void
  /** A flow may have so many slots, from `firstPlace` on. */
  readonly places: number
  firstPlace(key: FlowKey): number
  /** A slot in which the program looks for the flow with this key, the director's from now on (`SlotState.CLAIMED`); 0: none is free. */
  claim(key: FlowKey): number
  /** The flow of a slot that was claimed comes up from now on. The slot is RESTING: the director sets it FREE. */
  leave(slot: number): void
}
