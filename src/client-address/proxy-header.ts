/*
 * Reads the PROXY protocol's header, versions 1 and 2 (HAProxy, "The PROXY protocol", §2), from the first octets of a
 * connection, however few have come.
 */
import { isIPv4, isIPv6 } from 'node:net'

/** §2.1: the longest line of version 1, CR and LF counted. */
const V1_MOST = 107
const V1_START = 'PROXY'
const V2_SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const V2_FIXED = 16
const AF_INET = 1
const AF_INET6 = 2

export interface Ends {
  /** The client. */
  address: string
  port: number
  /** The address that the client connected to. */
  localAddress: string
  localPort: number
}

/** 'more': the octets may be the start of a header. 'none': they are not. 'bad': they start like a header but are malformed. */
export type Read = 'more' | 'none' | 'bad' | Header

export interface Header {
  /** Octets of the header; what follows is the connection's data. */
  len: number
  /** Undefined if the sender speaks for itself (LOCAL), or does not know the client (UNKNOWN, UNSPEC). */
  ends: Ends | undefined
}

/** `most`: the longest header of version 2 that is accepted, in octets. */
export function readProxyHeader(octets: Buffer, most: number): Read {
  if (startsAlike(octets, V2_SIGNATURE)) return readV2(octets, most)
  if (startsAlike(octets, Buffer.from(V1_START))) return readV1(octets)
  return 'none'
}

function readV1(octets: Buffer): Read {
  const line = octets.subarray(0, V1_MOST).toString('latin1')
  const end = line.indexOf('\r\n')
  if (end < 0) return octets.length < V1_MOST && !/[^\x20-\x7e\r]|\r[^]/.test(line) ? 'more' : 'bad'
  const words = line.slice(0, end).split(' ')
  const [, family, address = '', localAddress = '', port = '', localPort = '', ...rest] = words
  const len = end + 2
  if (words[0] !== V1_START) return 'bad'
  if (family === 'UNKNOWN') return { len, ends: undefined }
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined
  if (!isAddress?.(address) || !isAddress(localAddress) || !isPort(port) || !isPort(localPort) || rest.length > 0)
    return 'bad'
  return { len, ends: { address, port: Number(port), localAddress, localPort: Number(localPort) } }
}

function readV2(octets: Buffer, most: number): Read {
  if (octets.length < V2_FIXED) return 'more'
  const version = octets[12]! >>> 4
  const command = octets[12]! & 15
  const family = octets[13]! >>> 4
  const len = V2_FIXED + octets.readUInt16BE(14)
  if (version !== 2 || command > 1 || len > most) return 'bad'
  if (octets.length < len) return 'more'
  if (command === 0) return { len, ends: undefined }
  if (family === AF_INET) return len < V2_FIXED + 12 ? 'bad' : { len, ends: endsAt(octets, 4, addr4) }
  if (family === AF_INET6) return len < V2_FIXED + 36 ? 'bad' : { len, ends: endsAt(octets, 16, addr6) }
  return { len, ends: undefined }
}

function endsAt(octets: Buffer, size: number, text: (octets: Buffer) => string): Ends {
  const local = V2_FIXED + size
  const ports = local + size
  return {
    address: text(octets.subarray(V2_FIXED, local)),
    port: octets.readUInt16BE(ports),
    localAddress: text(octets.subarray(local, ports)),
    localPort: octets.readUInt16BE(ports + 2),
  }
}
function addr4(octets: Buffer): string {
  return octets.join('.')
}
/** As Node writes an IPv6 address: lower case, the longest run of zeros left out. */
function addr6(octets: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => octets.readUInt16BE(2 * i).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

function isPort(word: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(word) && Number(word) <= 65_535
}
/** Whether one is a prefix of the other. */
function startsAlike(octets: Buffer, start: Buffer): boolean {
  const len = Math.min(octets.length, start.length)
  return octets.compare(start, 0, len, 0, len) === 0
}
