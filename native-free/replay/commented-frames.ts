import { CapturedDirection } from '../../src/capture/captured-frame.js'
import type { FrameNote, PcapngWriter } from '../../src/capture/pcapng-writer.js'
import type { Arrivals } from './arrivals.js'
import type { SentFrame } from './sent-frames.js'
import { REPLY_LEN } from './stand-in-hosts.js'
import { octetsOf, TextOctets } from './text-octets.js'

const IN = octetsOf('in ')
const OUT_OF = octetsOf('out of ')
const COLON = octetsOf(': ')
const ITSELF = octetsOf('out: by the director itself')
const STAND_IN = octetsOf('answered by uvs replay: the capture has no such answer')
const LEFT_OUT = octetsOf('not replayed: the host had sent it when it was captured')

/** Writes the frames of a replay, each with its comment; nowhere, if there is no `out`. */
export class CommentedFrames {
  /** What is said of the frame that came last, and of those that are sent for it. */
  readonly remark = new TextOctets()
  readonly #out: PcapngWriter | undefined
  readonly #head = new TextOctets()
  readonly #note: FrameNote = {
    interface: 0,
    seconds: 0,
    nanoseconds: 0,
    direction: CapturedDirection.UNKNOWN,
    originalLen: 0,
    head: this.#head,
    comment: this.remark,
  }

  constructor(out: PcapngWriter | undefined) {
    this.#out = out
  }

  /** Whether anything is written. */
  get isOn(): boolean {
    return this.#out !== undefined
  }
  /** The time of the frames that are written from now on. */
  get time(): { seconds: number; nanoseconds: number } {
    return this.#note
  }

  /** The frame that came, by its number; the others are sent for it. */
  came(number: number, arrivals: Arrivals): void {
    this.#head.clear().put(IN).number(number).put(COLON)
    this.#arrival(arrivals, CapturedDirection.INBOUND)
    this.#head.clear().put(OUT_OF).number(number).put(COLON)
  }
  leftOut(arrivals: Arrivals): void {
    this.#head.clear().put(LEFT_OUT)
    this.remark.clear()
    this.#arrival(arrivals, CapturedDirection.OUTBOUND)
  }
  /** What is sent from now on, the director sends by itself. */
  byItself(): void {
    this.#head.clear().put(ITSELF)
    this.remark.clear()
  }
  sent({ link, slab, at, len }: SentFrame): void {
    this.#write(link.index, CapturedDirection.OUTBOUND, slab.bytes, at, len, len)
  }
  /** In between. */
  standIn(link: number, bytes: Uint8Array, at: number): void {
    const { head, comment } = this.#note
    this.#note.head = { bytes: STAND_IN, len: STAND_IN.length }
    this.#note.comment = NOTHING
    this.#write(link, CapturedDirection.INBOUND, bytes, at, REPLY_LEN, REPLY_LEN)
    this.#note.head = head
    this.#note.comment = comment
  }
  flush(): void {
    this.#out?.flush()
  }

  #arrival({ link, asCame, at, len, originalLen }: Arrivals, direction: CapturedDirection): void {
    this.#write(link.index, direction, asCame.bytes, at, len, originalLen)
  }
  #write(
    link: number,
    direction: CapturedDirection,
    bytes: Uint8Array,
    at: number,
    len: number,
    originalLen: number,
  ): void {
    if (!this.#out) return
    const note = this.#note
    note.interface = link
    note.direction = direction
    note.originalLen = originalLen
    this.#out.frame(bytes, at, len, note)
  }
}

const NOTHING = { bytes: new Uint8Array(0), len: 0 }
