import { addrText, readU16 } from '../support/octets.js'

/** A field that the recording cannot foretell: octets from `at`, `len` of them, and its name in decoded frames. */
export interface Masked {
  at: number
  len: number
  name: string
}

const IPV4_TYPE = 0x0800
const ICMP = 1
const UDP = 17
/** Protocols of outer headers: IP in IP, GRE. */
const TUNNELS = [4, 47]
/** UDP ports with a source port that nobody can foretell: GUE, and synchronisation messages. */
const EPHEMERAL_TO = [6080, 8848]
/** The director's addresses, but for those of its services. */
const DIRECTORS = ['10.99.1.1', '10.99.2.1']

/**
 * What is masked in an expected frame: the id, and with it the checksum, of an IP header that the director itself made
 * without DF, or cut into pieces, and source port and checksum of UDP towards the ports above. `sent` is the frame that
 * was put in; `actual` the director's, asked only whether it forwarded an id, never what to mask.
 */
export function masked(expected: Uint8Array, actual: Uint8Array, sent: Uint8Array | undefined): Masked[] {
  if (expected.length < 34 || readU16(expected, 12) !== IPV4_TYPE) return []
  const fields: Masked[] = []
  if ((!dontFragment(expected) || isFragment(expected)) && isMade(expected, actual, sent)) {
    fields.push({ at: 18, len: 2, name: 'ip.id' }, { at: 24, len: 2, name: 'ip.checksum' })
  }
  if (towardsEphemeral(expected)) {
    const udp = transportAt(expected)
    fields.push({ at: udp, len: 2, name: 'udp.srcPort' }, { at: udp + 6, len: 2, name: 'udp.checksum' })
  }
  return fields
}

/** The director itself speaks UDP only in tunnels. */
function isDirectors(frame: Uint8Array): boolean {
  return DIRECTORS.includes(addrText(frame.slice(26, 30)))
}

/** The frame is a part of a datagram. */
export function isFragment(frame: Uint8Array): boolean {
  return (readU16(frame, 20) & 0x3fff) !== 0
}

/** Whether the outermost IP header is the director's own: an ICMP error or echo reply of its making, a tunnel's outer header. */
function isMade(expected: Uint8Array, actual: Uint8Array, sent: Uint8Array | undefined): boolean {
  const protocol = protocolOf(expected)
  const same = sent !== undefined && protocolOf(sent) === protocol
  if (TUNNELS.includes(protocol)) return !same
  if (protocol === UDP && isDirectors(expected)) return true
  if (towardsEphemeral(expected)) return !(same && towardsEphemeral(sent))
  if (protocol !== ICMP) return false
  // What is sent to the director itself ends there.
  if (!same || DIRECTORS.includes(addrText(sent.slice(30, 34)))) return true
  // Fragments have no type to tell by. What is forwarded keeps its id; either frame's will do to say that it was.
  if (isFragment(expected) || isFragment(sent)) return ![idOf(expected), idOf(actual)].includes(idOf(sent))
  return typeAndCode(expected) !== typeAndCode(sent)
}

function towardsEphemeral(frame: Uint8Array): boolean {
  const first = (readU16(frame, 20) & 0x1fff) === 0
  return protocolOf(frame) === UDP && first && EPHEMERAL_TO.includes(readU16(frame, transportAt(frame) + 2))
}

function dontFragment(frame: Uint8Array): boolean {
  return (readU16(frame, 20) & 0x4000) !== 0
}

function protocolOf(frame: Uint8Array): number {
  return frame[23] ?? 0
}

function idOf(frame: Uint8Array): number {
  return readU16(frame, 18)
}

function transportAt(frame: Uint8Array): number {
  return 14 + ((frame[14] ?? 0) & 0x0f) * 4
}

function typeAndCode(frame: Uint8Array): number {
  return readU16(frame, transportAt(frame))
}
