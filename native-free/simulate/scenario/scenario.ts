import type { Cidr, Ipv4Addr } from '../../../src/wire/addr.js'

/* A scenario with every default filled in. Times are ms, sizes octets, shares 0 to 1. docs/scenarios.md has the file's form. */

/** Where a number is drawn from. */
export type Distribution =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly from: number; readonly to: number }
  | { readonly kind: 'exponential'; readonly mean: number }
  /** Heavy tailed: the least value, and the shape; the mean is endless for a shape of 1 or less. */
  | { readonly kind: 'pareto'; readonly least: number; readonly shape: number }
  | { readonly kind: 'lognormal'; readonly median: number; readonly sigma: number }

/** When connections begin. */
export type Arrivals =
  /** Independent of each other. */
  | { readonly kind: 'poisson'; readonly perSecond: number }
  /** Evenly spaced. */
  | { readonly kind: 'constant'; readonly perSecond: number }
  /** Gaps uniform from 0 to twice the mean. */
  | { readonly kind: 'uniform'; readonly perSecond: number }
  /** So many at once, each `everyMs`. */
  | { readonly kind: 'burst'; readonly size: number; readonly everyMs: number }

export interface LinkQuality {
  readonly delayMs: number
  /** A frame takes up to so much longer; those of one way keep their order. */
  readonly jitterMs: number
  readonly loss: number
  /** The share of frames that later ones overtake. */
  readonly reorder: number
}

export interface Target {
  readonly addr: Ipv4Addr
  readonly port: number
}

export interface ClientGroup {
  readonly name: string
  /** Each connection comes from one of its hosts, chosen evenly. */
  readonly network: Cidr
  readonly to: Target
  readonly protocol: 'tcp' | 'udp'
  readonly arrivals: Arrivals
  readonly fromMs: number
  readonly untilMs: number
  /** The most connections that it opens. */
  readonly most: number
  readonly perConnection: number
  /** Between two requests of a connection. */
  readonly think: Distribution
  /** Of an answer. */
  readonly size: Distribution
  readonly timeoutMs: number
  readonly link: LinkQuality
}

export interface RealServerPlan {
  readonly name: string
  readonly addr: Ipv4Addr
  /** Requests that it works at at once. */
  readonly places: number
  readonly service: Distribution
  /** Requests that may wait for a place. */
  readonly queue: number
  readonly link: LinkQuality
}

/** SYNs from addresses that answer nothing. */
export interface Flood {
  readonly name: string
  readonly network: Cidr
  readonly to: Target
  readonly perSecond: number
  readonly fromMs: number
  readonly untilMs: number
}

export interface DirectorPlan {
  readonly name: string
  /** '192.168.10.2/24@cli' */
  readonly addresses: readonly string[]
  /** A file beside the scenario. */
  readonly keepalived: string | undefined
}

/** How a real server fails. */
export type Failure = 'silent' | 'refuses' | { readonly slower: number }

export type Change = { readonly atMs: number; readonly path: readonly (string | number)[] } & (
  | { readonly kind: 'run'; readonly line: string }
  | { readonly kind: 'fail'; readonly who: string; readonly how: Failure }
  | { readonly kind: 'recover'; readonly who: string }
  /** Between the two; one alone: from all. */
  | { readonly kind: 'partition' | 'heal'; readonly who: readonly string[] }
  | {
      readonly kind: 'drain'
      readonly who: string
      readonly deadlineMs: number
      /** At the deadline its connections are ended. */
      readonly resets: boolean
    }
)

export interface Scenario {
  readonly name: string
  readonly seed: number
  readonly durationMs: number
  readonly stepMs: number
  readonly clients: readonly ClientGroup[]
  readonly servers: readonly RealServerPlan[]
  readonly floods: readonly Flood[]
  readonly directors: readonly DirectorPlan[]
  /** Of the link that virtual routers' adverts take. */
  readonly directorLink: LinkQuality
  readonly maxConnections: number | undefined
  /** Lines of uvs script, as `uvsadm -A …` or `sysctl …`; '-A …' is one of uvsadm's. */
  readonly rules: readonly string[]
  /** In order of time. */
  readonly changes: readonly Change[]
  readonly assertions: readonly Assertion[]
}

/** Something that must hold in the end. */
export type Assertion = { readonly text: string } & (
  | { readonly kind: 'share-most' | 'share-least'; readonly server: string | undefined; readonly percent: number }
  | {
      readonly kind: 'broken-most' | 'failed-most'
      readonly count: number | undefined
      readonly percent: number | undefined
    }
  | { readonly kind: 'moved-most'; readonly count: number }
  | { readonly kind: 'drain' | 'recover'; readonly ms: number }
  | { readonly kind: 'imbalance' | 'queue' | 'table'; readonly most: number }
  | { readonly kind: 'latency'; readonly quantile: 'p50' | 'p90' | 'p99' | 'max'; readonly ms: number }
  | { readonly kind: 'answered-least'; readonly count: number }
  | { readonly kind: 'drops-most'; readonly reason: string | undefined; readonly count: number }
  | { readonly kind: 'state'; readonly director: string; readonly state: string; readonly atMs: number | undefined }
)
