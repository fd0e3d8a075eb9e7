import type { MacAddr } from '../../wire/addr.js'
import { AF_UNSPEC } from '../socket-constants.js'
import { Attributes } from './attributes.js'
import { HOST_ORDER } from './message.js'

/*
 * struct ifinfomsg (rtnetlink(7), RTM_NEWLINK):
 *
 *      0        1     2               4           8       12        16
 *     +--------+-----+---------------+-----------+-------+---------+----
 *     | family |     | hardware type |   index   | flags | changed | attributes
 *     +--------+-----+---------------+-----------+-------+---------+----
 */
const INDEX = 4
const FLAGS = 8
export const LINK_BODY_LEN = 16

// netdevice(7), linux/if.h
const IFF_UP = 1
const IFF_LOOPBACK = 8
const IFF_LOWER_UP = 1 << 16
// linux/if_link.h
const Ifla = { ADDRESS: 1, IFNAME: 3, MTU: 4, MASTER: 10, LINKINFO: 18 } as const
const Info = { KIND: 1, SLAVE_KIND: 4 } as const
/** IFLA_EXT_MASK with RTEXT_FILTER_SKIP_STATS: an answer without the counters, which are most of its octets. */
export const WITHOUT_COUNTERS = [29, 1 << 3] as const

/** An interface as the kernel has it. */
export interface HostLink {
  /** The kernel's number of it. One that is deleted and made again under its name gets another one. */
  readonly index: number
  readonly name: string
  /** Undefined where the link has no Ethernet addresses. */
  readonly mac: MacAddr | undefined
  readonly mtu: number
  /** Set up by its administrator (IFF_UP). */
  readonly isUp: boolean
  /** It is up, and so is what is behind it (IFF_LOWER_UP): cable, peer. */
  readonly hasCarrier: boolean
  readonly isLoopback: boolean
  /** The sort of a virtual link: 'veth', 'bridge', 'vlan'. A NIC has none. */
  readonly kind: string | undefined
  /** The index of the link that it is a port of, and what its part there is: 'bridge', 'bond', 'vrf'. */
  readonly master: number | undefined
  readonly portOf: string | undefined
}

const inner = new Attributes()

/** Undefined for messages that are not about the link itself: of its bridge port (AF_BRIDGE), of a wireless card's events. */
export function readLink(
  view: DataView<ArrayBufferLike>,
  body: number,
  end: number,
  attributes: Attributes,
): HostLink | undefined {
  if (end - body < LINK_BODY_LEN || view.getUint8(body) !== AF_UNSPEC) return undefined
  attributes.wrap(view, body + LINK_BODY_LEN, end)
  const name = attributes.text(Ifla.IFNAME)
  const mtu = attributes.word(Ifla.MTU)
  if (name === undefined || mtu === undefined) return undefined
  const flags = view.getUint32(body + FLAGS, HOST_ORDER)
  const info = attributes.within(Ifla.LINKINFO, inner)
  return {
    index: view.getInt32(body + INDEX, HOST_ORDER),
    name,
    mac: attributes.mac(Ifla.ADDRESS),
    mtu,
    isUp: (flags & IFF_UP) !== 0,
    hasCarrier: (flags & IFF_LOWER_UP) !== 0,
    isLoopback: (flags & IFF_LOOPBACK) !== 0,
    kind: info.text(Info.KIND),
    master: attributes.word(Ifla.MASTER),
    portOf: info.text(Info.SLAVE_KIND),
  }
}
