/*
 * TOA, "TCP option address": a TCP option in the segments to the real server that carries the client's address and port.
 * Kind 254 (experimental, RFC 6994 §2), 8 octets: kind, length, port, IPv4 address, in network order.
 */
import { VNET_LEN } from '../packet/frame.js'
import type { Packet } from '../packet/packet.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { IPV4_MIN_LEN } from '../wire/ipv4.js'
import { isPure, packOptions, purgeOptions } from '../wire/tcp-options.js'
import { TCP_DATA_OFFSET_AT, TCP_MAX_LEN, TCP_MIN_LEN, TcpOption } from '../wire/tcp.js'
import { isPartial } from './nat.js'

export const TOA_LEN = 8
const MOST_OCTETS = 65_535
const MSS_LEN = 4
/** An MSS is not lowered below this. No host has one so small. */
const LEAST_MSS = 64

/** The outcome of `insertToa`. */
export const Toa = { INSERTED: 0, OPTIONS_FULL: 1, TOO_BIG: 2 } as const
export type Toa = (typeof Toa)[keyof typeof Toa]

/**
 * Removes every option that a real server could take for TOA from a client's TCP segment. Called first, for every segment:
 * only some segments carry our option, and a real server may read the option of any segment.
 */
export function stripToa(packet: Packet): void {
  stripOption(packet, TcpOption.TOA)
}
/** Whether a segment in an IP packet of 20 octets of header has no such option to remove. */
export function isFreeOfToa(view: DataView, transport: number, ipLen: number): boolean {
  const headerLen = (view.getUint8(transport + TCP_DATA_OFFSET_AT) >>> 4) << 2
  return headerLen <= ipLen - IPV4_MIN_LEN && isPure(view, transport, TcpOption.TOA)
}
/** Removes all options of this kind (wire/tcp-options.ts). Leaves a malformed header alone: no host reads its options. */
export function stripOption(packet: Packet, kind: number): void {
  const { tcp, slab, transportAt } = packet
  if (!tcp.isValid(packet.transportLen) || isPure(slab.view, transportAt, kind)) return
  const before = tcp.optionsSum
  purgeOptions(slab.view, transportAt, kind)
  tcp.optionsChanged(before, isPartial(packet))
}

/**
 * Inserts the option as the first one. The TCP header must be whole and stripped. The headers move 8 octets into the
 * headroom. Each segment of a GSO frame gets the option, so gsoSize shrinks if it must. If 8 octets more do not fit (40 of
 * options, `mtu` octets of IP packet), the option replaces NOPs and END; if there are too few of them, nothing changes.
 */
export function insertToa(packet: Packet, addr: Ipv4Addr, port: number, mtu: number): Toa {
  const { tcp, ip, vnet, slab } = packet
  const refusal = whyNotLonger(packet, mtu)
  if (refusal !== Toa.INSERTED) return insertInPlace(packet, addr, port) ? Toa.INSERTED : refusal

  const room = roomInSegment(packet, mtu)
  const partial = isPartial(packet)
  const from = packet.at - VNET_LEN
  slab.bytes.copyWithin(from - TOA_LEN, from, packet.transportAt + TCP_MIN_LEN)
  packet.wrap(packet.link, slab, packet.at - TOA_LEN, packet.len + TOA_LEN)
  packet.wrapIp()
  packet.transportAt -= TOA_LEN
  packet.transportLen += TOA_LEN
  packet.ipLen += TOA_LEN
  ip.rewriteTotalLen(packet.ipLen)
  tcp.wrap(slab.view, packet.transportAt).insertOption(TcpOption.TOA, port, addr, packet.transportLen, partial)
  if (vnet.gsoSize > room) vnet.gsoSize = room
  return Toa.INSERTED
}

function whyNotLonger(packet: Packet, mtu: number): Toa {
  const { gsoSize } = packet.vnet
  if (packet.tcp.headerLen > TCP_MAX_LEN - TOA_LEN) return Toa.OPTIONS_FULL
  if (packet.ipLen > MOST_OCTETS - TOA_LEN || packet.largestPiece > 0) return Toa.TOO_BIG
  const isTooLong = packet.ipLen + TOA_LEN > mtu && (gsoSize === 0 || roomInSegment(packet, mtu) < TOA_LEN)
  return isTooLong ? Toa.TOO_BIG : Toa.INSERTED
}
/** Octets of payload that fit into a segment with the option. */
function roomInSegment(packet: Packet, mtu: number): number {
  return mtu - (packet.transportAt - packet.ipAt + packet.tcp.headerLen + TOA_LEN)
}
/** In the place of padding: the header stays as long as it is. False where there is too little of it. */
function insertInPlace(packet: Packet, addr: Ipv4Addr, port: number): boolean {
  const { tcp, slab, transportAt } = packet
  const before = tcp.optionsSum
  if (!packOptions(slab.view, transportAt, TOA_LEN)) return false
  const at = transportAt + TCP_MIN_LEN
  slab.view.setUint16(at, (TcpOption.TOA << 8) | TOA_LEN)
  slab.view.setUint16(at + 2, port)
  slab.view.setInt32(at + 4, addr)
  tcp.optionsChanged(before, isPartial(packet))
  return true
}

/** Lowers the MSS that the client is told by 8, so that its segments leave room for the option. */
export function lowerMss(packet: Packet): void {
  const { tcp } = packet
  const offset = tcp.findOption(TcpOption.MSS, MSS_LEN)
  if (offset === 0) return
  const mss = tcp.optionHalf(offset)
  if (mss >= LEAST_MSS + TOA_LEN) tcp.rewriteOptionHalf(offset, mss - TOA_LEN, isPartial(packet))
}
