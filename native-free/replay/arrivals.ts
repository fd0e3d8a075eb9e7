import { CapturedDirection, type CapturedFrame, type FormatReader } from '../../src/capture/captured-frame.js'
import { EthernetMaker, LinkType, Made } from '../../src/capture/link-types.js'
import { Views } from '../../src/capture/views.js'
import type { Director } from '../../src/director/director.js'
import type { LinkOptions } from '../../src/director/options.js'
import { HEADROOM, slabOver, VNET_LEN, type Slab } from '../../src/packet/frame.js'
import type { Link } from '../../src/packet/link.js'
import type { Ipv4Addr, MacAddr } from '../../src/wire/addr.js'
import { ETHERNET_LEN, EtherType } from '../../src/wire/ethernet.js'
import { IPV4_MIN_LEN, IpProtocol } from '../../src/wire/ipv4.js'
import { TCP_MIN_LEN } from '../../src/wire/tcp.js'
import { GsoType } from '../../src/wire/virtio-net.js'

/** An interface of the director. */
export interface ReplayLink extends LinkOptions {
  readonly mac: MacAddr
  /** Its MAC in the capture is not known: frames to any host's are taken for the director's. */
  readonly takesAll: boolean
}

/** What became of a frame of the capture. */
export const Came = { TAKEN: 0, SENT_THEN: 1, UNKNOWN_LINK: 2, TOO_SHORT: 3, TOO_LONG: 4 } as const
export type Came = (typeof Came)[keyof typeof Came]

/** Where frames lie: headroom before them, then the longest one. */
const AT = HEADROOM + VNET_LEN
const LONGEST = ETHERNET_LEN + 0xffff
const ROOM = AT + 0x4_0000 + ETHERNET_LEN
const REPLY_ROOM = AT + 64
const BY_ROUTE = -1

/** Puts a capture's frames where a device would, each by one of the director's interfaces. */
export class Arrivals {
  /** What the director gets, at `at`. */
  readonly slab: Slab = slabOver(new ArrayBuffer(ROOM))
  /** The frame as it came, at `at` too. */
  readonly asCame: Slab = slabOver(new ArrayBuffer(ROOM))
  /** For an answer that is made up. */
  readonly reply: Slab = slabOver(new ArrayBuffer(REPLY_ROOM))
  readonly at = AT
  readonly replyAt = AT
  /** Octets that were captured, that were on the wire, and that the director gets. */
  len = 0
  originalLen = 0
  wholeLen = 0
  link: Link
  /** What a comment says besides. */
  note = ''
  /** How many frames were left out, by Came. */
  readonly counts = [0, 0, 0, 0, 0]
  /** Link types that are not known, of the frames that were left out. */
  readonly unknownLinks = new Set<number>()
  /** Frames that were captured in part. */
  cut = 0
  readonly #capture: FormatReader
  readonly #links: readonly ReplayLink[]
  readonly #director: Director
  readonly #maker = new EthernetMaker()
  readonly #views = new Views()
  /** The capture's interface → the link's index, or BY_ROUTE. */
  readonly #linkOf: number[] = []

  constructor(capture: FormatReader, links: readonly ReplayLink[], director: Director) {
    this.#capture = capture
    this.#links = links
    this.#director = director
    this.link = director.links[0]!
  }

  /** Takes the next frame. Unless it is TAKEN or SENT_THEN, nothing of it is there. */
  place(frame: CapturedFrame): Came {
    const came = this.#place(frame)
    this.counts[came]!++
    return came
  }

  #place(frame: CapturedFrame): Came {
    const maker = this.#maker
    const { bytes, view } = this.asCame
    const us = this.#links[0]!.mac
    const made = maker.make(frame, us, bytes, view, AT)
    if (made === Made.TOO_SHORT) return Came.TOO_SHORT
    if (made === Made.UNKNOWN_LINK) {
      this.unknownLinks.add(frame.linkType)
      return Came.UNKNOWN_LINK
    }
    if (maker.originalLen > LONGEST) return Came.TOO_LONG
    this.len = maker.len
    this.originalLen = this.wholeLen = maker.originalLen
    this.note = ''
    if (this.len < ETHERNET_LEN) bytes.fill(0, AT + this.len, AT + ETHERNET_LEN)
    const which = this.#which(frame, view)
    this.link = this.#director.links[which]!
    const link = this.#links[which]!
    const isEthernet = frame.linkType === LinkType.ETHERNET
    if (!isEthernet && link.mac !== us && isTo(view, us)) putDst(view, link.mac)
    if (frame.direction === CapturedDirection.OUTBOUND || (isEthernet && !link.takesAll && isFrom(view, link.mac)))
      return Came.SENT_THEN
    this.#copy(link, isEthernet)
    return Came.TAKEN
  }

  #copy(link: ReplayLink, isEthernet: boolean): void {
    const { bytes, view } = this.slab
    bytes.fill(0, AT - VNET_LEN, AT)
    bytes.set(this.#views.of(this.asCame.bytes, AT, this.len), AT)
    if (this.wholeLen > this.len) {
      bytes.fill(0, AT + this.len, AT + this.wholeLen)
      this.cut++
      this.note = `; ${this.len} of ${this.wholeLen} octets were captured, the others are taken as 0`
    }
    if (this.wholeLen < ETHERNET_LEN) return
    if (isEthernet && link.takesAll && (view.getUint8(AT) & 1) === 0) putDst(view, link.mac)
    if (this.wholeLen > ETHERNET_LEN + link.mtu) this.#asSegments(view, link.mtu)
  }

  /** A frame longer than the MTU was put together of segments before it was captured: it says so, as the kernel would. */
  #asSegments(view: DataView, mtu: number): void {
    const ip = AT + ETHERNET_LEN
    if (view.getUint16(AT + 12) !== EtherType.IPV4 || view.getUint8(ip + 9) !== IpProtocol.TCP) return
    const ipHeader = (view.getUint8(ip) & 0x0f) * 4
    const tcp = ip + ipHeader
    if (tcp + TCP_MIN_LEN > AT + this.wholeLen) return
    const size = mtu - ipHeader - (view.getUint8(tcp + 12) >>> 4) * 4
    if (size <= 0) return
    view.setUint8(AT - VNET_LEN + 1, GsoType.TCPV4)
    view.setUint16(AT - VNET_LEN + 4, size, true)
    this.note += `; longer than the MTU: segments of ${size} octets in one`
  }

  /** The link that a frame comes in by: of its interface's name, the only one, or that to which its source is routed. */
  #which(frame: CapturedFrame, view: DataView): number {
    const known = (this.#linkOf[frame.interface] ??= this.#named(frame.interface))
    if (known !== BY_ROUTE) return known
    if (this.len < ETHERNET_LEN + IPV4_MIN_LEN || view.getUint16(AT + 12) !== EtherType.IPV4) return 0
    return this.#director.routes.lookup(view.getInt32(AT + ETHERNET_LEN + 12) as Ipv4Addr)?.link.index ?? 0
  }
  #named(which: number): number {
    const name = this.#capture.interfaces[which]?.name
    const at = this.#links.findIndex(link => link.name === name)
    if (at >= 0) return at
    return this.#links.length === 1 ? 0 : BY_ROUTE
  }
}

function isTo(view: DataView, { hi, lo }: MacAddr): boolean {
  return view.getUint16(AT) === hi && view.getUint32(AT + 2) === lo
}
function isFrom(view: DataView, { hi, lo }: MacAddr): boolean {
  return view.getUint16(AT + 6) === hi && view.getUint32(AT + 8) === lo
}
function putDst(view: DataView, { hi, lo }: MacAddr): void {
  view.setUint16(AT, hi)
  view.setUint32(AT + 2, lo)
}
