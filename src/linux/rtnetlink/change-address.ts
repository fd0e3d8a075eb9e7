import { constants } from 'node:os'
import type { Ipv4Addr } from '../../wire/addr.js'
import { SystemError } from '../libc.js'
import { AF_INET } from '../socket-constants.js'
import type { Attribute } from './compose.js'
import { converse } from './converse.js'
import { MessageFlag } from './message.js'

/* struct ifaddrmsg: address.ts. */
const Type = { NEW: 20, DELETE: 21 } as const
const Ifa = { ADDRESS: 1, LOCAL: 2, LABEL: 3, BROADCAST: 4 } as const

/** An IPv4 address to be put on an interface, or taken off. */
export interface ChangedAddress {
  readonly ifindex: number
  readonly addr: Ipv4Addr
  readonly prefix: number
  readonly scope?: number
  readonly broadcast?: Ipv4Addr
  readonly peer?: Ipv4Addr
  /** At most 15 characters. */
  readonly label?: string
}

/** Puts an address on an interface; returns false if it was there. SystemError if the kernel refuses. */
export function addAddress(address: ChangedAddress): boolean {
  const { scope = 0, broadcast, label } = address
  const attributes: Attribute[] = [...placeOf(address)]
  if (broadcast !== undefined) attributes.push([Ifa.BROADCAST, octetsOf(broadcast)])
  if (label !== undefined) attributes.push([Ifa.LABEL, Buffer.from(`${label}\0`)])
  const flags = MessageFlag.ACK | MessageFlag.CREATE | MessageFlag.EXCLUSIVELY
  const errno = converse({ type: Type.NEW, flags, body: bodyOf(address, scope), attributes })
  if (errno !== 0 && errno !== constants.errno.EEXIST) throw new SystemError('adding an address', errno)
  return errno === 0
}

/** Takes an address off an interface; returns false if it was not there, or the interface is gone. SystemError. */
export function removeAddress(address: ChangedAddress): boolean {
  const request = { type: Type.DELETE, flags: MessageFlag.ACK, body: bodyOf(address, 0), attributes: placeOf(address) }
  const errno = converse(request)
  if (errno === 0) return true
  const { EADDRNOTAVAIL, ENODEV } = constants.errno
  if (errno === EADDRNOTAVAIL || errno === ENODEV) return false
  throw new SystemError('removing an address', errno)
}

function bodyOf({ ifindex, prefix }: ChangedAddress, scope: number): number[] {
  return [(AF_INET | (prefix << 8) | (scope << 24)) >>> 0, ifindex]
}
function placeOf({ addr, peer }: ChangedAddress): Attribute[] {
  return [
    [Ifa.LOCAL, octetsOf(addr)],
    [Ifa.ADDRESS, octetsOf(peer ?? addr)],
  ]
}
/** As on the wire. */
function octetsOf(addr: Ipv4Addr): Uint8Array {
  return Uint8Array.of(addr >>> 24, addr >>> 16, addr >>> 8, addr)
}
