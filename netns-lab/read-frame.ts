import type { TcpHeaders } from '../native-free/lab-path.js'

const IPV4 = 0x0800
const TCP = 6
const IPIP = 4

/** A TCP packet as it was seen on a wire. */
export interface TcpFrame extends TcpHeaders {
  syn: boolean
  ack: boolean
}

/** Reads a frame of TCP in IPv4, in IP-in-IP too; undefined for anything else. */
export function readTcpFrame(octets: Buffer, ethernet: boolean): TcpFrame | undefined {
  if (!ethernet) return readIpv4(octets)
  if (octets.length < 14 || octets.readUInt16BE(12) !== IPV4) return undefined
  const inside = readIpv4(octets.subarray(14))
  return inside && { macs: { dst: mac(octets, 0), src: mac(octets, 6) }, ...inside }
}

function readIpv4(octets: Buffer): TcpFrame | undefined {
  if (octets.length < 20 || octets[0]! >> 4 !== 4) return undefined
  const headerLen = (octets[0]! & 15) * 4
  const body = octets.subarray(headerLen, octets.readUInt16BE(2))
  const header = { src: ipv4(octets, 12), dst: ipv4(octets, 16), ttl: octets[8]! }
  if (octets[9] === IPIP) {
    const inner = readIpv4(body)
    return inner && { ...inner, outer: { ...header, protocol: IPIP } }
  }
  if (octets[9] !== TCP || body.length < 20) return undefined
  const flags = body[13]!
  return {
    ...header,
    sport: body.readUInt16BE(0),
    dport: body.readUInt16BE(2),
    syn: (flags & 2) !== 0,
    ack: (flags & 16) !== 0,
    payload: body.length - (body[12]! >> 4) * 4,
  }
}

const mac = (octets: Buffer, at: number): string =>
  [...octets.subarray(at, at + 6)].map(octet => octet.toString(16).padStart(2, '0')).join(':')
const ipv4 = (octets: Buffer, at: number): string => octets.subarray(at, at + 4).join('.')
