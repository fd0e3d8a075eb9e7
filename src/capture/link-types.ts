/*
 * Link types (tcpdump.org/linktypes.html), and how their frames become Ethernet frames.
 *  Ethernet              as it is
 *  Linux cooked v1, v2   packet type, hardware type, address and protocol become addresses and type
 *  raw IP, null, loop    the version of the IP header becomes the type
 */
import type { MacAddr } from '../wire/addr.js'
import { ETHERNET_LEN, EtherType } from '../wire/ethernet.js'
import { type CapturedFrame, CapturedDirection } from './captured-frame.js'

export const LinkType = {
  NULL: 0,
  ETHERNET: 1,
  RAW_BSD: 12,
  RAW_OPENBSD: 14,
  RAW: 101,
  LOOP: 108,
  COOKED: 113,
  IPV4: 228,
  IPV6: 229,
  COOKED_V2: 276,
} as const

const NULL_LEN = 4
const COOKED_LEN = 16
const COOKED_V2_LEN = 20
const MAC_LEN = 6
/** sll's packet types. */
const [TO_US, BROADCAST, MULTICAST, TO_OTHERS, OUTGOING] = [0, 1, 2, 3, 4]
/** IPv6's EtherType. */
const IPV6 = 0x86dd

const BROADCAST_MAC: MacAddr = { hi: 0xffff, lo: 0xffffffff }
const MULTICAST_MAC: MacAddr = { hi: 0x0100, lo: 0x5e000001 }
/** Hosts of whom the capture does not say the address. */
const SOMEBODY: MacAddr = { hi: 0x0200, lo: 0xfffffffe }
const SOMEBODY_ELSE: MacAddr = { hi: 0x0200, lo: 0xffffffff }

/** What became of a frame. */
export const Made = { FRAME: 0, UNKNOWN_LINK: 1, TOO_SHORT: 2 } as const
export type Made = (typeof Made)[keyof typeof Made]

/** Copies a frame as an Ethernet frame to the host with MAC `us`. */
export class EthernetMaker {
  /** Octets of the frame that was made: those that are there, and those that it had on the wire. */
  len = 0
  originalLen = 0

  /** To `at` of `bytes`, whose room the caller knows. Fills in the frame's direction where its link says it. */
  make(frame: CapturedFrame, us: MacAddr, bytes: Uint8Array, view: DataView, at: number): Made {
    switch (frame.linkType) {
      case LinkType.ETHERNET:
        return this.#copy(frame, 0, bytes, at)
      case LinkType.COOKED:
        return this.#cooked(frame, us, bytes, view, at, COOKED_LEN, 0, 6, 14)
      case LinkType.COOKED_V2:
        return this.#cooked(frame, us, bytes, view, at, COOKED_V2_LEN, 10, 12, 0)
      case LinkType.RAW:
      case LinkType.RAW_BSD:
      case LinkType.RAW_OPENBSD:
      case LinkType.IPV4:
      case LinkType.IPV6:
        return this.#raw(frame, us, bytes, view, at, 0)
      case LinkType.NULL:
      case LinkType.LOOP:
        return this.#raw(frame, us, bytes, view, at, NULL_LEN)
      default:
        return Made.UNKNOWN_LINK
    }
  }

  /** `typeAt` of the packet type (v1: 16 bits, the low octet counts; v2: 8), `macAt` of the sender's address, `protocolAt` of the protocol. */
  #cooked(
    frame: CapturedFrame,
    us: MacAddr,
    bytes: Uint8Array,
    view: DataView,
    at: number,
    headLen: number,
    typeAt: number,
    macAt: number,
    protocolAt: number,
  ): Made {
    if (frame.len < headLen) return Made.TOO_SHORT
    const from = frame.view
    const type = from.getUint8(frame.at + typeAt + (headLen === COOKED_LEN ? 1 : 0))
    const macLenAt = headLen === COOKED_LEN ? 5 : 11
    if (type === OUTGOING) frame.direction = CapturedDirection.OUTBOUND
    putMac(view, at, macOf(type, us))
    if (from.getUint8(frame.at + macLenAt) === MAC_LEN) {
      view.setUint16(at + 6, from.getUint16(frame.at + macAt))
      view.setUint32(at + 8, from.getUint32(frame.at + macAt + 2))
    } else putMac(view, at + 6, SOMEBODY)
    view.setUint16(at + 12, from.getUint16(frame.at + protocolAt))
    return this.#copy(frame, headLen, bytes, at + ETHERNET_LEN, ETHERNET_LEN)
  }

  #raw(frame: CapturedFrame, us: MacAddr, bytes: Uint8Array, view: DataView, at: number, headLen: number): Made {
    if (frame.len <= headLen) return Made.TOO_SHORT
    const version = frame.view.getUint8(frame.at + headLen) >>> 4
    putMac(view, at, us)
    putMac(view, at + 6, SOMEBODY)
    view.setUint16(at + 12, version === 6 ? IPV6 : EtherType.IPV4)
    return this.#copy(frame, headLen, bytes, at + ETHERNET_LEN, ETHERNET_LEN)
  }

  /** What is behind `skip` octets, to `at`, where `before` octets are there already. */
  #copy(frame: CapturedFrame, skip: number, bytes: Uint8Array, at: number, before = 0): Made {
    frame.bytes.copy(bytes, at, frame.at + skip, frame.at + frame.len)
    this.len = before + frame.len - skip
    this.originalLen = before + frame.originalLen - skip
    return Made.FRAME
  }
}

function macOf(type: number, us: MacAddr): MacAddr {
  if (type === BROADCAST) return BROADCAST_MAC
  if (type === MULTICAST) return MULTICAST_MAC
  return type === TO_US ? us : type === TO_OTHERS || type === OUTGOING ? SOMEBODY_ELSE : us
}
function putMac(view: DataView, at: number, { hi, lo }: MacAddr): void {
  view.setUint16(at, hi)
  view.setUint32(at + 2, lo)
}
