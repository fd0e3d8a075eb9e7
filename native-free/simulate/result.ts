/*
 * What a simulation found: the one shape that the table, `--json` and the report are made of. Same scenario and seed: same octets as
 * JSON, so nothing here is a date, a path or a duration of the real clock. Times are virtual, in ms from the beginning.
 */

export interface SimulationResult {
  format: 'uvs-simulation-1'
  /** The scenario's `name`. */
  name: string
  seed: number
  durationMs: number
  requests: RequestTotals
  /** In the scenario's order. */
  realServers: RealServerResult[]
  directors: DirectorResult[]
  /** Largest name first by count. Of all directors together. */
  drops: DropResult[]
  /** Everything over time: all arrays in it, and in `realServers` and `directors`, have as many elements as `series.endMs`. */
  series: Series
  /** In order of time: changes of the scenario, and what came of them by itself (checks, virtual routers, drains). */
  events: TimelineEvent[]
  /** One for each real server that was drained, in order of their begin. */
  drains: DrainResult[]
  /** One for each failure, recovery and partition, in order of time. */
  recoveries: RecoveryResult[]
  assertions: AssertionResult[]
  /** Every assertion holds. */
  ok: boolean
}

/** A request is one of these in the end. Each is on a connection of its own, unless the clients keep theirs (`requests: N each`). */
export interface RequestTotals {
  started: number
  answered: number
  /** Its connection was open, and then reset or silent for longer than the clients' `timeout`. */
  broken: number
  /** Its connection was refused before it was open, by RST or ICMP; or the real server's queue was full. */
  refused: number
  /** Its connection did not open in `timeout`. */
  timedOut: number
  /** Begun, and not over when the simulation ended. */
  unfinished: number
  /** Of UDP: those that another real server got than the one before from the same port of the client. */
  moved: number
  /** Of those answered: from SYN, or the datagram, to the last octet of the answer, ms. 0 if none was. */
  latencyMs: Latency
}

export interface Latency {
  p50: number
  p90: number
  p99: number
  max: number
}

export interface RealServerResult {
  name: string
  address: string
  /** Connections that it took, and their share of all real servers' in percent (two decimals). */
  connections: number
  sharePercent: number
  /** Requests that it answered. */
  answered: number
  /** Requests refused since its queue was full. */
  overflowed: number
  /** The longest that its queue was, and the longest that a request waited in it, ms. */
  queueMost: number
  queuedMsMost: number
  /** Share of its time that its places were taken, in percent (two decimals), while it was up. */
  busyPercent: number
  /** Connections that broke on it. */
  broken: number
  series: {
    /** New connections in each interval. */
    connections: number[]
    /** Requests answered in each interval. */
    answered: number[]
    /** At the end of each interval: requests being worked at, waiting, and connections open at the real server. */
    busy: number[]
    queued: number[]
    open: number[]
    /** At the end of each interval, of the director that clients reach: as `uvsadm -Ln` shows them; the sum over its services. */
    activeConns: number[]
    inactConns: number[]
    /** The largest weight in any service; -1: it is in none. */
    weight: number[]
    /** 1: up; 0: failed. */
    up: number[]
  }
}

export interface DirectorResult {
  name: string
  /** Frames that it received and sent. */
  received: number
  sent: number
  /** The most connections in its table. */
  connectionsMost: number
  series: {
    /** Connections in its table at the end of each interval. */
    connections: number[]
    /** Frames that it dropped in each interval. */
    dropped: number[]
    /** Of its virtual router; '' without one: 'MASTER', 'BACKUP', 'FAULT', 'INIT'. */
    state: string[]
  }
}

export interface DropResult {
  /** A verdict of the director, 'drop-…', or or of what was lost outside of it: 'link-loss', 'link-partition', 'host-down', 'address-nowhere'. */
  reason: string
  count: number
  /** In each interval. */
  series: number[]
}

export interface Series {
  /** The length of an interval. */
  stepMs: number
  /** The end of each; the last may be shorter. */
  endMs: number[]
  /** Requests in each interval: begun, answered, and failed (broken, refused or timed out). */
  started: number[]
  answered: number[]
  failed: number[]
  broken: number[]
  /** Of those answered in the interval, ms; 0 if none was. */
  p50Ms: number[]
  p99Ms: number[]
  /**
   * Largest of the real servers' shares of the interval's new connections, each divided by its share of the weight: 1 is even. Real
   * servers without weight are left out; 0: no connection came.
   */
  imbalance: number[]
  /** SYNs of floods in each interval. */
  flood: number[]
}

export interface TimelineEvent {
  atMs: number
  kind: 'rules' | 'fail' | 'recover' | 'partition' | 'heal' | 'drain' | 'check' | 'vrrp' | 'flood'
  /** One line, as the table shows it: 'uvsadm -e -t …', 'rs1 fails', 'lb2 is MASTER'. */
  text: string
  /** By itself, not a line of the scenario. */
  isOutcome: boolean
}

export interface DrainResult {
  realServer: string
  beganMs: number
  /** When its last connection ended; null: it had some until the end. */
  tookMs: number | null
  /** Connections that were left when the deadline passed, and were ended. */
  cut: number
}

export interface RecoveryResult {
  /** The text of its event. */
  event: string
  atMs: number
  /**
   * How long after it the last request began that failed before the next such event; 0: at most what was open then. null: requests that
   * began in the last interval of that time still failed.
   */
  tookMs: number | null
  /** Requests that failed in that time. */
  failed: number
}

export interface AssertionResult {
  /** As the scenario has it. */
  text: string
  ok: boolean
  /** What was found, in words: 'rs2 had 75.0 %'. */
  found: string
}
