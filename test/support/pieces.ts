/* Datagrams in pieces and GSO frames in segments, slow and obvious: shares no code with src/ (octets.ts). */
import { checksum, concat, pseudoHeader, readU16, readU32, u16, u32 } from './octets.js'

const DF = 0x4000
const MF = 0x2000

/** The frame with its IPv4 header written anew: total length, word of flags and offset; its checksum is right. */
export function withHeader(frame: Uint8Array, flags: number, payload: Uint8Array, more: HeaderChange = {}): Uint8Array {
  const headerLen = (frame[14]! & 15) * 4
  const out = concat(frame.slice(0, 14 + headerLen), payload)
  out.set(u16(headerLen + payload.length), 16)
  out.set(u16(more.id ?? readU16(frame, 18)), 18)
  out.set(u16(flags), 20)
  if (more.ttl !== undefined) out[22] = more.ttl
  if (more.tos !== undefined) out[15] = more.tos
  out.set([0, 0], 24)
  out.set(u16(checksum(out.slice(14, 14 + headerLen))), 24)
  return out
}
export interface HeaderChange {
  id?: number
  ttl?: number
  tos?: number
}

/** Octets `from` … `to` of what the frame's IPv4 header is before, as a piece of it. */
export function pieceOf(
  frame: Uint8Array,
  from: number,
  to: number,
  more: HeaderChange & { mf?: boolean } = {},
): Uint8Array {
  const payload = behindIp(frame)
  const mf = more.mf ?? to < payload.length
  const flags = (readU16(frame, 20) & DF) | (mf ? MF : 0) | (from / 8)
  return withHeader(frame, flags, payload.slice(from, to), more)
}
/** The frame in pieces that begin at these octets of its payload: multiples of 8, the first is 0. */
export function inPieces(frame: Uint8Array, ...starts: number[]): Uint8Array[] {
  const ends = [...starts.slice(1), behindIp(frame).length]
  return starts.map((from, i) => pieceOf(frame, from, ends[i]!))
}

/** What the pieces come to: 'from–to' of each, in order, and the frame that they make; throws if they make none. */
export function joined(frames: Uint8Array[]): { cuts: string[]; frame: Uint8Array } {
  const [first] = frames
  if (first === undefined) throw new Error('no pieces')
  let at = 0
  const cuts = frames.map((frame, i) => {
    const [flags, payload] = [readU16(frame, 20), behindIp(frame)]
    const isLast = i === frames.length - 1
    if (readU16(frame, 18) !== readU16(first, 18)) throw new Error(`piece ${i} has another id`)
    if (frame[22] !== first[22] || frame[15] !== first[15]) throw new Error(`piece ${i} has another TTL or TOS`)
    if ((flags & 0x1fff) * 8 !== at) throw new Error(`piece ${i} begins at ${(flags & 0x1fff) * 8}, not at ${at}`)
    if (((flags & MF) !== 0) === isLast) throw new Error(`piece ${i}: wrong MF`)
    if (((flags ^ readU16(first, 20)) & DF) !== 0) throw new Error(`piece ${i}: another DF`)
    if (!isLast && payload.length % 8 !== 0) throw new Error(`piece ${i} has ${payload.length} octets`)
    if (readU16(frame, 16) !== frame.length - 14) throw new Error(`piece ${i}: wrong total length`)
    if (checksum(frame.slice(14, 14 + (frame[14]! & 15) * 4)) !== 0) throw new Error(`piece ${i}: wrong checksum`)
    return `${at}–${(at += payload.length)}`
  })
  return { cuts, frame: withHeader(first, readU16(first, 20) & DF, concat(...frames.map(behindIp))) }
}

/** What a device sends of a frame and its virtio-net header: the checksum that was left to it is put in. */
export function finished(frame: Uint8Array, header: Uint8Array): Uint8Array {
  if ((header[0]! & 1) === 0) return frame
  const start = header[6]! | (header[7]! << 8)
  const field = start + (header[8]! | (header[9]! << 8))
  const whole = Uint8Array.from(frame)
  whole.set(u16(checksum(frame.slice(start)) || 0xffff), field)
  return whole
}

/** The segments that a GSO frame of TCP or UDP stands for, their checksums made from all their octets. */
export function inSegments(frame: Uint8Array, size: number): Uint8Array[] {
  const protocol = frame[23]!
  const isTcp = protocol === 6
  const transport = behindIp(frame)
  const headerLen = isTcp ? (transport[12]! >> 4) * 4 : 8
  const [header, data] = [transport.slice(0, headerLen), transport.slice(headerLen)]
  const segments: Uint8Array[] = []
  for (let from = 0; from < data.length; from += size) {
    const isLast = from + size >= data.length
    const out = concat(header, data.slice(from, from + size))
    if (isTcp) {
      out.set(u32(readU32(header, 4) + from), 4)
      // FIN and PSH are the last one's, CWR the first one's (RFC 3168 §6.1.2).
      out[13] = header[13]! & ~(isLast ? 0 : 0x09) & ~(from === 0 ? 0 : 0x80)
    } else out.set(u16(out.length), 4)
    const checkAt = isTcp ? 16 : 6
    out.set([0, 0], checkAt)
    const pseudo = pseudoHeader(frame.slice(26, 30), frame.slice(30, 34), protocol, out.length)
    out.set(u16(checksum(concat(pseudo, out)) || (isTcp ? 0 : 0xffff)), checkAt)
    segments.push(withHeader(frame, readU16(frame, 20), out, { id: readU16(frame, 18) + segments.length }))
  }
  return segments
}

/** All behind the IPv4 header. */
export function behindIp(frame: Uint8Array): Uint8Array {
  return frame.slice(14 + (frame[14]! & 15) * 4, 14 + readU16(frame, 16))
}
