import { keyAt, LADDR, LPORT } from '../../conn/fullnat-keys.js'
import {
  CADDR,
  ConnFlag,
  CPORT_VPORT,
  DADDR,
  DPORT_PROTOCOL,
  NEXT,
  NONE,
  VADDR,
  type ConnIndex,
} from '../../conn/record.js'
import { sctpStateNames } from '../../conn/sctp-states.js'
import { tcpStateNames } from '../../conn/tcp-states.js'
import type { Director } from '../../director/director.js'
import { endConnections } from '../../director/upkeep/end-connections.js'
import { formatIpv4, parseCidr, type Ipv4Addr } from '../../wire/addr.js'
import type {
  ConnectionFilter,
  ConnectionInfo,
  ConnectionPage,
  connections as shapes,
} from '../protocol/connections.js'
import { Refused } from '../protocol/refusal.js'
import { findDestination, findService, protocolName, protocolNumber } from './keys.js'
import type { OperationsOf } from './operation.js'

/** The most buckets of the connection table in one page: a fraction of a millisecond if they are empty. */
const BUCKETS_PER_PAGE = 4096
/** A page ends with the bucket that reaches so many rows: half a millisecond, with their JSON. */
const ROWS_PER_PAGE = 128

export const connections = {
  connections: {
    workers: 'page',
    run: (director, { from, ...where }) => connectionPage(director, pageStart(from), where),
  },
  'end-connections': {
    workers: 'page',
    run(director, { service, destination, from }) {
      const dest = findDestination(findService(director, service), destination)
      return endConnections(director.conns, dest, pageStart(from))
    },
  },
} satisfies OperationsOf<keyof typeof shapes>

/** The bucket that a page starts with. */
function pageStart(from: number): number {
  if (!Number.isInteger(from) || from < 0) throw new Refused('EINVAL', `${from} is not where a page starts`)
  return from
}

/** The connections of the buckets from `from` on that are so, up to the page's limits. */
function connectionPage(director: Director, from: number, where: ConnectionFilter): ConnectionPage {
  const { table } = director.conns
  const end = Math.min(from + BUCKETS_PER_PAGE, table.buckets)
  const mayBe = addressFilter(where)
  const rows: ConnectionInfo[] = []
  let bucket = from
  for (; bucket < end && rows.length < ROWS_PER_PAGE; bucket++)
    for (let conn = table.bucketHead(bucket); conn !== NONE; conn = table.words[conn + NEXT]! as ConnIndex) {
      if (!mayBe(table.words, conn)) continue
      const row = connectionInfo(director, conn)
      if (where.state === undefined || row.state === where.state) rows.push(row)
    }
  return { rows, next: bucket < table.buckets ? bucket : null }
}

/** Looks at a record's words: a search passes a million of them and makes rows of few. */
function addressFilter(where: ConnectionFilter): (words: Int32Array, conn: ConnIndex) => boolean {
  const compared: { at: number; mask: number; is: number }[] = []
  const compare = (at: number, mask: number, is: number): void => void compared.push({ at, mask, is: is & mask })
  const block = (at: number, text: string | undefined): void => {
    const cidr = text === undefined ? undefined : parseCidr(text)
    if (cidr) compare(at, cidr.mask, cidr.addr)
  }
  block(CADDR, where.caddr)
  block(VADDR, where.vaddr)
  block(DADDR, where.daddr)
  const { protocol, cport, vport, dport } = where
  if (cport !== undefined) compare(CPORT_VPORT, 0xffff << 16, cport << 16)
  if (vport !== undefined) compare(CPORT_VPORT, 0xffff, vport)
  if (dport !== undefined) compare(DPORT_PROTOCOL, 0xffff << 16, dport << 16)
  if (protocol !== undefined) compare(DPORT_PROTOCOL, 0xff, protocol === 'ip' ? 0 : protocolNumber(protocol))
  return (words, conn) => compared.every(({ at, mask, is }) => (words[conn + at]! & mask) === is)
}

export function connectionInfo({ conns }: Director, conn: ConnIndex): ConnectionInfo {
  const { words } = conns.table
  const protocol = words[conn + DPORT_PROTOCOL]! & 0xff
  return {
    protocol: protocol === 0 ? 'ip' : protocolName(protocol),
    state: stateName(conns.stateOf(conn), protocol, conns.has(conn, ConnFlag.TEMPLATE)),
    expires: conns.timers.secondsLeft(conn),
    caddr: formatIpv4(words[conn + CADDR]! as Ipv4Addr),
    cport: words[conn + CPORT_VPORT]! >>> 16,
    vaddr: formatIpv4(words[conn + VADDR]! as Ipv4Addr),
    vport: words[conn + CPORT_VPORT]! & 0xffff,
    daddr: formatIpv4(words[conn + DADDR]! as Ipv4Addr),
    dport: words[conn + DPORT_PROTOCOL]! >>> 16,
    ...(conns.fullnatKeys.has(conn) ? localSide(conns.fullnatKeys.words, keyAt(conn)) : {}),
  }
}
function localSide(words: Int32Array, at: number): Pick<ConnectionInfo, 'laddr' | 'lport'> {
  return { laddr: formatIpv4(words[at + LADDR]! as Ipv4Addr), lport: words[at + LPORT]! }
}
function stateName(state: number, protocol: number, isTemplate: boolean): string {
  if (isTemplate) return state === 0 ? 'NONE' : 'ASSURED'
  switch (protocolName(protocol)) {
    case 'tcp':
      return tcpStateNames[state]!
    case 'udp':
      return 'UDP'
    case 'sctp':
      return sctpStateNames[state]!
  }
}
