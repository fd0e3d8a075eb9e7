import { maskOf, type Cidr, type Ipv4Addr } from '../../wire/addr.js'
import { AF_INET } from '../socket-constants.js'
import type { Attributes } from './attributes.js'
import { HOST_ORDER } from './message.js'

/*
 * struct ifaddrmsg (rtnetlink(7), RTM_NEWADDR):
 *
 *      0        1        2       3       4       8
 *     +--------+--------+-------+-------+-------+----
 *     | family | prefix | flags | scope | index | attributes
 *     +--------+--------+-------+-------+-------+----
 */
const PREFIX = 1
const FLAGS = 2
const SCOPE = 3
const INDEX = 4
export const ADDRESS_BODY_LEN = 8

// linux/if_addr.h
const Ifa = { ADDRESS: 1, LOCAL: 2, LABEL: 3, BROADCAST: 4, FLAGS: 8 } as const
/** In `flags`: another address of the same network was there first (IFA_F_SECONDARY). */
export const SECONDARY = 1

/** How far an address or a route is good for (linux/rtnetlink.h, enum rt_scope_t): everywhere, the link, this host. */
export const Scope = { GLOBAL: 0, LINK: 253, HOST: 254, NOWHERE: 255 } as const

/** An IPv4 address of an interface, and its network; where there is a peer, the network is the peer's. */
export interface HostAddress extends Cidr {
  /** The interface's index. */
  readonly link: number
  readonly peer: Ipv4Addr | undefined
  readonly scope: number
  /** IFA_F_… */
  readonly flags: number
  readonly broadcast: Ipv4Addr | undefined
  /** 'eth0', or 'eth0:1' as old tools name a second one. */
  readonly label: string | undefined
}

/** Undefined if it is not IPv4. */
export function readAddress(
  view: DataView<ArrayBufferLike>,
  body: number,
  end: number,
  attributes: Attributes,
): HostAddress | undefined {
  if (end - body < ADDRESS_BODY_LEN || view.getUint8(body) !== AF_INET) return undefined
  attributes.wrap(view, body + ADDRESS_BODY_LEN, end)
  const prefix = view.getUint8(body + PREFIX)
  const far = attributes.addr(Ifa.ADDRESS)
  const addr = attributes.addr(Ifa.LOCAL) ?? far
  if (addr === undefined || prefix > 32) return undefined
  return {
    addr,
    mask: maskOf(prefix),
    prefix,
    link: view.getInt32(body + INDEX, HOST_ORDER),
    peer: far === addr ? undefined : far,
    scope: view.getUint8(body + SCOPE),
    flags: attributes.word(Ifa.FLAGS) ?? view.getUint8(body + FLAGS),
    broadcast: attributes.addr(Ifa.BROADCAST),
    label: attributes.text(Ifa.LABEL),
  }
}

/** By what the kernel tells two addresses apart. */
export function addressKey({ link, addr, prefix, peer }: HostAddress): string {
  return `${link} ${addr}/${prefix} ${peer}`
}
