import { maskOf, type Cidr, type Ipv4Addr } from '../../wire/addr.js'
import { AF_INET } from '../socket-constants.js'
import { Attributes } from './attributes.js'
import { align, HOST_ORDER } from './message.js'
import { ONLINK, type NextHop } from './next-hop.js'

/*
 * struct rtmsg (rtnetlink(7), RTM_NEWROUTE):
 *
 *      0        1            2            3     4       5          6       7      8       12
 *     +--------+------------+------------+-----+-------+----------+-------+------+-------+----
 *     | family | dst prefix | src prefix | TOS | table | protocol | scope | type | flags | attributes
 *     +--------+------------+------------+-----+-------+----------+-------+------+-------+----
 */
const DST_PREFIX = 1
const TOS = 3
const TABLE = 4
const SCOPE = 6
const TYPE = 7
const FLAGS = 8
export const ROUTE_BODY_LEN = 12
// linux/rtnetlink.h
const Rta = {
  DST: 1,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  METRICS: 8,
  MULTIPATH: 9,
  TABLE: 15,
  VIA: 18,
  ENCAP: 22,
  NH_ID: 30,
} as const
const RTAX_MTU = 2
/** In flags: not a route but what was looked up in the table. */
const CLONED = 0x200

/*
 * struct rtnexthop, several in RTA_MULTIPATH:
 *
 *      0          2       3               4       8
 *     +----------+-------+---------------+-------+----
 *     | len, all | flags | weight less 1 | index | attributes
 *     +----------+-------+---------------+-------+----
 */
const HOP_FLAGS = 2
const HOP_WEIGHT = 3
const HOP_INDEX = 4
const HOP_LEN = 8

/** By RTN_…, linux/rtnetlink.h. */
const TYPES = [
  'unspecified',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
  'xresolve',
] as const
export type RouteType = (typeof TYPES)[number]

/** The tables that the kernel itself fills. */
export const RouteTableId = { DEFAULT: 253, MAIN: 254, LOCAL: 255 } as const

/** An IPv4 route of one of the kernel's tables. */
export interface HostRoute {
  readonly table: number
  readonly to: Cidr
  readonly type: RouteType
  /** The least is the best (RTA_PRIORITY); 0 where none is given. */
  readonly metric: number
  /** Only for packets of this TOS; 0 for all. */
  readonly tos: number
  readonly scope: number
  /** Octets of an IP packet, where the route says so (RTAX_MTU). */
  readonly mtu: number | undefined
  readonly preferredSource: Ipv4Addr | undefined
  /** Empty for those that lead nowhere, and for those whose next hop is known by its id only (sysctl nexthop_compat_mode 0). */
  readonly nextHops: readonly NextHop[]
  readonly nextHopId: number | undefined
}

const inner = new Attributes()

/** Undefined if it is no IPv4 route. */
export function readRoute(
  view: DataView<ArrayBufferLike>,
  body: number,
  end: number,
  attributes: Attributes,
): HostRoute | undefined {
  if (end - body < ROUTE_BODY_LEN || view.getUint8(body) !== AF_INET) return undefined
  const prefix = view.getUint8(body + DST_PREFIX)
  const flags = view.getUint32(body + FLAGS, HOST_ORDER)
  if (prefix > 32 || (flags & CLONED) !== 0) return undefined
  attributes.wrap(view, body + ROUTE_BODY_LEN, end)
  return {
    table: attributes.word(Rta.TABLE) ?? view.getUint8(body + TABLE),
    to: { addr: attributes.addr(Rta.DST) ?? (0 as Ipv4Addr), mask: maskOf(prefix), prefix },
    type: TYPES[view.getUint8(body + TYPE)] ?? 'unspecified',
    metric: attributes.word(Rta.PRIORITY) ?? 0,
    tos: view.getUint8(body + TOS),
    scope: view.getUint8(body + SCOPE),
    mtu: attributes.has(Rta.METRICS) ? attributes.within(Rta.METRICS, inner).word(RTAX_MTU) : undefined,
    preferredSource: attributes.addr(Rta.PREFSRC),
    nextHops: readHops(view, attributes, flags),
    nextHopId: attributes.word(Rta.NH_ID),
  }
}

function readHops(view: DataView<ArrayBufferLike>, attributes: Attributes, flags: number): NextHop[] {
  if (attributes.has(Rta.MULTIPATH)) return readMultipath(view, attributes)
  const link = attributes.word(Rta.OIF)
  return link === undefined ? [] : [hopOf(attributes, link, 1, flags)]
}

function readMultipath(view: DataView<ArrayBufferLike>, attributes: Attributes): NextHop[] {
  const hops: NextHop[] = []
  const from = attributes.valueAt(Rta.MULTIPATH)
  const to = from + attributes.valueLen(Rta.MULTIPATH)
  for (let at = from; to - at >= HOP_LEN;) {
    const len = view.getUint16(at, HOST_ORDER)
    if (len < HOP_LEN || len > to - at) break
    inner.wrap(view, at + HOP_LEN, at + len)
    const [link, weight] = [view.getInt32(at + HOP_INDEX, HOST_ORDER), view.getUint8(at + HOP_WEIGHT) + 1]
    hops.push(hopOf(inner, link, weight, view.getUint8(at + HOP_FLAGS)))
    at += align(len)
  }
  return hops
}

function hopOf(attributes: Attributes, link: number, weight: number, flags: number): NextHop {
  return {
    gateway: attributes.addr(Rta.GATEWAY),
    link,
    weight,
    isOnLink: (flags & ONLINK) !== 0,
    needs: attributes.has(Rta.VIA) ? 'IPv6' : attributes.has(Rta.ENCAP) ? 'encapsulation' : undefined,
  }
}
