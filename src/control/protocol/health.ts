import { optional, pageNumber, type Protocol } from './check.js'
import type { ServiceKey } from './service-key.js'
import { takes } from './shape.js'

/* What a director that runs a keepalived.conf knows of its virtual servers, their real servers and checks. */

/** unknown: its first checks have not ended. */
export type HealthName = 'up' | 'down' | 'unknown'

/** A state. */
export interface StateInfo<S extends string> {
  state: S
  /** When it came to that: seconds since 1970, to the millisecond. */
  since: number
  /** What brought it there. */
  why: string
}

/** What comes next, and in how many seconds, to the millisecond: 0 if it is due; undefined: nobody knows. */
export interface NextInfo<E extends string> {
  event: E
  seconds?: number
}

/** A virtual_server: of an address, a mark, or a group, which may be many services. */
export type CheckedKey = ServiceKey | { group: string; protocol?: Protocol }

/** Up: the weight of what is up makes the quorum. */
export type ServiceHealth = CheckedKey &
  StateInfo<HealthName> & {
    /** Of what is up. */
    weight: number
    quorum: number
    hysteresis: number
    /** ha_suspend: its address is nowhere on this host, and nothing is checked. */
    isSuspended?: true
    /** inUse: it takes the place of the real servers. */
    sorryServer?: { address: string; port: number; inUse: boolean }
    servers: ServerHealth[]
  }

export interface ServerHealth extends StateInfo<HealthName> {
  address: string
  port: number
  /** What its checks make of the configured one. */
  weight: number
  /** In the rules: 0 with inhibit_on_failure while it is down. Undefined: it is not in them. */
  ruleWeight?: number
  checks: CheckHealth[]
}

export interface CheckHealth extends StateInfo<HealthName> {
  /** TCP_CHECK, HTTP_GET, … */
  check: string
  /** Which: the path of a url, a script, a tracked file, a name that is asked for. */
  of?: string
  /** The last check that failed, also if it was not the last one, or did not count. `at` is a time as `since`. */
  lastError?: { why: string; at: number }
  /** Checks that failed in a row and are done again before the server is taken for down. */
  retries?: number
  /** result: one is under way. Undefined: none is to come, or a file is watched. */
  next?: NextInfo<'check' | 'retry' | 'result'>
}

export interface HealthPage {
  services: ServiceHealth[]
  /** Where the next page starts; null after the last. */
  next: number | null
}

export const health = {
  /** A page of the virtual servers in the configuration's order: begin without `from`, continue with `next`. */
  health: takes({ from: optional(pageNumber) }).returns<HealthPage>(),
}
