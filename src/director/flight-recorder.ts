import type { ConnIndex } from '../conn/record.js'
import { DADDR, DPORT_PROTOCOL } from '../conn/record.js'
import type { Slab } from '../packet/frame.js'
import { VERDICTS, verdictNames, type Verdict } from '../packet/verdict.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { DropNotes } from './drop-notes.js'

/** What is kept of a frame: all headers, with a tunnel's, and the beginning of what they carry. */
const OCTETS = 480
/** Of a frame: when (8 octets), its number (8), its length, verdict and link (4 each), the real server's address and port (4 each). */
const HEAD = 40
const SLOT = HEAD + OCTETS
/** Octets kept from before the frame is rewritten: Ethernet, IPv4 and TCP with all options. */
const BEFORE = 136

/** The least and most memory, in octets. */
export const LEAST_RECORD = 256 * 1024
export const MOST_RECORD = 1024 ** 3

export interface RecordOptions {
  /** Octets of memory, taken at the start. */
  octets: number
  /** One new connection in so many is recorded; 0: none. */
  sampleEvery: number
}

/** A frame that was recorded, as it came in; of one that was held, as it was held. */
export interface Recorded {
  /** In ms of the director's clock. */
  atMs: number
  /** Counted up with each frame: the order within a ms. */
  number: number
  verdict: Verdict
  link: number
  /** Its length, of which `octets` may be the beginning. */
  len: number
  octets: Uint8Array
  /** The real server of a sampled connection's; 0: of none. */
  daddr: Ipv4Addr
  dport: number
}

/**
 * The last frames that were dropped, as many for each reason, and those of sampled connections: in rings, in memory that is taken once.
 * Half of it is for samples, if there are any.
 */
export class FlightRecorder {
  readonly sampleEvery: number
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** By verdict: the first slot of its ring, −1 for none, and how many frames were written there. The last ring is the samples'. */
  readonly #firsts = new Int32Array(VERDICTS + 1).fill(-1)
  readonly #written = new Float64Array(VERDICTS + 1)
  readonly #ofReason: number
  readonly #ofSamples: number
  readonly #before = new DataView(new ArrayBuffer(BEFORE))
  #beforeLen = 0
  #number = 0

  constructor({ octets, sampleEvery }: RecordOptions) {
    this.sampleEvery = sampleEvery
    const slots = Math.floor(octets / SLOT)
    const reasons = [...verdictNames.keys()].filter(verdict => DropNotes.isOf(verdict))
    const forDrops = sampleEvery > 0 ? Math.floor(slots / 2) : slots
    this.#ofReason = Math.floor(forDrops / reasons.length)
    this.#ofSamples = sampleEvery > 0 ? slots - forDrops : 0
    for (const [i, verdict] of reasons.entries()) this.#firsts[verdict] = i * this.#ofReason
    this.#firsts[VERDICTS] = reasons.length * this.#ofReason
    this.#bytes = new Uint8Array(this.slots * SLOT)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** How many frames there is room for. */
  get slots(): number {
    return this.#firsts[VERDICTS]! + this.#ofSamples
  }

  /** Before anything is decided of a frame. */
  begin({ view }: Slab, at: number, len: number): void {
    const kept = Math.min(len, BEFORE)
    const words = kept & ~3
    const before = this.#before
    for (let i = 0; i < words; i += 4) before.setInt32(i, view.getInt32(at + i))
    for (let i = words; i < kept; i++) before.setUint8(i, view.getUint8(at + i))
    this.#beforeLen = kept
  }
  /** The frame that was begun met that verdict. */
  dropped(verdict: Verdict, link: number, slab: Slab, at: number, len: number, nowMs: number): void {
    const slot = this.#slotOf(verdict, this.#ofReason)
    if (slot < 0) return
    this.#write(slot, verdict, link, slab, at, len, nowMs)
    this.#restore(slot)
  }
  /** It was of a sampled connection. */
  sampled(
    verdict: Verdict,
    link: number,
    slab: Slab,
    at: number,
    len: number,
    nowMs: number,
    words: Int32Array,
    conn: ConnIndex,
  ): void {
    if (this.#ofSamples === 0) return
    const slot = this.#slotOf(VERDICTS, this.#ofSamples)
    this.#write(slot, verdict, link, slab, at, len, nowMs)
    this.#restore(slot)
    this.#view.setInt32(slot + 32, words[conn + DADDR]!)
    this.#view.setInt32(slot + 36, words[conn + DPORT_PROTOCOL]! >>> 16)
  }
  /** A frame that was held is given up. It is kept as it lies there. */
  gaveUp(verdict: Verdict, link: number, slab: Slab, at: number, len: number, nowMs: number): void {
    const slot = this.#slotOf(verdict, this.#ofReason)
    if (slot >= 0) this.#write(slot, verdict, link, slab, at, len, nowMs)
  }

  /** The frame in a slot; undefined: there is none yet. Slots of one reason follow each other, not by age. */
  at(index: number): Recorded | undefined {
    const view = this.#view
    const slot = index * SLOT
    const number = view.getFloat64(slot + 8)
    if (number === 0) return undefined
    const len = view.getInt32(slot + 16)
    return {
      atMs: view.getFloat64(slot),
      number,
      len,
      verdict: view.getInt32(slot + 20) as Verdict,
      link: view.getInt32(slot + 24),
      octets: this.#bytes.slice(slot + HEAD, slot + HEAD + Math.min(len, OCTETS)),
      daddr: view.getInt32(slot + 32) as Ipv4Addr,
      dport: view.getInt32(slot + 36),
    }
  }
  clear(): void {
    this.#written.fill(0)
    for (let slot = 0; slot < this.#bytes.length; slot += SLOT) this.#view.setFloat64(slot + 8, 0)
  }

  /** Where the next frame of that ring goes, in octets; −1: it has none. */
  #slotOf(ring: number, size: number): number {
    const first = this.#firsts[ring]!
    if (first < 0) return -1
    return (first + (this.#written[ring]!++ % size)) * SLOT
  }
  #write(slot: number, verdict: Verdict, link: number, { bytes }: Slab, at: number, len: number, nowMs: number): void {
    const view = this.#view
    view.setFloat64(slot, nowMs)
    view.setFloat64(slot + 8, ++this.#number)
    view.setInt32(slot + 16, len)
    view.setInt32(slot + 20, verdict)
    view.setInt32(slot + 24, link)
    view.setInt32(slot + 32, 0)
    const kept = Math.min(len, OCTETS)
    const to = slot + HEAD
    for (let i = 0; i < kept; i++) this.#bytes[to + i] = bytes[at + i]!
  }
  #restore(slot: number): void {
    const to = slot + HEAD
    const kept = this.#beforeLen
    const words = kept & ~3
    for (let i = 0; i < words; i += 4) this.#view.setInt32(to + i, this.#before.getInt32(i))
    for (let i = words; i < kept; i++) this.#view.setUint8(to + i, this.#before.getUint8(i))
  }
}
