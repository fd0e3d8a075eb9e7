/* Reads whole frames into words, for the messages of tests and the comparisons of the conformance runner. */
import { addrText, checksum, concat, hex, macText, pseudoHeader, readU16, readU32, sum } from './octets.js'

/** A frame's fields by name, in the order in which they stand: 'eth.dst', 'ip.ttl', … 'payload'. An embedded packet's have 'in.' before them. */
export type Fields = Record<string, string | number | boolean>

/**
 * What a transport checksum is: right, wrong, none (UDP's zero), partial (only the pseudo-header's sum, to be finished
 * by a device), or cut (not all that it covers is here).
 */
export type ChecksumIs = 'right' | 'wrong' | 'none' | 'partial' | 'cut'

/** Source types of ICMP messages that embed the packet they are about (RFC 792). */
const ICMP_ERRORS = [3, 4, 5, 11, 12]
const FLAG_LETTERS = 'FSRPAUEC'

/** Every field of a frame. Never throws: what is too short for a header shows as payload. */
export function decode(frame: Uint8Array): Fields {
  const fields: Fields = {}
  if (frame.length < 14) return { payload: hex(frame) }
  fields['eth.dst'] = macText(frame.slice(0, 6))
  fields['eth.src'] = macText(frame.slice(6, 12))
  const type = readU16(frame, 12)
  fields['eth.type'] = hex(frame.slice(12, 14))
  const rest = frame.slice(14)
  if (type === 0x0800 && rest.length >= 20) decodeIpv4(fields, '', rest, false)
  else if (type === 0x0806 && rest.length >= 28) decodeArp(fields, rest)
  else fields['payload'] = hex(rest)
  return fields
}

/** One line that tells frames apart: '10.99.1.10:40001 > 10.99.1.100:80 tcp S ttl 64 len 60'. */
export function brief(frame: Uint8Array): string {
  const fields = decode(frame)
  if ('arp.operation' in fields) return `arp ${fields['arp.operation']} ${fields['arp.targetAddr']}`
  if (!('ip.src' in fields)) return `ethertype ${fields['eth.type'] ?? 'none'} len ${frame.length}`
  return ['', 'in.', 'in.in.']
    .filter(before => `${before}ip.src` in fields)
    .map(before => briefPacket(fields, before))
    .join(' about ')
}

function briefPacket(fields: Fields, before: string): string {
  const field = (name: string) => fields[before + name]
  const kind = ['tcp', 'udp'].find(name => field(`${name}.srcPort`) !== undefined)
  const port = (side: string) => (kind ? `:${field(`${kind}.${side}Port`)}` : '')
  let what = kind ?? `protocol ${field('ip.protocol')}`
  if (kind === 'tcp') what += ` ${field('tcp.flags') || 'no flags'}`
  if (field('icmp.type') !== undefined) what = `icmp ${field('icmp.type')}/${field('icmp.code')}`
  const fragment = field('ip.mf') || field('ip.fragment') ? ` fragment ${field('ip.fragment')}` : ''
  const ends = `${field('ip.src')}${port('src')} > ${field('ip.dst')}${port('dst')}`
  return `${ends} ${what}${fragment} ttl ${field('ip.ttl')} len ${field('ip.totalLen')}`
}

function decodeArp(fields: Fields, arp: Uint8Array): void {
  fields['arp.types'] = hex(arp.slice(0, 6))
  fields['arp.operation'] = { 1: 'request', 2: 'reply' }[readU16(arp, 6)] ?? readU16(arp, 6)
  fields['arp.senderMac'] = macText(arp.slice(8, 14))
  fields['arp.senderAddr'] = addrText(arp.slice(14, 18))
  fields['arp.targetMac'] = macText(arp.slice(18, 24))
  fields['arp.targetAddr'] = addrText(arp.slice(24, 28))
  if (arp.length > 28) fields['padding'] = hex(arp.slice(28))
}

function decodeIpv4(fields: Fields, before: string, ip: Uint8Array, embedded: boolean): void {
  const set = (name: string, value: string | number | boolean) => (fields[before + name] = value)
  const headerLen = ((ip[0] ?? 0) & 0x0f) * 4
  const totalLen = readU16(ip, 2)
  const flags = readU16(ip, 6)
  set('ip.version', (ip[0] ?? 0) >> 4)
  set('ip.headerLen', headerLen)
  set('ip.tos', hex(ip.slice(1, 2)))
  set('ip.totalLen', totalLen)
  set('ip.id', hex(ip.slice(4, 6)))
  set('ip.df', (flags & 0x4000) !== 0)
  set('ip.mf', (flags & 0x2000) !== 0)
  if (flags & 0x8000) set('ip.reserved', true)
  set('ip.fragment', flags & 0x1fff)
  set('ip.ttl', ip[8] ?? 0)
  set('ip.protocol', ip[9] ?? 0)
  set('ip.checksum', hex(ip.slice(10, 12)))
  set('ip.checksumIs', checksum(ip.slice(0, headerLen)) === 0 ? 'right' : 'wrong')
  set('ip.src', addrText(ip.slice(12, 16)))
  set('ip.dst', addrText(ip.slice(16, 20)))
  if (headerLen > 20) set('ip.options', hex(ip.slice(20, headerLen)))
  const payload = ip.slice(headerLen, Math.max(headerLen, totalLen))
  const whole = (flags & 0x3fff) === 0 && ip.length >= totalLen
  if (flags & 0x1fff) set('payload', hex(payload))
  else decodePayload(fields, before, ip, payload, whole)
  if (ip.length > totalLen && !embedded) set('padding', hex(ip.slice(Math.max(headerLen, totalLen))))
}

function decodePayload(fields: Fields, before: string, ip: Uint8Array, payload: Uint8Array, whole: boolean): void {
  const protocol = ip[9] ?? 0
  const pseudo = pseudoHeader(ip.slice(12, 16), ip.slice(16, 20), protocol, payload.length)
  const state = (field: number) => (whole ? transportChecksum(pseudo, payload, field, protocol) : 'cut')
  if (protocol === 6 && payload.length >= 8) decodeTcp(fields, before, payload, state)
  else if (protocol === 17 && payload.length >= 8) decodeUdp(fields, before, payload, state)
  else if (protocol === 1 && payload.length >= 8) decodeIcmp(fields, before, payload, whole)
  else if (protocol === 4 && payload.length >= 20) decodeIpv4(fields, `${before}in.`, payload, false)
  else if (payload.length > 0) fields[`${before}payload`] = hex(payload)
}

/** `field`: what the checksum field holds. */
function transportChecksum(pseudo: Uint8Array, payload: Uint8Array, field: number, protocol: number): ChecksumIs {
  if (protocol === 17 && field === 0) return 'none'
  if (checksum(concat(pseudo, payload)) === 0) return 'right'
  return field === sum(pseudo) ? 'partial' : 'wrong'
}

/** An ICMP error need embed no more than 8 octets of a TCP header: the rest is shown only where it is there. */
function decodeTcp(fields: Fields, before: string, tcp: Uint8Array, state: (field: number) => ChecksumIs): void {
  const set = (name: string, value: string | number) => (fields[before + name] = value)
  set('tcp.srcPort', readU16(tcp, 0))
  set('tcp.dstPort', readU16(tcp, 2))
  set('tcp.seq', readU32(tcp, 4))
  if (tcp.length < 20) {
    if (tcp.length > 8) set('payload', hex(tcp.slice(8)))
    return
  }
  const headerLen = ((tcp[12] ?? 0) >> 4) * 4
  set('tcp.ack', readU32(tcp, 8))
  set('tcp.headerLen', headerLen)
  if ((tcp[12] ?? 0) & 0x0f) set('tcp.reserved', (tcp[12] ?? 0) & 0x0f)
  set('tcp.flags', [...FLAG_LETTERS].filter((_, bit) => ((tcp[13] ?? 0) >> bit) & 1).join(''))
  set('tcp.window', readU16(tcp, 14))
  set('tcp.checksum', hex(tcp.slice(16, 18)))
  set('tcp.checksumIs', state(readU16(tcp, 16)))
  set('tcp.urgent', readU16(tcp, 18))
  if (headerLen > 20) set('tcp.options', hex(tcp.slice(20, headerLen)))
  if (tcp.length > Math.max(20, headerLen)) set('payload', hex(tcp.slice(Math.max(20, headerLen))))
}

function decodeUdp(fields: Fields, before: string, udp: Uint8Array, state: (field: number) => ChecksumIs): void {
  fields[`${before}udp.srcPort`] = readU16(udp, 0)
  fields[`${before}udp.dstPort`] = readU16(udp, 2)
  fields[`${before}udp.len`] = readU16(udp, 4)
  fields[`${before}udp.checksum`] = hex(udp.slice(6, 8))
  fields[`${before}udp.checksumIs`] = state(readU16(udp, 6))
  if (udp.length > 8) fields[`${before}payload`] = hex(udp.slice(8))
}

function decodeIcmp(fields: Fields, before: string, icmp: Uint8Array, whole: boolean): void {
  const type = icmp[0] ?? 0
  fields[`${before}icmp.type`] = type
  fields[`${before}icmp.code`] = icmp[1] ?? 0
  fields[`${before}icmp.checksum`] = hex(icmp.slice(2, 4))
  fields[`${before}icmp.checksumIs`] = whole ? (checksum(icmp) === 0 ? 'right' : 'wrong') : 'cut'
  fields[`${before}icmp.rest`] = hex(icmp.slice(4, 8))
  if (ICMP_ERRORS.includes(type) && icmp.length >= 28) decodeIpv4(fields, `${before}in.`, icmp.slice(8), true)
  else if (icmp.length > 8) fields[`${before}payload`] = hex(icmp.slice(8))
}
