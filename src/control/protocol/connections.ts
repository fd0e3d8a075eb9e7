import { cidr, oneOf, optional, pageNumber, port, text, type Checked, type Protocol } from './check.js'
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
  /** FULLNAT only: the director's local address and port, which the real server sees as its client. */
  laddr?: string
  lport?: number
}

export interface ConnectionPage {
  rows: ConnectionInfo[]
  /** Where the next page starts; null after the last. */
  next: number | null
}

export interface EndedInfo {
  /** Connections ended. */
  connections: number
  /** Persistence templates ended or invalidated. */
  templates: number
  /** Where the next page starts; null after the last. */
  next: number | null
}

/** Which connections: those that are as each field says that is given. Addresses may be blocks. */
const where = {
  protocol: optional(oneOf<ConnectionInfo['protocol']>('tcp', 'udp', 'sctp', 'ip')),
  state: optional(text('a state', found => /^[A-Z0-9_]{1,32}$/.test(found))),
  caddr: optional(cidr),
  cport: optional(port),
  vaddr: optional(cidr),
  vport: optional(port),
  daddr: optional(cidr),
  dport: optional(port),
}
export type ConnectionFilter = Checked<typeof where>

export const connections = {
  /**
   * A page of the connection table: begin with 0, continue with `next`. Pages are bounded, so a large table never stops
   * traffic; of a search they may be empty.
   */
  connections: takes({ from: pageNumber, ...where }).returns<ConnectionPage>(),
  /**
   * Ends connections and persistence templates of a service's real server, a page of the table at a time like `connections`. Begin
   * with 0, continue with `next`; repeat from 0 until a round has ended none.
   */
  'end-connections': takes({ service, destination, from: pageNumber }).returns<EndedInfo>(),
}
