import type { Slab } from '../packet/frame.js'
import { Verdict, VERDICTS } from '../packet/verdict.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'

/** Octets that are kept of a frame: all headers, with a tunnel's. */
const NOTE_OCTETS = 256
/** The least time between two notes of one verdict: a flood costs no more. */
const EVERY_MS = 10

/** A frame that was dropped. */
export interface DroppedFrame {
  /** When, in ms of the director's clock. */
  atMs: number
  /** Index of the link that it came in by. */
  link: number
  /** Its length, of which `octets` may be the beginning. */
  len: number
  /** As it was when it was dropped: an address may have been rewritten. */
  octets: Uint8Array
}

/** Keeps the last frame that was dropped or refused for each reason. */
export class DropNotes {
  readonly #octets = new Uint8Array(VERDICTS * NOTE_OCTETS)
  readonly #atMs = new Float64Array(VERDICTS).fill(-Infinity)
  readonly #lens = new Int32Array(VERDICTS)
  readonly #links = new Int32Array(VERDICTS)
  readonly #view = new DataView(this.#octets.buffer)
  // The Ethernet header of the frame in hand, in three words and a half: an ICMP error about it is written over it.
  #eth0 = 0
  #eth4 = 0
  #eth8 = 0
  #eth12 = 0

  /** Whether frames of this verdict are kept. */
  static isOf(verdict: Verdict): boolean {
    return verdict >= Verdict.DROP_NOT_OURS || verdict === Verdict.REFUSED
  }

  /** Before anything is decided of a frame. */
  begin({ view }: Slab, at: number, len: number): void {
    if (len < ETHERNET_LEN) return
    this.#eth0 = view.getInt32(at)
    this.#eth4 = view.getInt32(at + 4)
    this.#eth8 = view.getInt32(at + 8)
    this.#eth12 = view.getUint16(at + 12)
  }
  /** Of the frame that was begun. */
  note(verdict: Verdict, link: number, slab: Slab, at: number, len: number, nowMs: number): void {
    if (!this.noteAsItLies(verdict, link, slab, at, len, nowMs) || len < ETHERNET_LEN) return
    const to = verdict * NOTE_OCTETS
    this.#view.setInt32(to, this.#eth0)
    this.#view.setInt32(to + 4, this.#eth4)
    this.#view.setInt32(to + 8, this.#eth8)
    this.#view.setUint16(to + 12, this.#eth12)
  }
  /** Of a frame that was held. Returns false if another was noted just before. */
  noteAsItLies(verdict: Verdict, link: number, { bytes }: Slab, at: number, len: number, nowMs: number): boolean {
    if (nowMs - this.#atMs[verdict]! < EVERY_MS) return false
    this.#atMs[verdict] = nowMs
    this.#lens[verdict] = len
    this.#links[verdict] = link
    const to = verdict * NOTE_OCTETS
    const kept = Math.min(len, NOTE_OCTETS)
    for (let i = 0; i < kept; i++) this.#octets[to + i] = bytes[at + i]!
    return true
  }

  /** A copy; undefined: no frame was dropped so. */
  last(verdict: Verdict): DroppedFrame | undefined {
    const atMs = this.#atMs[verdict]!
    if (atMs === -Infinity) return undefined
    const len = this.#lens[verdict]!
    const from = verdict * NOTE_OCTETS
    const octets = this.#octets.slice(from, from + Math.min(len, NOTE_OCTETS))
    return { atMs, link: this.#links[verdict]!, len, octets }
  }

  clear(): void {
    this.#atMs.fill(-Infinity)
  }
}
