import { optional, place } from './check.js'
import type { OffloadCounts } from './offload.js'
import type { ServiceSums } from './service-columns.js'
import type { ServiceKey } from './service-key.js'
import { takes } from './shape.js'
import type { Counted, StatsInfo } from './stats.js'

/** The counters of all services together, deleted ones included. */
export interface TotalsInfo extends Counted {
  /** Live counters: not as of the last tick, and never zeroed. */
  live: StatsInfo
  /** The live counters of each worker of the data plane. */
  workers: StatsInfo[]
}

/** A histogram: `counts[i]` counts values above `upTo[i - 1]` and at most `upTo[i]`; the last count, larger values. */
export interface Buckets {
  upTo: number[]
  counts: number[]
  sum: number
}

/** Of the frames that came in, since the start: with `verdicts`, what became of each (conservation.ts). */
export interface FrameFigures {
  received: number
  /** For another worker, which answers. */
  overheard: number
  /** They wait now for a next hop's MAC; pieces, for the datagram's others. */
  waitingFrames: number
  waitingPieces: number
  /** They were held and left. */
  sentLater: number
  /** Pieces that were held and are joined with the last one, which has the datagram's verdict. */
  joined: number
  /** What `verdicts` counts besides frames' own verdicts, by name: copies and datagrams that were given up, frames of uvs's own. */
  countedLater: Record<string, number>
  /** Frames that were held and went no further, by name. */
  lostLater: Record<string, number>
}

/** The director's own numbers for metrics. Times in seconds; counters are live, since the start. */
export interface DirectorFigures {
  /** Like the operation `verdicts`, without the devices' losses. */
  verdicts: Record<string, number>
  frames: FrameFigures
  devices: { name: string; dropped: number }[]
  totals: StatsInfo
  /** The age of the shown counters. */
  estimatorAge: number
  connections: { capacity: number; open: number; templates: number; timersBehind: number }
  /** FULLNAT's pairs of local address and port: in use, and resting. */
  localPorts: { inUse: { address: string; count: number }[]; resting: number }
  neighbours: { learnt: number; asking: number; fixed: number }
  /** Frames that wait for a neighbour's answer, and datagrams that wait for their other fragments. */
  heldFrames: number
  heldDatagrams: number
  /** Of the program that forwards flows; undefined without one. */
  offload?: OffloadCounts
  /** Of the loop's turns that had frames or requests; undefined without a loop. */
  turns?: { seconds: Buckets; frames: Buckets }
  /** Bytes of the data plane's JavaScript heap; undefined if it has no thread of its own. */
  heap?: { used: number; total: number }
  /** Each worker of the data plane. `turns` and `heap` above are their sums. */
  workers: WorkerFigures[]
}
export interface WorkerFigures {
  turns?: { seconds: Buckets; frames: Buckets }
  heap?: { used: number; total: number }
}

/** Live counters since the service or the real server was added: not as of the last tick, and never zeroed. */
export type ServiceFigures = ServiceKey & {
  scheduler: string
  isPersistent: boolean
  live: StatsInfo
  /**
   * DESTINATION_COLUMNS numbers for each real server, by DestinationColumn. No objects, since there may be 50 000 and the data
   * plane's thread makes them.
   */
  destinations: number[]
}
/**
 * ADDRESS is an unsigned 32-bit number, METHOD the kernel's number (service/method.ts), OVERLOADED 0 or 1; from CONNS on
 * StatsInfo.
 */
export const DestinationColumn = {
  ADDRESS: 0,
  PORT: 1,
  METHOD: 2,
  WEIGHT: 3,
  UPPER_THRESHOLD: 4,
  LOWER_THRESHOLD: 5,
  OVERLOADED: 6,
  ACTIVE_CONNS: 7,
  INACT_CONNS: 8,
  PERSIST_CONNS: 9,
  CONNS: 10,
  IN_PKTS: 11,
  OUT_PKTS: 12,
  IN_BYTES: 13,
  OUT_BYTES: 14,
} as const
export const DESTINATION_COLUMNS = 15
export interface ServiceFiguresPage {
  services: ServiceFigures[]
  /** Where the next page starts; null after the last. */
  next: string | null
}

export const figures = {
  totals: takes({}).returns<TotalsInfo>(),
  /** Counts of verdicts by name since the start, drops included. */
  verdicts: takes({}).returns<Record<string, number>>(),
  /**
   * The numbers behind /metrics: of the director, and a page of services (continue with `next`). A page holds whole
   * services.
   */
  figures: takes({}).returns<DirectorFigures>(),
  'service-figures': takes({ from: optional(place) }).returns<ServiceFiguresPage>(),
  /** What each service comes to. */
  'service-sums': takes({}).returns<ServiceSums>(),
}
