import { optional, place } from './check.js'
import type { ServiceKey } from './service-key.js'
import { takes } from './shape.js'
import type { Counted, StatsInfo } from './stats.js'

/** What all services count, those that were deleted too. */
export interface TotalsInfo extends Counted {
  /** As it is now, not as of the last tick, and never set to zero. */
  live: StatsInfo
  /** The same of each worker of the data plane. */
  workers: StatsInfo[]
}

/** Counts by size: `counts[i]` is what was at most `upTo[i]`, and more than `upTo[i - 1]`; the last count, what was more. */
export interface Buckets {
  upTo: number[]
  counts: number[]
  sum: number
}

/** What metrics show of the director as a whole; times in seconds, counts since the start. */
export interface DirectorFigures {
  /** As `verdicts`, the devices' losses apart. */
  verdicts: Record<string, number>
  devices: { name: string; dropped: number }[]
  totals: StatsInfo
  /** How old the numbers are that listings show. */
  estimatorAge: number
  connections: { capacity: number; open: number; templates: number; timersBehind: number }
  /** Pairs of local address and port that FULLNAT has in use, and those that rest. */
  localPorts: { inUse: { address: string; count: number }[]; resting: number }
  neighbours: { learnt: number; asking: number; fixed: number }
  /** Frames that wait for a neighbour's answer, and datagrams that wait for their other pieces. */
  heldFrames: number
  heldDatagrams: number
  /** Of the loop's turns that had frames or requests; left out where there is no loop. */
  turns?: { seconds: Buckets; frames: Buckets }
  /** Bytes of the data plane's JavaScript heap; left out where it has no thread of its own. */
  heap?: { used: number; total: number }
  /** The last two of each worker of the data plane, of which they are the sums. */
  workers: WorkerFigures[]
}
export interface WorkerFigures {
  turns?: { seconds: Buckets; frames: Buckets }
  heap?: { used: number; total: number }
}

/** As of now, and since the service or the real server was added: not as of the last tick, nor less what was zeroed. */
export type ServiceFigures = ServiceKey & {
  scheduler: string
  isPersistent: boolean
  live: StatsInfo
  /**
   * DESTINATION_COLUMNS numbers for each real server, by DestinationColumn: in the place of objects, since there may be
   * 50 000 and the data plane makes them.
   */
  destinations: number[]
}
/** ADDRESS is an unsigned 32-bit number, METHOD the kernel's number (service/method.ts), OVERLOADED 0 or 1; from CONNS on as Stats. */
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
  /** Verdicts by name since start, the drops among them. */
  verdicts: takes({}).returns<Record<string, number>>(),
  /** What /metrics shows, and a page of it by service: go on with `next`. Pages are of whole services. */
  figures: takes({}).returns<DirectorFigures>(),
  'service-figures': takes({ from: optional(place) }).returns<ServiceFiguresPage>(),
}
