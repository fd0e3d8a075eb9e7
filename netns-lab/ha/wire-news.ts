/* What the client's cable brings of VRRP: adverts, and gratuitous ARP for virtual addresses. */
import {
  ALL,
  assembleFilter,
  hear,
  jumpIfEqual,
  jumpIfNotEqual,
  load16,
  load8,
} from '../../src/linux/classic-filter.js'
import { formatIpv4, formatMac } from '../../src/wire/addr.js'
import { ARP_LEN, ArpView } from '../../src/wire/arp.js'
import { ETHERNET_LEN, EthernetView, EtherType } from '../../src/wire/ethernet.js'
import { IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../../src/wire/ipv4.js'
import { VRRP_MIN_LEN, VrrpView } from '../../src/wire/vrrp.js'
import type { CapturedFrame } from '../capture.js'
import { type Balancer, BALANCERS } from './ha-plan.js'

export interface Advert {
  /** Ms since 1970, of the kernel's timestamp. */
  atMs: number
  from: Balancer
  /** 0: it gives up. */
  priority: number
}

/** Somebody says to all that an address is at a MAC. */
export interface Announcement {
  atMs: number
  address: string
  mac: string
}

export const WIRE_FILTER = assembleFilter([
  load16(12),
  jumpIfEqual(EtherType.ARP, 'hear'),
  jumpIfNotEqual(EtherType.IPV4, 'leave'),
  load8(ETHERNET_LEN + 9),
  jumpIfEqual(IpProtocol.VRRP, 'hear'),
  'leave',
  hear(0),
  'hear',
  hear(ALL),
])

/** What a frame says, if it is one of these. */
export function wireNews({ at, octets }: CapturedFrame): Advert | Announcement | undefined {
  if (octets.length < ETHERNET_LEN) return undefined
  const atMs = Number(at / 1000n) / 1000
  const dv = new DataView(octets.buffer, octets.byteOffset, octets.length)
  const { type } = new EthernetView().wrap(dv, 0)
  if (type === EtherType.ARP) return announcement(dv, atMs)
  return type === EtherType.IPV4 ? advert(dv, atMs) : undefined
}

function advert(dv: DataView, atMs: number): Advert | undefined {
  const room = dv.byteLength - ETHERNET_LEN
  const ip = new Ipv4View().wrap(dv, ETHERNET_LEN)
  if (room < IPV4_MIN_LEN || ip.protocol !== IpProtocol.VRRP || room < ip.headerLen + VRRP_MIN_LEN) return undefined
  const source = formatIpv4(ip.srcAddr)
  const from = (['lb1', 'lb2'] as const).find(name => BALANCERS[name].address === source)
  const { priority } = new VrrpView().wrap(dv, ETHERNET_LEN + ip.headerLen, 4)
  return from && { atMs, from, priority }
}

/** Gratuitous: sender and target are one address. */
function announcement(dv: DataView, atMs: number): Announcement | undefined {
  const arp = new ArpView().wrap(dv, ETHERNET_LEN)
  if (dv.byteLength < ETHERNET_LEN + ARP_LEN || arp.senderAddr !== arp.targetAddr) return undefined
  const mac = formatMac({ hi: arp.senderMacHi, lo: arp.senderMacLo })
  return { atMs, address: formatIpv4(arp.senderAddr), mac }
}
