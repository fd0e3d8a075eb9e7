import { integer, optional, text, UNSIGNED } from './check.js'
import type { ConnectionInfo } from './connections.js'
import { LONGEST_FILTER, MOST_EXPLAINED } from './explain-limits.js'
import type { OffloadHere } from './offload.js'
import { takes } from './shape.js'

/** A header's field, such as 'ip.dst', and what stands there. */
export type FieldInfo = [name: string, value: string]

/** A real server as the scheduler saw it. */
export interface CandidateInfo {
  /** 'address:port' */
  server: string
  weight: number
  active: number
  inactive: number
  /** Why it could not be chosen: its weight is 0, or it is overloaded. Not there: it could. */
  refused?: 'weight-0' | 'overloaded'
  /** What the scheduler goes by, in words: '513 ÷ 2 = 256.5'. Not there: this scheduler does not say. */
  view?: string
}

/** What was decided of a packet, in the order in which it was. */
export type ExplainedStep =
  /** A look-up among open connections. */
  | { step: 'connection'; by: string; connection?: ConnectionInfo }
  /** That connection does not carry the packet. */
  | { step: 'set-aside'; why: 'replaced' | 'gone' }
  | { step: 'service'; mark: number; service?: string; scheduler?: string; persistent?: number }
  | { step: 'template'; connection?: ConnectionInfo }
  /** `more`: real servers that are not listed. `rule`: what the scheduler goes by. */
  | { step: 'scheduler'; scheduler: string; rule?: string; chosen?: string; candidates: CandidateInfo[]; more: number }
  /** Not there: no route. */
  | { step: 'route'; to: string; link?: string; nextHop?: string; mtu?: number }
  /** A frame that left. `changed`: fields that are not as they came in. */
  | { step: 'sent'; link: string; toKernel: boolean; taken: boolean; octets: number; changed: [...FieldInfo, string][] }
  | ExplainedOffload

/** The last step, where the packet is of a flow and the director has a flow program: whether that forwards the flow's packets. */
export interface ExplainedOffload {
  step: 'offload'
  /** From the client, or from the real server. */
  way: 'inbound' | 'outbound'
  standing: OffloadStanding
  /** young: packets of the client until the flow is entered, and those so far. */
  after?: number
  packets?: number
}

/**
 * `forwarded`: it does. `noProgram`: it does not run where the packet came in.
 * `sampled`: the flight recorder samples the connection. The others: why not, as of `offload`.
 */
export type OffloadStanding = 'forwarded' | 'noProgram' | keyof OffloadHere

/** Why a packet went where it went. */
export interface Explanation {
  /** Unix time, in ms. */
  at: number
  /** The interface that it came in by. */
  link: string
  /** In a line, as tcpdump would put it. */
  packet: string
  fields: FieldInfo[]
  /** The frame as it came in, hexadecimal, at most 2048 octets. */
  octets: string
  length: number
  steps: ExplainedStep[]
  verdict: string
  /** The packet's connection when all was done. */
  connection?: ConnectionInfo
}

const filter = text(`a filter of ${LONGEST_FILTER} characters at most`, found => found.length <= LONGEST_FILTER)

export const explain = {
  /**
   * Explains the next `count` packets that the filter (docs/explain.md) takes; '' takes all. One watch at a time: EBUSY. It ends when it
   * has not been asked for ten seconds. `flows`: of those that are forwarded by a program so many come up for it, and of more than that none;
   * not there: all.
   */
  watch: takes({ filter, count: integer(1, MOST_EXPLAINED), flows: optional(integer(0, UNSIGNED)) }),
  /**
   * What has been explained since it was last asked, at most 16; more may follow. `isOver`: there is no watch, or all its packets are told.
   * `leavesFlows`: a program forwards more of its flows than `flows` lets come up; their packets are not seen.
   */
  watched: takes({}).returns<{ explanations: Explanation[]; isOver: boolean; leavesFlows?: boolean }>(),
  /** Ends the watch. */
  unwatch: takes({}),
}
