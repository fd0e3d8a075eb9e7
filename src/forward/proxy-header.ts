/*
 * The PROXY protocol's header for TCP over IPv4 (HAProxy, "The PROXY protocol", §2.1 text, §2.2 binary): the first octets of
 * a connection.
 */
import type { Slab } from '../packet/frame.js'
import { ClientAddress } from '../service/method.js'
import type { Ipv4Addr } from '../wire/addr.js'

/** The longest: version 1 with addresses of 15 and ports of 5 digits. */
export const PROXY_MAX_LEN = 56
const V2_LEN = 28

const V1_START = ascii('PROXY TCP4 ')
const SPACE = 0x20
const DOT = 0x2e
const ZERO = 0x30
const CR = 0x0d
const LF = 0x0a

const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
/** Version 2, command PROXY; AF_INET, STREAM; 12 octets follow. */
const V2_FIXED = 0x2111_000c

/** Octets that `writeProxyHeader` writes for the same arguments. */
export function proxyHeaderLen(
  version: ClientAddress,
  caddr: Ipv4Addr,
  cport: number,
  vaddr: Ipv4Addr,
  vport: number,
): number {
  if (version === ClientAddress.PROXY_V2) return V2_LEN
  const digits = addrDigits(caddr) + addrDigits(vaddr) + digitsOf(cport) + digitsOf(vport)
  return V1_START.length + digits + 3 + 2
}

/** Writes the header of a client caddr:cport that connected to vaddr:vport at `at`. Returns where it ends. */
export function writeProxyHeader(
  slab: Slab,
  at: number,
  version: ClientAddress,
  caddr: Ipv4Addr,
  cport: number,
  vaddr: Ipv4Addr,
  vport: number,
): number {
  const { bytes, view } = slab
  if (version === ClientAddress.PROXY_V2) {
    bytes.set(V2_SIGNATURE, at)
    view.setUint32(at + 12, V2_FIXED)
    view.setInt32(at + 16, caddr)
    view.setInt32(at + 20, vaddr)
    view.setUint16(at + 24, cport)
    view.setUint16(at + 26, vport)
    return at + V2_LEN
  }
  bytes.set(V1_START, at)
  at = writeAddr(bytes, at + V1_START.length, caddr)
  bytes[at++] = SPACE
  at = writeAddr(bytes, at, vaddr)
  bytes[at++] = SPACE
  at = writeNumber(bytes, at, cport)
  bytes[at++] = SPACE
  at = writeNumber(bytes, at, vport)
  bytes[at++] = CR
  bytes[at++] = LF
  return at
}

function writeAddr(bytes: Uint8Array, at: number, addr: Ipv4Addr): number {
  for (let shift = 24; shift >= 0; shift -= 8) {
    at = writeNumber(bytes, at, (addr >>> shift) & 0xff)
    if (shift > 0) bytes[at++] = DOT
  }
  return at
}
/** Writes a number in decimal, without leading zeros. */
function writeNumber(bytes: Uint8Array, at: number, number: number): number {
  const end = at + digitsOf(number)
  for (let digit = end - 1; digit >= at; digit--) {
    bytes[digit] = ZERO + (number % 10)
    number = (number / 10) | 0
  }
  return end
}
function addrDigits(addr: Ipv4Addr): number {
  let octets = 3
  for (let shift = 24; shift >= 0; shift -= 8) octets += digitsOf((addr >>> shift) & 0xff)
  return octets
}
function digitsOf(number: number): number {
  return number < 10 ? 1 : number < 100 ? 2 : number < 1000 ? 3 : number < 10_000 ? 4 : 5
}
function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
