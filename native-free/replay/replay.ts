/*
 * A capture's frames go through a director, on the capture's own clock:
 * 1. the frame becomes Ethernet, of one of the director's interfaces     capture/link-types, arrivals
 * 2. the director's time moves on to the frame's, timers fire            capture-clock
 * 3. the director takes the frame                                        src/director
 * 4. what it decided is read from its tables                             decision
 * 5. the frame and what was sent for it are written, with comments       capture/pcapng-writer
 */
import { CapturedFrame, type FormatReader } from '../../src/capture/captured-frame.js'
import type { PcapngWriter } from '../../src/capture/pcapng-writer.js'
import { Director } from '../../src/director/director.js'
import type { DirectorOptions } from '../../src/director/options.js'
import { verdictNames } from '../../src/packet/verdict.js'
import { AddressTexts } from './address-texts.js'
import { Arrivals, Came, type ReplayLink } from './arrivals.js'
import { CaptureClock } from './capture-clock.js'
import { allFramesCounted } from '../all-frames-counted.js'
import { Decision } from './decision.js'
import { CommentedFrames } from './commented-frames.js'
import { putLine, putRemark, type Arrival } from './remarks.js'
import { SentFrames, type SentFrame } from './sent-frames.js'
import { REPLY_LEN, StandInHosts } from './stand-in-hosts.js'
import { octetsOf, TextOctets } from './text-octets.js'

export interface ReplayOptions {
  capture: FormatReader
  links: readonly ReplayLink[]
  director: Omit<DirectorOptions, 'egress' | 'now' | 'links' | 'ports'>
  /** ARP requests of the director are answered; else only the capture's frames answer. */
  hasStandIns: boolean
  /** Its interfaces are the links, in their order. */
  out?: PcapngWriter | undefined
  /** Gets a line for each frame that came in; it is made anew for the next. */
  tell?: ((line: TextOctets) => void) | undefined
}

/** Why `run` came back. */
export const Paused = { BUSY: 0, REACHED: 1, ENDED: 2 } as const
export type Paused = (typeof Paused)[keyof typeof Paused]

/** The names of verdicts, by number. */
const VERDICTS: Uint8Array[] = []
for (const [verdict, name] of verdictNames) VERDICTS[verdict] = octetsOf(name)

/** The most that the director's clock moves in one step, in ms: its counters are shown every 2 s. */
const STEP_MS = 1000
/** After so many steps without a connection nothing happens any more: the rest of a gap is left out, but for the last of it. */
const IDLE_STEPS = 600
const LAST_OF_GAP_MS = 10_000
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
  readonly #written: CommentedFrames
  readonly #line = new TextOctets()
  readonly #decision: Decision
  readonly #texts = new AddressTexts()
  readonly #arrival: Arrival = { frame: 0, seconds: 0, nanoseconds: 0, interface: '' }
  /** The director's time of the frame that has been read and not handled; undefined: none has been read. */
  #waiting: number | undefined
  #sincePoll = 0
  #hasBegun = false

  constructor(options: ReplayOptions) {
    const { director, links } = options
    this.#options = options
    this.#written = new CommentedFrames(options.out)
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
    for (let left = most; left > 0; left--) {
      if (this.#waiting === undefined) {
        if (!this.#options.capture.next(this.#frame)) return Paused.ENDED
        this.#waiting = this.clock.read(this.#frame)
        if (!this.#hasBegun) this.#begin()
      }
      const until = this.clock.timeAt(ms)
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
    this.#written.flush()
    allFramesCounted(this.director)
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
    let steps = 0
    do {
      if (++steps > IDLE_STEPS && director.conns.table.count === 0) to -= this.#skip(to - now - LAST_OF_GAP_MS)
      now = Math.min(Math.max(to, now), now + Math.max(1, Math.min(director.idleMs, STEP_MS)))
      while (!director.poll(now)) this.#ownFrames()
      this.#ownFrames()
    } while (now < to)
    this.#sincePoll = 0
  }

  /** Returns how many ms were left out. */
  #skip(ms: number): number {
    if (ms <= 0) return 0
    this.clock.skip(ms)
    if (this.#waiting !== undefined) this.#waiting -= ms
    return ms
  }

  #handle(): void {
    const frame = this.#frame
    const { arrivals } = this
    this.frames.read++
    this.#written.time.seconds = frame.seconds
    this.#written.time.nanoseconds = frame.nanoseconds
    const came = arrivals.place(frame)
    if (came === Came.SENT_THEN) this.#written.leftOut(arrivals)
    if (came !== Came.TAKEN) return
    this.frames.taken++
    this.#sincePoll++
    const { slab, at, wholeLen, link } = arrivals
    const decision = this.#decision
    decision.before(slab.view, at, wholeLen)
    const verdict = VERDICTS[this.director.receive(link, slab, at, wholeLen)]!
    decision.after()
    if (this.#written.isOn) {
      putRemark(this.#written.remark, verdict, decision)
      if (arrivals.note !== '') this.#written.remark.put(octetsOf(arrivals.note))
      this.#written.came(this.frames.read, arrivals)
    }
    const sent = this.#drain()
    if (this.#options.tell) this.#tell(verdict, sent)
  }
  #tell(verdict: Uint8Array, sent: number): void {
    const arrival = this.#arrival
    arrival.frame = this.frames.read
    arrival.seconds = this.#frame.seconds
    arrival.nanoseconds = this.#frame.nanoseconds
    arrival.interface = this.arrivals.link.name
    putLine(this.#line, arrival, verdict, this.#decision, sent, this.#texts)
    this.#options.tell!(this.#line)
  }

  /** Writes what the director has sent. Returns how many. */
  #drain(): number {
    let count = 0
    for (let sent = this.#sent.take(); sent; sent = this.#sent.take()) {
      count++
      this.frames.sent++
      this.#written.sent(sent)
      if (this.#options.hasStandIns) this.#answer(sent)
    }
    return count
  }
  /** A host that the capture has no answers of. What waited for its MAC is sent behind. */
  #answer({ link, slab, at, len }: SentFrame): void {
    const { reply, replyAt } = this.arrivals
    if (!this.#hosts.answers(slab.view, at, len, reply, replyAt)) return
    this.#written.standIn(link.index, reply.bytes, replyAt)
    this.director.receive(link, reply, replyAt, REPLY_LEN)
  }
  /** What it sends by itself: requests for MACs, announcements, what waited for an answer. */
  #ownFrames(): void {
    if (this.#sent.count === 0) return
    this.clock.stampOf(this.director.now, this.#written.time)
    this.#written.byItself()
    this.#drain()
  }
}
