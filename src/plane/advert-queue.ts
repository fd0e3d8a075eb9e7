/*
 * Adverts on their way from a data plane's thread to the main thread, in shared memory: nobody is woken, and nothing grows. One thread
 * writes, one reads.
 *
 *     word 0: 1 while somebody reads    word 1: octets written so far    word 2: octets read so far (both modulo 2^32)
 *     words 4–11: the VRIDs that somebody waits for, a bit each
 *     then the ring: each advert begins on a multiple of 4 and lies in one piece
 *     +------+-----+-------------------
 *     | link | len | the IP packet ...      len SKIP: nothing more up to the ring's end
 *     +------+-----+-------------------
 *      16 bit 16 bit
 */
import type { AdvertSink } from '../packet/advert-sink.js'
import type { Slab } from '../packet/frame.js'
import { AH_LEN } from '../wire/ah.js'
import { IpProtocol } from '../wire/ipv4.js'

const IS_OPEN = 0
const WRITTEN = 1
const READ = 2
const WANTED = 4
const WORDS = 12
const RING_AT = 64
/** A power of two: some 2 500 adverts of one address. */
const RING = 2 ** 17
const ENTRY_LEN = 4
const SKIP = 0xffff
/** The longest that is taken whole, above any advert of 255 addresses. The rest of a longer one, which nobody believes, is cut off. */
const LONGEST = 2048

/** Memory for one queue. */
export function advertMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(RING_AT + RING)
}

/** Of an IPv4 header. */
const TTL_AT = 8
const PROTOCOL_AT = 9
const DESTINATION_AT = 16

function roomOf(len: number): number {
  return (ENTRY_LEN + len + 3) & ~3
}

/** The data plane's end. */
export class AdvertWriter implements AdvertSink {
  readonly #words: Int32Array
  readonly #view: DataView
  readonly #bytes: Uint8Array

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, WORDS)
    this.#view = new DataView(memory, RING_AT)
    this.#bytes = new Uint8Array(memory, RING_AT)
  }

  get isOpen(): boolean {
    return Atomics.load(this.#words, IS_OPEN) === 1
  }

  take(link: number, { bytes }: Slab, at: number, len: number): boolean {
    const taken = Math.min(len, LONGEST)
    const written = this.#words[WRITTEN]!
    let place = written & (RING - 1)
    const skipped = place + roomOf(taken) > RING ? RING - place : 0
    const used = (written - Atomics.load(this.#words, READ)) | 0
    if (used + skipped + roomOf(taken) > RING) return false
    if (used > RING / 2 && !this.#isLikely(bytes, at, taken)) return false
    if (skipped > 0) {
      this.#view.setUint16(place + 2, SKIP)
      place = 0
    }
    this.#view.setUint16(place, link)
    this.#view.setUint16(place + 2, taken)
    for (let i = 0; i < taken; i++) this.#bytes[place + ENTRY_LEN + i] = bytes[at + i]!
    Atomics.store(this.#words, WRITTEN, (written + skipped + roomOf(taken)) | 0)
    return true
  }

  /** Whether it may be one that somebody waits for: the second half of the ring is kept for these, so that a flood of rubbish does not hide them. */
  #isLikely(bytes: Uint8Array, at: number, len: number): boolean {
    const headerLen = (bytes[at]! & 15) * 4
    const isBehindAh = bytes[at + PROTOCOL_AT] === IpProtocol.AH
    const vrrp = at + headerLen + (isBehindAh ? AH_LEN : 0)
    if (vrrp + 2 > at + len) return false
    const isToGroup = bytes[at + DESTINATION_AT]! >>> 4 === 14
    if (isToGroup && bytes[at + TTL_AT] !== 255) return false
    const [kind, vrid] = [bytes[vrrp]!, bytes[vrrp + 1]!]
    if (kind !== 0x21 && kind !== 0x31) return false
    return ((Atomics.load(this.#words, WANTED + (vrid >>> 5)) >>> (vrid & 31)) & 1) === 1
  }
}

/** The main thread's end. */
export class AdvertReader {
  readonly #words: Int32Array
  readonly #view: DataView

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, WORDS)
    this.#view = new DataView(memory, RING_AT)
  }

  /** From now on adverts come, first of all those of these VRIDs. */
  open(vrids: readonly number[]): void {
    const wanted = new Int32Array(8)
    for (const vrid of vrids) wanted[vrid >>> 5]! |= 1 << (vrid & 31)
    wanted.forEach((word, i) => Atomics.store(this.#words, WANTED + i, word))
    Atomics.store(this.#words, IS_OPEN, 1)
  }
  /** None come any more; those that wait are lost. */
  close(): void {
    Atomics.store(this.#words, IS_OPEN, 0)
    Atomics.store(this.#words, READ, Atomics.load(this.#words, WRITTEN))
  }

  /** Hands over at most `most` adverts, oldest first: `len` octets at `at`, valid until `take` returns. Returns how many. */
  read(take: (link: number, view: DataView, at: number, len: number) => void, most: number): number {
    const written = Atomics.load(this.#words, WRITTEN)
    let read = this.#words[READ]!
    let count = 0
    while (read !== written && count < most) {
      const place = read & (RING - 1)
      const len = this.#view.getUint16(place + 2)
      if (len === SKIP) read = (read + RING - place) | 0
      else {
        take(this.#view.getUint16(place), this.#view, place + ENTRY_LEN, len)
        read = (read + roomOf(len)) | 0
        count++
      }
      Atomics.store(this.#words, READ, read)
    }
    return count
  }
}
