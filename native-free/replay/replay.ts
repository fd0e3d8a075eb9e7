/*
 * A capture's frames go through a director, on the capture's own clock:
 * 1. the frame becomes Ethernet, of one of the director's interfaces     capture/link-types, arrivals
 * 2. the director's time moves on to the frame's, timers fire            capture-clock
 * 3. the director takes the frame                                        src/director
 * 4. what it decided is read from its tables                             decision
 * 5. the frame and what was sent for it are written, with comments       capture/pcapng-writer
 */
import { CapturedFrame, Direction, type FormatReader } from '../../src/capture/captured-frame.js'
import type { FrameNote, PcapngWriter } from '../../src/capture/pcapng-writer.js'
import { Director } from '../../src/director/director.js'
import type { DirectorOptions } from '../../src/director/options.js'
import { verdictNames, type Verdict } from '../../src/packet/verdict.js'
import { AddressTexts } from './address-texts.js'
import { Arrivals, Came, type ReplayLink } from './arrivals.js'
import { CaptureClock } from './capture-clock.js'
import { Decision } from './decision.js'
import { remarkOf, verdictLine, type Arrival } from './remarks.js'
import { SentFrames } from './sent-frames.js'
import { REPLY_LEN, StandInHosts } from './stand-in-hosts.js'

export interface ReplayOptions {
  capture: FormatReader
  links: readonly ReplayLink[]
  director: Omit<DirectorOptions, 'egress' | 'now' | 'links' | 'ports'>
  /** ARP requests of the director are answered; else only the capture's frames answer. */
  hasStandIns: boolean
  /** Its interfaces are the links, in their order. */
  out?: PcapngWriter | undefined
  /** Gets a line for each frame that came in. */
  tell?: ((line: string) => void) | undefined
}

/** Why `run` came back. */
export const Paused = { BUSY: 0, REACHED: 1, ENDED: 2 } as const
export type Paused = (typeof Paused)[keyof typeof Paused]

/** The most that the director's clock moves in one step, in ms: its counters are shown every 2 s. */
const STEP_MS = 1000
/** The most frames between two polls, as in a turn of the director's loop. */
const FRAMES_A_POLL = 256
/** Until the counters of the last frames are shown. */
const LAST_MS = 2100

export class Replay {
  readonly director: Director
  readonly clock = new CaptureClock()
  /** Frames that were read, that the director got, and that it sent. */
  readonly frames = { read: 0, taken: 0, sent: 0 }
  readonly arrivals: Arrivals
  readonly #options: ReplayOptions
  readonly #frame = new CapturedFrame()
  readonly #sent = new SentFrames()
  readonly #hosts = new StandInHosts()
  readonly #decision: Decision
  readonly #texts = new AddressTexts()
  /** With the time of the frame that came last, or of the director where it sends by itself. */
  readonly #note: FrameNote = {
    interface: 0,
    seconds: 0,
    nanoseconds: 0,
    direction: 0,
    originalLen: 0,
    head: '',
    comment: '',
  }
  readonly #arrival: Arrival = { frame: 0, seconds: 0, nanoseconds: 0, interface: '', verdict: '' }
  /** The director's time of the frame that has been read and not handled; undefined: none has been read. */
  #waiting: number | undefined
  #sincePoll = 0
  #hasBegun = false

  constructor(options: ReplayOptions) {
    const { director, links } = options
    this.#options = options
    this.director = new Director({ ...director, links, egress: this.#sent, now: this.clock.nowMs })
    this.#decision = new Decision(this.director)
    this.arrivals = new Arrivals(options.capture, links, this.director)
    this.director.poll(this.clock.nowMs)
  }

  /**
   * Handles frames up to `ms` after the first one, at most `most` of them. CaptureError as the capture's reader; what was read before has
   * been handled.
   */
  run(ms: number, most: number): Paused {
    const until = this.clock.timeAt(ms)
    for (let left = most; left > 0; left--) {
      if (this.#waiting === undefined) {
        if (!this.#options.capture.next(this.#frame)) return Paused.ENDED
        this.#waiting = this.clock.read(this.#frame)
        if (!this.#hasBegun) this.#begin()
      }
      if (this.#waiting >= until) {
        this.#moveTo(until)
        return Paused.REACHED
      }
      this.#moveTo(this.#waiting)
      this.#waiting = undefined
      this.#handle()
    }
    return Paused.BUSY
  }
  /** The time of a command that comes behind the last frame. */
  passUntil(ms: number): void {
    this.#moveTo(this.clock.timeAt(ms))
  }
  /** Lets the counters of the last frames be shown. */
  end(): void {
    this.#moveTo(this.director.now + LAST_MS)
    this.#options.out?.flush()
  }
  /** After a command: what the director sent for it. Of what is before the first frame it is sent with that. */
  settle(): void {
    if (this.#hasBegun) this.#ownFrames()
  }

  /** What it announces of the rules that it began with has the first frame's time. */
  #begin(): void {
    this.#hasBegun = true
    this.director.poll(this.director.now)
    this.#ownFrames()
  }

  #moveTo(to: number): void {
    const { director } = this
    if (to <= director.now && this.#sincePoll < FRAMES_A_POLL) return
    let now = director.now
    do {
      now = Math.min(Math.max(to, now), now + Math.max(1, Math.min(director.idleMs, STEP_MS)))
      while (!director.poll(now)) this.#ownFrames()
      this.#ownFrames()
    } while (now < to)
    this.#sincePoll = 0
  }

  #handle(): void {
    const frame = this.#frame
    const { arrivals } = this
    this.frames.read++
    this.#note.seconds = frame.seconds
    this.#note.nanoseconds = frame.nanoseconds
    const came = arrivals.place(frame)
    if (came !== Came.TAKEN) return this.#leftOut(came)
    this.frames.taken++
    this.#sincePoll++
    const { slab, at, wholeLen, link } = arrivals
    const decision = this.#decision
    decision.before(slab.view, at, wholeLen)
    const verdict = verdictNames.get(this.director.receive(link, slab, at, wholeLen) as Verdict)!
    decision.after()
    const { out, tell } = this.#options
    const remark = out ? remarkOf(verdict, decision) + arrivals.note : ''
    const number = this.frames.read
    if (out) this.#writeArrival(`in ${number}: `, remark)
    const sent = this.#drain(out && `out of ${number}: `, remark)
    if (!tell) return
    const arrival = this.#arrival
    arrival.frame = number
    arrival.seconds = frame.seconds
    arrival.nanoseconds = frame.nanoseconds
    arrival.interface = link.name
    arrival.verdict = verdict
    tell(verdictLine(arrival, decision, sent, this.#texts))
  }

  #leftOut(came: Came): void {
    if (came === Came.SENT_THEN) this.#writeArrival('not replayed: ', 'the host had sent it when it was captured')
  }
  #writeArrival(head: string, comment: string): void {
    const { out } = this.#options
    if (!out) return
    const { arrivals } = this
    const note = this.#noted(arrivals.link.index, Direction.INBOUND, arrivals.originalLen)
    note.head = head
    note.comment = comment
    out.frame(arrivals.asCame.bytes, arrivals.at, arrivals.len, note)
  }

  /** Writes what the director sends for a frame. Returns how many. */
  #drain(head = '', comment = ''): number {
    let count = 0
    for (let sent = this.#sent.take(); sent; sent = this.#sent.take()) {
      count++
      this.frames.sent++
      const { out } = this.#options
      if (out) {
        const note = this.#noted(sent.link.index, Direction.OUTBOUND, sent.len)
        note.head = head
        note.comment = comment
        out.frame(sent.slab.bytes, sent.at, sent.len, note)
      }
      if (this.#options.hasStandIns) this.#answer(sent.link.index, sent.slab.view, sent.at, sent.len)
    }
    return count
  }
  /** A host that the capture has no answers of. What waited for its MAC is sent behind. */
  #answer(which: number, view: DataView, at: number, len: number): void {
    const { reply, replyAt } = this.arrivals
    if (!this.#hosts.answers(view, at, len, reply, replyAt)) return
    const { out } = this.#options
    if (out) {
      const note = this.#noted(which, Direction.INBOUND, REPLY_LEN)
      note.head = ''
      note.comment = 'answered by uvs replay: the capture has no such answer'
      out.frame(reply.bytes, replyAt, REPLY_LEN, note)
    }
    this.director.receive(this.director.links[which]!, reply, replyAt, REPLY_LEN)
  }
  /** What it sends by itself: requests for MACs, announcements, what waited for an answer. */
  #ownFrames(): void {
    this.clock.stampOf(this.director.now, this.#note)
    this.#drain('out: by the director itself')
  }

  /** The note of the next frame that is written, but for its comment. */
  #noted(link: number, direction: Direction, originalLen: number): FrameNote {
    const note = this.#note
    note.interface = link
    note.direction = direction
    note.originalLen = originalLen
    return note
  }
}
