import type { Slab } from '../packet/frame.js'
import { HEADROOM } from '../packet/frame.js'
import type { MacAddr } from '../wire/addr.js'
import type { FrameSink } from '../packet/device.js'
import { joinGroup, type FanoutGroup, type Sharing } from './fanout.js'
import type { InterfaceInfo } from '../linux/interface.js'
import type { Filter } from '../linux/classic-filter.js'
import { LargeFrames } from './large-frames.js'
import { check, close, mapRing, unmapRing } from '../linux/libc.js'
import {
  bindTo,
  isOfVlan,
  NOTHING,
  packetSocket,
  removeFilter,
  setFilter,
  setOption,
  SLL_PKTTYPE,
} from '../linux/packet-socket.js'

// linux/if_packet.h
const PACKET_RX_RING = 5
const PACKET_COPY_THRESH = 7
const PACKET_VERSION = 10
const PACKET_RESERVE = 12
const PACKET_VNET_HDR = 15
const PACKET_FANOUT = 18
const PACKET_IGNORE_OUTGOING = 23
const TPACKET_V2 = 1
/** A fanout group of one, of an id that is free, whose members get datagrams whole (packet(7): UNIQUEID and DEFRAG). */
const FANOUT_ALONE_DEFRAG = 0xa000_0000
const TP_STATUS_KERNEL = 0
const TP_STATUS_USER = 1
const TP_STATUS_COPY = 2
// struct tpacket2_hdr: tp_status, tp_len, tp_snaplen, tp_mac.
const TP_LEN = 4
const TP_SNAPLEN = 8
const TP_MAC = 12
/** Where struct sockaddr_ll stands, right behind it. */
const TP_SOCKADDR = 32

/**
 * A slot holds a frame of an MTU of 1500: 140 octets of kernel header, headroom and virtio header, 14 + 1500 of frame.
 * Larger ones, those of GSO, come by large-frames.ts: so the ring holds many. The stride is an odd number of
 * cache lines, so that headers spread over the cache's sets.
 */
const SLOT = 2112
const BLOCK = 2 ** 20
const SLOTS_PER_BLOCK = Math.floor(BLOCK / SLOT)
/**
 * 7936 slots: 16 ms of 500 000 frames a second, so that none is lost while another thread has this one's CPU for a slice
 * or two (2.8 ms each). With 4 blocks 1 to 2 % of 440 000 datagrams a second were lost.
 */
const BLOCKS = 16
const ETH_P_IP = 0x0800

/** What a ring hears, of IPv4. */
export interface Hearing {
  /** Without one: all. */
  readonly filter?: Filter | undefined
  /** The filter is a front's, which hangs there already: it passes no frame of a VLAN whole. */
  readonly isFronted?: boolean
  readonly sharing?: Sharing | undefined
  /** Room for so many frames, in blocks of 496. Default: 16. */
  readonly blocks?: number
}

/**
 * The receive ring of a packet socket (packet(7), TPACKET_V2): the kernel puts frames there and hands them over by
 * their status word; we hand them back the same way. Bound to IPv4 only, so that a later fast path can take frames away
 * before it, and so that there are no copies of what we send.
 */
export class PacketRing {
  readonly fd: number
  readonly slab: Slab
  readonly #large: LargeFrames
  readonly #mac: MacAddr
  readonly #isFronted: boolean
  readonly #filter: Filter | undefined
  /** The group of a ring that shares its interface: for the rings that are to share it, too. */
  readonly group: FanoutGroup | undefined
  readonly #status: Int32Array
  readonly #offsets: Int32Array
  /** The next slot to read, and the first not yet given back. */
  #next = 0
  #unreleased = 0
  #held = 0
  /** Frames that came in a form we cannot use: cut off, or of a VLAN that the interface has no part in. */
  unusable = 0

  constructor(
    name: string,
    { index, mac }: InterfaceInfo,
    { filter, isFronted = false, sharing, blocks = BLOCKS }: Hearing = {},
  ) {
    this.#mac = mac
    this.#isFronted = isFronted
    this.#filter = filter
    this.fd = packetSocket()
    let slab: Slab | undefined
    try {
      setOption(this.fd, PACKET_VERSION, TPACKET_V2)
      setOption(this.fd, PACKET_VNET_HDR, 1)
      setOption(this.fd, PACKET_RESERVE, HEADROOM)
      setOption(this.fd, PACKET_IGNORE_OUTGOING, 1)
      setOption(this.fd, PACKET_COPY_THRESH, 1)
      setOption(this.fd, PACKET_RX_RING, BLOCK, blocks, SLOT, blocks * SLOTS_PER_BLOCK)
      slab = mapRing(this.fd, BLOCK * blocks)
      this.#large = new LargeFrames(this.fd)
      if (sharing !== undefined) setFilter(this.fd, NOTHING)
      else if (filter !== undefined) setFilter(this.fd, filter)
      bindTo(this.fd, index, ETH_P_IP, name)
      if (sharing !== undefined) this.group = this.#join(sharing)
    } catch (error) {
      close(this.fd)
      if (slab !== undefined) unmapRing(slab)
      throw error
    }
    this.slab = slab
    this.#status = new Int32Array(slab.bytes.buffer)
    this.#offsets = Int32Array.from(
      { length: blocks * SLOTS_PER_BLOCK },
      (_, i) => Math.floor(i / SLOTS_PER_BLOCK) * BLOCK + (i % SLOTS_PER_BLOCK) * SLOT,
    )
  }

  #join(sharing: Sharing): FanoutGroup {
    const id = joinGroup(this.fd, sharing)
    if (!sharing.isDeaf) this.hear()
    return { id, isFronted: this.#isFronted }
  }
  /** A ring that shares its interface begins to hear. */
  hear(): void {
    if (this.#filter) setFilter(this.fd, this.#filter)
    else removeFilter(this.fd)
  }

  /** From now on the kernel puts fragments together: their datagram comes as one frame. */
  reassemble(): void {
    setOption(this.fd, PACKET_FANOUT, FANOUT_ALONE_DEFRAG)
  }

  /** Hands at most `budget` frames to the sink, where they lie; returns how many. */
  receive(sink: FrameSink, budget: number): number {
    const { view } = this.slab
    const slots = this.#offsets.length
    let frames = 0
    while (frames < budget && this.#held < slots && this.#large.hasRoom) {
      const slot = this.#offsets[this.#next]!
      const status = Atomics.load(this.#status, slot >>> 2)
      if ((status & TP_STATUS_USER) === 0) break
      this.#next = this.#next + 1 === slots ? 0 : this.#next + 1
      this.#held++
      frames++
      if ((status & TP_STATUS_COPY) !== 0) this.#receiveLarge(sink, slot)
      else {
        const len = view.getUint32(slot + TP_LEN, true)
        if (view.getUint32(slot + TP_SNAPLEN, true) === len && this.#isOurs(slot))
          sink.frame(this.slab, slot + view.getUint16(slot + TP_MAC, true), len)
        else this.unusable++
      }
    }
    return frames
  }

  /** The slot has the frame's beginning. */
  #receiveLarge(sink: FrameSink, slot: number): void {
    const large = this.#large
    const len = large.read()
    if (len > 0 && this.#isOurs(slot)) sink.frame(large.slab, large.at, len)
    else this.unusable++
  }

  /** Whether the frame in the slot is not one of a VLAN. Those that a front's filter has cut off are told by that. */
  #isOurs(slot: number): boolean {
    if (this.#isFronted) return true
    const { view } = this.slab
    const at = slot + view.getUint16(slot + TP_MAC, true)
    return !isOfVlan(view, at, view.getUint8(slot + TP_SOCKADDR + SLL_PKTTYPE), this.#mac)
  }

  /** Gives every slot that was read back to the kernel. */
  release(): void {
    const slots = this.#offsets.length
    for (; this.#held > 0; this.#held--) {
      Atomics.store(this.#status, this.#offsets[this.#unreleased]! >>> 2, TP_STATUS_KERNEL)
      this.#unreleased = this.#unreleased + 1 === slots ? 0 : this.#unreleased + 1
    }
    this.#large.release()
  }

  /** The socket lives, and hears, as long as its ring is mapped. */
  close(): void {
    check(close(this.fd), 'close')
    unmapRing(this.slab)
  }
}
