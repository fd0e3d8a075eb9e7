import { HEADROOM, slabOver, VNET_LEN, type Slab } from '../../src/packet/frame.js'
import { parseMac } from '../../src/wire/addr.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { fold, pseudoHeaderSum, sum16 } from '../../src/wire/checksum.js'
import { EtherType, EthernetView } from '../../src/wire/ethernet.js'
import { DF, Ipv4View, IpProtocol } from '../../src/wire/ipv4.js'
import { MAC } from './bench-director.js'

export const SYN = 2
export const ACK = 16
/** Octets of a slot, as in the packet ring. */
export const SLOT = 2048
/** A frame's offset in its slot, and its length in octets: a TCP segment without payload. */
export const AT = HEADROOM + VNET_LEN
export const FRAME_LEN = 54
const FLAGS_AT = AT + 47

/** 32-bit words from the virtio-net header to the end of the frame; the IP header and all after it are aligned to words. */
const WORDS = 16
const FIRST_WORD = HEADROOM >> 2
const SLOT_WORDS = SLOT >> 2
const [CHECK, SRC, DST, PORTS, TCP_CHECK] = [8, 9, 10, 11, 15]
const PER_FRAME = 4

/** Memory slots in which frames are written and rewritten. */
export class Slots {
  readonly slab: Slab
  readonly words: Int32Array

  constructor(count: number) {
    this.slab = slabOver(new ArrayBuffer(count * SLOT))
    this.words = new Int32Array(this.slab.bytes.buffer as ArrayBuffer)
  }
  setFlags(slot: number, flags: number): void {
    this.slab.bytes[slot * SLOT + FLAGS_AT] = flags
  }
}

/**
 * A frame for each of many connections, in the order of arrival: 16 octets each, read one after another, so
 * that the frames themselves cost no cache miss, as for a director, whose kernel has just written them. TCP segments with
 * ACK set and valid checksums. (Octets of a word are in wire order: the words are built for a little-endian host.)
 */
export class Traffic {
  readonly count: number
  readonly #keys: Int32Array
  readonly #wire: DataView
  readonly #template: Int32Array
  readonly #ipSum: number
  readonly #tcpSum: number

  constructor(count: number) {
    this.count = count
    this.#keys = new Int32Array(count * PER_FRAME)
    this.#wire = new DataView(this.#keys.buffer)
    const { words, view } = template()
    this.#template = words
    this.#ipSum = sum16(view, AT - HEADROOM + 14, 20)
    this.#tcpSum = sum16(view, AT - HEADROOM + 34, 20)
  }

  set(i: number, src: Ipv4Addr, srcPort: number, dst: Ipv4Addr, dstPort: number): void {
    const at = i * PER_FRAME * 4
    const wire = this.#wire
    wire.setInt32(at, src)
    wire.setInt32(at + 4, dst)
    wire.setInt32(at + 8, (srcPort << 16) | dstPort)
    const addresses = pseudoHeaderSum(src, dst, 0, 0)
    const transport = pseudoHeaderSum(src, dst, IpProtocol.TCP, 20)
    wire.setUint16(at + 12, ~fold(transport + this.#tcpSum + srcPort + dstPort))
    wire.setUint16(at + 14, ~fold(addresses + this.#ipSum))
  }

  srcAddr(i: number): Ipv4Addr {
    return this.#wire.getInt32(i * PER_FRAME * 4) as Ipv4Addr
  }
  dstAddr(i: number): Ipv4Addr {
    return this.#wire.getInt32(i * PER_FRAME * 4 + 4) as Ipv4Addr
  }
  /** Source port << 16 | destination port. */
  ports(i: number): number {
    return this.#wire.getInt32(i * PER_FRAME * 4 + 8)
  }

  /** Writes the i-th frame into a slot, after an empty virtio-net header. Checksums are valid, but a SYN's (`Slots.setFlags`). */
  write(i: number, { words }: Slots, slot: number): void {
    const keys = this.#keys
    const from = this.#template
    const at = slot * SLOT_WORDS + FIRST_WORD
    const key = i * PER_FRAME
    const checks = keys[key + 3]!
    for (let w = 0; w < CHECK; w++) words[at + w] = from[w]!
    words[at + CHECK] = from[CHECK]! | (checks & 0xffff0000)
    words[at + SRC] = keys[key]!
    words[at + DST] = keys[key + 1]!
    words[at + PORTS] = keys[key + 2]!
    words[at + 12] = from[12]!
    words[at + 13] = from[13]!
    words[at + 14] = from[14]!
    words[at + TCP_CHECK] = checks & 0xffff
  }
}

/** The words of a frame whose addresses, ports and checksums are 0. */
function template(): { words: Int32Array; view: DataView } {
  const words = new Int32Array(WORDS)
  const view = new DataView(words.buffer)
  const ethAt = AT - HEADROOM
  const eth = new EthernetView().wrap(view, ethAt)
  eth.setDst(MAC)
  eth.setSrc(parseMac('02:00:00:00:00:99')!)
  eth.type = EtherType.IPV4
  const none = 0 as Ipv4Addr
  const ip = new Ipv4View().wrap(view, ethAt + 14)
  ip.build(IpProtocol.TCP, 40).withTos(0).withTtl(64).withId(1, DF).finish(none, none)
  view.setUint16(ethAt + 24, 0)
  view.setUint8(ethAt + 46, 0x50)
  view.setUint8(ethAt + 47, ACK)
  return { words, view }
}
