/* What a director that has its rules from etcd shows of its fleet. */

export interface FleetShown {
  /** This director's name there. */
  self: string
  /** Of the last write of rules, in etcd. */
  revision: number
  /** By whom and when; undefined: nobody left word. */
  written?: string
  directors: FleetDirector[]
  /** What is not well, a line each. */
  faults: string[]
}

export interface FleetDirector {
  name: string
  /** serving, draining, to drain, waiting for rules, or ? if what it says of itself cannot be read. */
  state: string
  /** The rest is unknown then. */
  known?: {
    /** Of the rules that it has. */
    revision: number
    services: number
    realServers: number
    realServersDown: number
    connections: number
    /** A second. */
    cps: number
    inPps: number
    outPps: number
    uvs: string
    /** When it started, as ISO 8601. */
    since: string
  }
}
