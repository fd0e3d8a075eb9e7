import type { PlannedChange, ServiceKey } from '../protocol/api.js'

/* Work on rules that takes long. It is handed in: it knows how rules are written, and is done where nothing waits for it. */

/** Lines upon the present rules, or all rules anew. */
export interface Wanted {
  text: string
  isWhole: boolean
  /** So many flows at most are put through the rules before and after; 0: none. */
  flows: number
  /** Whether the plan may be carried out. */
  isKept: boolean
}

export interface Planned {
  /** Not there: who asked may not carry it out. */
  id?: string
  /** As `uvs plan` says it. */
  text: string
  /** As uvsadm would be told. */
  commands: string[]
  changes: number
  /** Of the real servers that it touches. */
  connections: number
  /** What is to be thought of, a line each. */
  warnings: string[]
  /** Not there: no flows were asked for. */
  moved?: Moved
}

/**
 * Where flows go before and after a plan: connections that the services which it changes have now, and for a service without any, flows of made-up
 * clients. The sums are of the connections, if there are any, else of all.
 */
export interface Moved {
  flows: number
  services: number
  /** How many connections those services have now; 0: all clients are made up. */
  openNow: number
  open: OpenFlows
  again: AgainFlows
  /** The services whose flows move most, some of them, those with connections first. */
  rows: MovedService[]
  /** How many others there are. */
  more: number
}
/** Connections that are open when the plan is carried out. */
export interface OpenFlows {
  stay: number
  move: number
  /** The next packet goes to no real server. */
  break: number
}
/** New connections of the same clients after it: to the same real server as before, or to another. */
export interface AgainFlows {
  same: number
  elsewhere: number
}
export interface MovedService {
  service: string
  /** No connection of it is open. */
  isMadeUp: boolean
  /** '' where the rules do not have it. */
  before: string
  after: string
  persistence: number
  flows: number
  open: OpenFlows
  again: AgainFlows
  /** New connections of each real server, before and after; why, where there is none. */
  servers: { server: string; before: number; after: number }[]
}

/** A part of what a plan changes. */
export interface Taken {
  groups: PlannedChange[][]
  /** Where the next part begins; null after the last. */
  next: number | null
  /** The first of its commands, and how many there are. */
  commands: string[]
  changes: number
}

/** What lint says of all services. */
export interface Linted {
  /** Unix time, in ms. */
  at: number
  hazards: number
  /** What is no mistake. */
  infos: number
  /** Services with hazards: some of them, and how many there are. */
  services: { service: ServiceKey; hazards: number }[]
  withHazards: number
}
/** What it says of one. */
export interface LintedService {
  at: number
  findings: { hazard: string; severity: 'hazard' | 'info'; message: string }[]
  /** How many others there are. */
  more: number
}

/** HttpRefusal for what is wrong with what was asked. */
export interface RulesWork {
  /** Returns the JSON of a Planned. */
  plan(wanted: Wanted): Promise<string>
  /** Takes a kept plan to carry it out, part by part, from 0 on; the first only if the rules are still those that it was made for. */
  take(id: string, from: number): Promise<Taken>
  lint(): Promise<Linted>
  lint(service: ServiceKey): Promise<LintedService>
  close(): void
}
