import type { Ipv4Addr } from '../../wire/addr.js'
import { AF_INET } from '../socket-constants.js'
import type { Attributes } from './attributes.js'
import { HOST_ORDER } from './message.js'

/*
 * struct nhmsg (linux/nexthop.h, RTM_NEWNEXTHOP):
 *
 *      0        1       2          3     4       8
 *     +--------+-------+----------+-----+-------+----
 *     | family | scope | protocol |     | flags | attributes
 *     +--------+-------+----------+-----+-------+----
 */
const FLAGS = 4
export const NEXT_HOP_BODY_LEN = 8
const Nha = { ID: 1, GROUP: 2, BLACKHOLE: 4, OIF: 5, GATEWAY: 6, ENCAP: 8, FDB: 11 } as const
/** struct nexthop_grp: id, weight less 1. */
const GROUP_ENTRY_LEN = 8
const GROUP_WEIGHT = 4
/** In flags (linux/rtnetlink.h): the gateway is on the link, whatever the routes say. */
export const ONLINK = 4

/** Where a route leads. */
export interface NextHop {
  /** Undefined where the destination itself is on the link. */
  readonly gateway: Ipv4Addr | undefined
  /** An interface's index; 0 where there is none. */
  readonly link: number
  /** Its share among several, from 1 on. */
  readonly weight: number
  readonly isOnLink: boolean
  /** What this next hop takes that uvs does not have: an IPv6 gateway (RTA_VIA), an encapsulation (RTA_ENCAP). */
  readonly needs: 'IPv6' | 'encapsulation' | undefined
}

/** A next hop that stands by itself, for routes to name (ip-nexthop(8)): a hop, or a group of others. */
export interface NextHopObject {
  readonly id: number
  readonly hop: NextHop | undefined
  readonly group: readonly { readonly id: number; readonly weight: number }[]
  readonly isBlackhole: boolean
}

/** Undefined for those of a bridge's table. */
export function readNextHop(
  view: DataView<ArrayBufferLike>,
  body: number,
  end: number,
  attributes: Attributes,
): NextHopObject | undefined {
  if (end - body < NEXT_HOP_BODY_LEN) return undefined
  attributes.wrap(view, body + NEXT_HOP_BODY_LEN, end)
  const id = attributes.word(Nha.ID)
  if (id === undefined || attributes.has(Nha.FDB)) return undefined
  const isBlackhole = attributes.has(Nha.BLACKHOLE)
  const group = readGroup(view, attributes)
  if (group.length > 0 || isBlackhole) return { id, hop: undefined, group, isBlackhole }
  const isIpv6 = attributes.has(Nha.GATEWAY) && view.getUint8(body) !== AF_INET
  const needs = isIpv6 ? 'IPv6' : attributes.has(Nha.ENCAP) ? 'encapsulation' : undefined
  const hop: NextHop = {
    gateway: isIpv6 ? undefined : attributes.addr(Nha.GATEWAY),
    link: attributes.word(Nha.OIF) ?? 0,
    weight: 1,
    isOnLink: (view.getUint32(body + FLAGS, HOST_ORDER) & ONLINK) !== 0,
    needs,
  }
  return { id, hop, group, isBlackhole }
}

function readGroup(view: DataView<ArrayBufferLike>, attributes: Attributes): NextHopObject['group'] {
  const at = attributes.valueAt(Nha.GROUP)
  const count = Math.floor(attributes.valueLen(Nha.GROUP) / GROUP_ENTRY_LEN)
  return Array.from({ length: count }, (_, i) => {
    const entry = at + i * GROUP_ENTRY_LEN
    return { id: view.getUint32(entry, HOST_ORDER), weight: view.getUint8(entry + GROUP_WEIGHT) + 1 }
  })
}
