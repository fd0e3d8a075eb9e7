import type { Ipv4Addr, MacAddr } from '../../wire/addr.js'
import { AF_INET } from '../socket-constants.js'
import type { Attributes } from './attributes.js'
import { HOST_ORDER } from './message.js'

/*
 * struct ndmsg (rtnetlink(7), RTM_NEWNEIGH):
 *
 *      0        1             4       8       10      11     12
 *     +--------+-------------+-------+-------+-------+------+----
 *     | family |             | index | state | flags | type | attributes
 *     +--------+-------------+-------+-------+-------+------+----
 */
const INDEX = 4
const STATE = 8
const FLAGS = 10
/** No neighbour, but an address that this host answers for (`ip neigh add proxy`). */
const PROXY = 8
export const NEIGHBOUR_BODY_LEN = 12
// linux/neighbour.h
const Nda = { DST: 1, LLADDR: 2 } as const
const STATES = {
  0x01: 'incomplete',
  0x02: 'reachable',
  0x04: 'stale',
  0x08: 'delay',
  0x10: 'probe',
  0x20: 'failed',
  0x40: 'noarp',
  0x80: 'permanent',
} as const
export type KernelNeighbourState = (typeof STATES)[keyof typeof STATES] | 'none'

/** What the kernel knows of the MAC of a host on a link. */
export interface HostNeighbour {
  /** The interface's index. */
  readonly link: number
  readonly addr: Ipv4Addr
  readonly mac: MacAddr | undefined
  readonly state: KernelNeighbourState
}

/** Undefined if it is no IPv4 neighbour. */
export function readNeighbour(
  view: DataView<ArrayBufferLike>,
  body: number,
  end: number,
  attributes: Attributes,
): HostNeighbour | undefined {
  if (end - body < NEIGHBOUR_BODY_LEN || view.getUint8(body) !== AF_INET) return undefined
  attributes.wrap(view, body + NEIGHBOUR_BODY_LEN, end)
  const addr = attributes.addr(Nda.DST)
  if (addr === undefined || (view.getUint8(body + FLAGS) & PROXY) !== 0) return undefined
  const state = view.getUint16(body + STATE, HOST_ORDER)
  return {
    link: view.getInt32(body + INDEX, HOST_ORDER),
    addr,
    mac: attributes.mac(Nda.LLADDR),
    state: STATES[state as keyof typeof STATES] ?? 'none',
  }
}

export function neighbourKey({ link, addr }: HostNeighbour): string {
  return `${link} ${addr}`
}
