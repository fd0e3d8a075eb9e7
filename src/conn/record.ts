/**
 * A connection is one record of 16 words (64 octets: a cache line) in one Int32Array. These are its fields, as offsets
 * in words. A ConnIndex is the offset of a record's first word, so `words[conn + CADDR]` reads a field.
 */
export type ConnIndex = number & { readonly __conn: true }

/** No connection; also the end of every list in the table. */
export const NONE = -1 as ConnIndex

export const RECORD_WORDS = 16

export const CADDR = 0
/** cport << 16 | vport */
export const CPORT_VPORT = 1
export const VADDR = 2
export const DADDR = 3
/** dport << 16 | protocol */
export const DPORT_PROTOCOL = 4
/** ConnFlag bits. */
export const FLAGS = 5
/** The state (8 bits), and above it the number of connections that this one controls. */
export const STATE_CHILDREN = 6
/** Index of the destination. */
export const DEST = 7
/** Next in the hash bucket; in a free record, the next free one. */
export const NEXT = 8
/** Next and previous record in the timer wheel's slot (timer-wheel.ts). */
export const TIMER_NEXT = 9
export const TIMER_PREV = 10
/** The jiffy at which the wheel visits the record, never later than EXPIRES. */
export const TIMER_AT = 11
/** The jiffy at which the connection's timer fires. */
export const EXPIRES = 12
/** The timeout in jiffies: each packet restarts the timer with it. */
export const TIMEOUT = 13
/** Inbound packets so far. */
export const IN_PKTS = 14
/** The connection that controls this one: the template, for a persistent service's connection. NONE: none. */
export const CONTROLLER = 15

/**
 * The kernel's values (ipvs-behaviour.md §4.2). METHOD: the bits of a Method (service/method.ts). NO_OUTPUT: the method is
 * one-way and no answer has been seen.
 */
export const ConnFlag = {
  METHOD: 0x0007,
  /** Of uvs alone: its packets are recorded. */
  SAMPLED: 0x0008,
  /** Of uvs alone: a program of this host is the client, and is reached by the loopback interface. */
  OF_HOST: 0x0010,
  NO_OUTPUT: 0x0080,
  INACTIVE: 0x0100,
  TEMPLATE: 0x1000,
  ONE_PACKET: 0x2000,
  /** Of uvs alone: a flow of it has been offloaded, and may be still. */
  HAD_FLOW: 0x4000,
} as const

/** The states of a template (ipvs-behaviour.md §5.4). */
export const TemplateState = { NONE: 0, ASSURED: 1 } as const

/** One child's weight in STATE_CHILDREN. */
export const ONE_CHILD = 0x100
