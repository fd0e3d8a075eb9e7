import type { KernelState } from '../../src/director/kernel-follower.js'
import { parseCidr, parseIpv4, parseMac, type Cidr, type Ipv4Addr } from '../../src/wire/addr.js'
import type { Side } from './case.js'

/* The network of every recording: clients on vec0, real servers on vec1, the director between them. */

export const SIDES: readonly Side[] = ['c', 'r']
const MTU = 1500
export const LINKS = [
  { name: 'vec0', mac: '02:00:00:00:01:01', mtu: MTU },
  { name: 'vec1', mac: '02:00:00:00:02:01', mtu: MTU },
] as const

const CLIENTS = Array.from({ length: 32 }, (_, index) => `10.99.1.${10 + index}=02:00:00:00:01:10@vec0`)
const REAL_SERVERS = [11, 12, 13, 14].map(last => `10.99.2.${last}=02:00:00:00:02:${last}@vec1`)
export const NEIGHBOURS = [...CLIENTS, '10.99.1.254=02:00:00:00:01:fe@vec0', ...REAL_SERVERS]

const NETWORKS = ['10.99.1.1/24', '10.99.2.1/24']
export const GATEWAY = '10.99.1.254'
export const ADDRESSES = NETWORKS.map((cidr, link) => `${cidr}@${LINKS[link]!.name}`)
export const VIPS = ['10.99.1.100', '10.99.1.101']

/** The same as a kernel beside uvs holds it. */
export function kernelsNetwork(): KernelState {
  const addresses = NETWORKS.map((text, link) => ({ ...cidr(text), link }))
  return {
    links: LINKS.map(({ mac, mtu }) => ({ mac: parseMac(mac)!, mtu })),
    addresses,
    held: [...addresses.map(({ addr }) => addr), ...['127.0.0.1', ...VIPS].map(address)],
    heldBlocks: [cidr('127.0.0.0/8')],
    routes: [
      ...addresses.map(({ link, ...to }) => ({ to, way: { link, gateway: undefined }, mtu: undefined })),
      { to: cidr('0.0.0.0/0'), way: { link: 0, gateway: address(GATEWAY) }, mtu: undefined },
    ],
  }
}

export function cidr(text: string): Cidr {
  return parseCidr(text)!
}
export function address(text: string): Ipv4Addr {
  return parseIpv4(text)!
}
