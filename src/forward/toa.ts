/*
 * TOA, the "TCP option address": the client's address and port in an option of the segments to the real server, kind
 * 254 (RFC 6994 §2: experimental), 8 octets: kind, length, port, IPv4 address, in network order.
 */
import { VNET_LEN } from '../packet/frame.js'
import type { Packet } from '../packet/packet.js'
import { TCP_MAX_LEN, TCP_MIN_LEN, TcpOption } from '../wire/tcp.js'
import { isPartial } from './nat.js'

export const TOA_LEN = 8
const MOST_OCTETS = 65_535
const MSS_LEN = 4
/** An MSS is not lowered below this; nobody has one so small. */
const LEAST_MSS = 64

/** What came of inserting it. */
export const Toa = { INSERTED: 0, OPTIONS_FULL: 1, TOO_BIG: 2 } as const
export type Toa = (typeof Toa)[keyof typeof Toa]

/**
 * Inserts the option into a TCP segment, whose header is whole. Headers move 8 octets into the headroom. Each segment
 * that a GSO frame stands for gets it, so they carry less if they must. Nothing is changed where there is no room for it:
 * 40 octets of options, or `mtu` octets of IP packet.
 */
export function insertToa(packet: Packet, addr: number, port: number, mtu: number): Toa {
  const { tcp, ip, vnet, slab } = packet
  if (overwriteToa(packet, addr, port)) return Toa.INSERTED
  const { headerLen } = tcp
  if (headerLen > TCP_MAX_LEN - TOA_LEN) return Toa.OPTIONS_FULL
  const { gsoSize } = vnet
  const headersLen = packet.transportAt - packet.ipAt + headerLen + TOA_LEN
  const room = mtu - headersLen
  if (packet.ipLen > MOST_OCTETS - TOA_LEN || packet.largestPiece > 0) return Toa.TOO_BIG
  if (packet.ipLen + TOA_LEN > mtu && (gsoSize === 0 || room < TOA_LEN)) return Toa.TOO_BIG

  const partial = isPartial(packet)
  const from = packet.at - VNET_LEN
  slab.bytes.copyWithin(from - TOA_LEN, from, packet.transportAt + TCP_MIN_LEN)
  packet.wrap(packet.port, slab, packet.at - TOA_LEN, packet.len + TOA_LEN)
  packet.wrapIp()
  packet.transportAt -= TOA_LEN
  packet.transportLen += TOA_LEN
  packet.ipLen += TOA_LEN
  ip.rewriteTotalLen(packet.ipLen)
  tcp.wrap(slab.view, packet.transportAt).insertOption(TcpOption.TOA, port, addr, packet.transportLen, partial)
  if (gsoSize > room) vnet.gsoSize = room
  return Toa.INSERTED
}

/** What the client claims by such an option of its own is made true. Whether there was one. */
function overwriteToa(packet: Packet, addr: number, port: number): boolean {
  const { tcp } = packet
  let value = tcp.findOption(TcpOption.TOA, TOA_LEN)
  if (value === 0) return false
  const partial = isPartial(packet)
  for (; value !== 0; value = tcp.findOption(TcpOption.TOA, TOA_LEN, value - 2 + TOA_LEN)) {
    tcp.rewriteOptionHalf(value, port, partial)
    tcp.rewriteOptionWord(value + 2, addr, partial)
  }
  return true
}

/** Leaves room for the option in what the client will send: the MSS that it is told is 8 less. */
export function lowerMss(packet: Packet): void {
  const { tcp } = packet
  const offset = tcp.findOption(TcpOption.MSS, MSS_LEN)
  if (offset === 0) return
  const mss = tcp.optionHalf(offset)
  if (mss >= LEAST_MSS + TOA_LEN) tcp.rewriteOptionHalf(offset, mss - TOA_LEN, isPartial(packet))
}
