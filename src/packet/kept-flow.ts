/*
 * What is kept of a flow beside its slot (flow-slot.ts), so that it can outlive its director: enough for the next one to make
 * its connection anew. A record of 20 words a slot, by the slot's number. Addresses and ports are host numbers.
 */

export const KEPT_WORDS = 20

// As in a connection's record (conn/record.ts).
export const KEPT_CADDR = 0
/** cport << 16 | vport */
export const KEPT_PORTS = 1
export const KEPT_VADDR = 2
export const KEPT_DADDR = 3
/** dport << 16 | protocol */
export const KEPT_SERVER = 4
/** The connection's flags (16 bits), above them its state (8 bits), then KEPT_BY_MARK. */
export const KEPT_FLAGS = 5
/** Its timeout, in jiffies. 0: the record is of no flow; KEPT_TAKEN: another director has made its connection. */
export const KEPT_TIMEOUT = 6
/** Of its service: the mark, or the port. */
export const KEPT_SERVICE = 7
/** FULLNAT: the local side; 0: none. */
export const KEPT_LADDR = 8
/** lport << 16 | the hand-over's state, without a PROXY header's length */
export const KEPT_LOCAL = 9
/** The client's packets before the flow was entered. */
export const KEPT_IN_PKTS = 10
/** Packets and octets of the flow that its director has counted: doubles, by the index of the first word halved. */
export const KEPT_PACKETS = 12
export const KEPT_OCTETS = 14
/** COUNT of the slot as it was then. */
export const KEPT_COUNT_LOW = 16
export const KEPT_COUNT_HIGH = 17

export const KEPT_BY_MARK = 1 << 24
export const KEPT_STATE_SHIFT = 16
export const KEPT_TAKEN = -1

/** FORM's 16 bits from here on: the seconds without a packet after which the flow ends while no director runs. */
export const KEPT_SECONDS_SHIFT = 8
export const KEPT_MOST_SECONDS = 0xffff

/** Where a director keeps what is to outlive it. */
export interface FlowKeeping {
  readonly records: Int32Array
  /** The director lives: called at least every two seconds while there are flows. */
  beat(): void
  /** No flow has a longer timeout than `seconds`. */
  extend(seconds: number): void
}

/** The flows of a director that is no more, in memory that its program goes on using. */
export interface LeftFlows {
  readonly slots: Int32Array
  readonly records: Int32Array
  /** The slots of flows: from `first` to before `end`. */
  readonly first: number
  readonly end: number
  /** The program leaves the packets of the slot's flow to this director from now on. */
  withdraw(slot: number): void
  /** Nothing is wanted of them any more: program and maps go. The memory is gone afterwards. */
  remove(): void
}
