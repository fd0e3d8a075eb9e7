import type { Connections } from '../../conn/connections.js'
import { DIRECTIONS, Direction } from '../../conn/direction.js'
import { HAND_OVER, isHandedOver, keyAt } from '../../conn/fullnat-keys.js'
import { ConnFlag, DPORT_PROTOCOL, FLAGS, RECORD_WORDS, type ConnIndex } from '../../conn/record.js'
import { isOneWay, Method } from '../../service/method.js'
import type { Sysctls } from '../../service/sysctls.js'
import { IpProtocol } from '../../wire/ipv4.js'
import { mayBeWrapped } from '../path/tunnel-flows.js'
import type { FlowKeeper } from './flow-keeper.js'
import { Standing } from './standing.js'

/** Why the packets of a flow come up to the director, with the number of such flows. */
export interface FlowsHere {
  /** Its client has not sent enough packets yet. */
  young: number
  /** The connection's next packet may change its state. */
  changing: number
  /** Its packets go into a tunnel by GRE or GUE with a checksum, or without sysctl pmtu_disc. */
  tunnel: number
  /** Into a tunnel, and the client's last packet had no DF. */
  noDf: number
  /** The real server has not got the client's address yet (FULLNAT). */
  handOver: number
  sctp: number
  /** Its real server has been deleted. */
  noServer: number
  /** It leaves by an interface where the program does not run, or there are too many next hops. */
  noWay: number
  /** There are as many flows as there can be. */
  noRoom: number
  /** Somebody watches it (`uvs explain`). */
  watched: number
  /** The flight recorder has all of its connection's packets. */
  sampled: number
  /** Nothing keeps it: its next packet comes up and is decided on. Those among the entered that are decided anew are counted too. */
  due: number
}

/** Records of the connection table that one step looks at: a fraction of a millisecond. */
const A_STEP = 512

/**
 * Counts the flows of all connections that are not forwarded by the program, in steps, in the order of memory. Connections
 * that come or go meanwhile may be missed.
 */
export function* countFlowsHere(conns: Connections, flows: FlowKeeper, sysctls: Sysctls): Generator<void, FlowsHere> {
  const here = nobodyHere()
  const { table } = conns
  for (let from = 0; from < table.end; from += A_STEP * RECORD_WORDS) {
    const end = Math.min(table.end, from + A_STEP * RECORD_WORDS)
    for (let conn = from; conn < end; conn += RECORD_WORDS)
      if ((table.words[conn + DPORT_PROTOCOL]! & 0xff) !== 0) countHere(conns, flows, sysctls, conn as ConnIndex, here)
    yield
  }
  return here
}

export function nobodyHere(): FlowsHere {
  return {
    young: 0,
    changing: 0,
    tunnel: 0,
    noDf: 0,
    handOver: 0,
    sctp: 0,
    noServer: 0,
    noWay: 0,
    noRoom: 0,
    watched: 0,
    sampled: 0,
    due: 0,
  }
}

function countHere(conns: Connections, flows: FlowKeeper, sysctls: Sysctls, conn: ConnIndex, here: FlowsHere): void {
  if (conns.has(conn, ConnFlag.TEMPLATE)) return
  const method = conns.table.words[conn + FLAGS]! & ConnFlag.METHOD
  for (const direction of DIRECTIONS) {
    if (direction === Direction.OUTBOUND && isOneWay(method as Method)) continue
    const why = whyHere(conns, flows, sysctls, conn, direction)
    if (why !== undefined) here[why]++
  }
}

/** undefined: the program forwards it. */
export function whyHere(
  conns: Connections,
  flows: FlowKeeper,
  sysctls: Sysctls,
  conn: ConnIndex,
  direction: Direction,
): keyof FlowsHere | undefined {
  const standing = flows.standing(conn, direction)
  if (standing === Standing.FORWARDED) return undefined
  const { words } = conns.table
  const method = words[conn + FLAGS]! & ConnFlag.METHOD
  if ((words[conn + DPORT_PROTOCOL]! & 0xff) === IpProtocol.SCTP) return 'sctp'
  if (conns.has(conn, ConnFlag.SAMPLED)) return 'sampled'
  if (method === Method.TUNNEL && !mayBeWrapped(conns.destinationOf(conn), sysctls)) return 'tunnel'
  if (!conns.destinationOf(conn).available) return 'noServer'
  if (method === Method.FULLNAT && !isHandedOver(conns.fullnatKeys.words[keyAt(conn) + HAND_OVER]!)) return 'handOver'
  return KEPT[standing]
}

const KEPT = {
  [Standing.YOUNG]: 'young',
  [Standing.CHANGING]: 'changing',
  [Standing.UNFIT]: 'noDf',
  [Standing.NO_WAY]: 'noWay',
  [Standing.NO_ROOM]: 'noRoom',
  [Standing.DUE]: 'due',
  [Standing.WATCHED]: 'watched',
  [Standing.ANEW]: 'due',
} as const
