import { sumOctets } from '../../../native-free/checksum.js'

/** A packet as a first version would read it: an object for each, addresses as text. */
export function objectPacket(frame: Buffer) {
  if (frame.readUInt16BE(12) !== 0x800 || frame[14]! >> 4 !== 4) return undefined
  const headerLen = (frame[14]! & 15) * 4
  if (sumOctets(frame.subarray(14, 14 + headerLen)) !== 0xffff) return undefined
  const tcp = frame.subarray(14 + headerLen, 14 + frame.readUInt16BE(16))
  return {
    protocol: frame[23]!,
    src: frame.subarray(26, 30).join('.'),
    dst: frame.subarray(30, 34).join('.'),
    srcPort: tcp.readUInt16BE(0),
    dstPort: tcp.readUInt16BE(2),
    flags: tcp[13]!,
  }
}
