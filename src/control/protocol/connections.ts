import { pageNumber, type Protocol } from './check.js'
import { destination } from './real-servers.js'
import { service } from './service-key.js'
import { takes } from './shape.js'

export interface ConnectionInfo {
  /** 'ip': a template of a service of a mark; its vaddr is the mark as an address. */
  protocol: Protocol | 'ip'
  /** ESTABLISHED, SYN_RECV, … ; UDP for UDP; NONE or ASSURED for templates. */
  state: string
  /** Whole seconds until the timer fires, rounded down. */
  expires: number
  caddr: string
  cport: number
  vaddr: string
  vport: number
  daddr: string
  dport: number
  /** Of FULLNAT: the director's local address and port, whom the real server takes for its client. */
  laddr?: string
  lport?: number
}

export interface ConnectionPage {
  rows: ConnectionInfo[]
  /** Where the next page starts; null after the last. */
  next: number | null
}

export interface EndedInfo {
  /** Connections that are gone. */
  connections: number
  /** Persistence templates that no client finds any more. */
  templates: number
  /** Where the next page starts; null after the last. */
  next: number | null
}

export const connections = {
  /** A page of the connection table: begin with 0, go on with `next`. Pages are bounded, so a large table never stops traffic. */
  connections: takes({ from: pageNumber }).returns<ConnectionPage>(),
  /**
   * Takes connections and persistence templates of a real server of a service out of the table, a page of it at a time as
   * `connections`. Begin with 0, go on with `next`; once more from 0 as long as a round has ended any.
   */
  'end-connections': takes({ service, destination, from: pageNumber }).returns<EndedInfo>(),
}
