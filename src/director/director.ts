/*
 * The path of a frame:
 * 1. in its slab, with headroom?    packet/frame      → else DROP_FRAME_MISPLACED
 * 2. of an open connection?         path/fast-path    → BALANCED
 * 3. any other                      path/whole-path   → its verdict
 */
import type { Connections } from '../conn/connections.js'
import type { Claim } from '../neigh/claims.js'
import { NONE } from '../conn/record.js'
import type { Neighbour } from '../neigh/neighbour.js'
import type { Neighbours } from '../neigh/neighbours.js'
import type { WaitingRoom } from '../neigh/waiting-room.js'
import type { OwnAddresses } from '../neigh/own-addresses.js'
import type { Routes } from '../neigh/routes.js'
import { HEADROOM, liesIn, slabOver, VNET_LEN, type Slab } from '../packet/frame.js'
import type { Watch } from '../packet/frame-witness.js'
import type { Link } from '../packet/link.js'
import type { Reassembly } from '../packet/reassembly.js'
import type { TurnMemory } from '../packet/turn-memory.js'
import { Verdict } from '../packet/verdict.js'
import type { Marks } from '../service/marks.js'
import type { Sysctls } from '../service/sysctls.js'
import type { Ipv4Addr, MacAddr } from '../wire/addr.js'
import { assemble } from './assemble.js'
import { DropNotes } from './drop-notes.js'
import type { FlightRecorder } from './flight-recorder.js'
import { KernelFollower, type KernelState } from './kernel-follower.js'
import type { GivenUp } from './given-up.js'
import type { DirectorOptions } from './options.js'
import type { FlowKeeper } from './offload/flow-keeper.js'
import type { FastPath } from './path/fast-path.js'
import type { WholePath } from './path/whole-path.js'
import type { FlowWatch, Watcher, Witness } from './path/witness.js'
import type { RouterVoice } from './router-voice.js'
import type { ReturnedAnswers } from './returned-answers.js'
import type { Balancing } from './rules/balancing.js'
import { configure } from './rules/configure.js'
import { LocalNode } from './rules/local-node.js'
import type { ArpAnnouncer } from './upkeep/arp-announcer.js'
import type { CounterTick } from './upkeep/counter-tick.js'
import type { Defence } from './upkeep/defence.js'
import type { Orphans } from './upkeep/orphans.js'
import { askWhoClaims, type WhoClaimsParts } from './upkeep/who-claims.js'
import type { VerdictCounters } from './verdict-counters.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { DROP_FRAME_MISPLACED, HELD } = Verdict

const NOWHERE = slabOver(new ArrayBuffer(0))
/** The lowest offset of a frame: headroom and virtio-net header precede it. */
const FIRST_AT = HEADROOM + VNET_LEN

/**
 * Takes frames and returns a verdict on each. It opens no device, reads no clock and draws no random number of its own: the
 * same input gives the same output, bit for bit.
 */
export class Director {
  /** Its interfaces. */
  readonly links: readonly Link[]
  /** The loopback interface's link, if programs of this host are balanced too. */
  readonly loopback: Link | undefined
  /** Whether it is the one of several with the same addresses that answers ARP, announces addresses and counts broadcasts. */
  readonly isSpokesman: boolean
  /**
   * The most general netmask of persistence: clients that differ in these bits may come to different directors.
   */
  readonly clientMask: Ipv4Addr | undefined
  readonly balancing: Balancing
  readonly conns: Connections
  readonly verdictCounters: VerdictCounters
  readonly routes: Routes
  readonly ownAddresses: OwnAddresses
  readonly sysctls: Sysctls
  readonly marks: Marks
  readonly defence: Defence
  readonly localNode: LocalNode
  /** What virtual routers say leaves by it. */
  readonly voice: RouterVoice
  readonly #neighbours: Neighbours
  readonly #room: WaitingRoom
  readonly #announcer: ArpAnnouncer
  readonly #whoClaims: WhoClaimsParts
  readonly #givenUp: GivenUp
  readonly #reassembly: Reassembly
  readonly #memory: TurnMemory
  readonly #watch: Watch<Witness>
  #watcher: Watcher | undefined
  /** The slab of the last frame, and its length. */
  #slab = NOWHERE
  #slabLen = 0
  #link: Link | undefined
  readonly #orphans: Orphans
  readonly #counterTick: CounterTick
  readonly #returned: ReturnedAnswers
  readonly #fast: FastPath | undefined
  readonly #path: WholePath
  /** The last frames that were dropped. */
  readonly drops: DropNotes
  /** As many of them as its memory holds, and sampled connections' frames; undefined: nothing is recorded. */
  readonly recorder: FlightRecorder | undefined
  /** The flows that a program forwards. */
  readonly flows: FlowKeeper | undefined
  readonly #follower: KernelFollower
  #nowMs: number

  constructor(options: DirectorOptions) {
    const parts = assemble(options)
    this.#nowMs = options.now
    this.clientMask = options.clientMask
    this.isSpokesman = parts.isSpokesman
    this.links = parts.links
    this.loopback = parts.loopback
    this.balancing = parts.balancing
    this.conns = parts.conns
    this.verdictCounters = parts.verdictCounters
    this.#counterTick = parts.counterTick
    this.routes = parts.routes
    this.ownAddresses = parts.ownAddresses
    this.sysctls = parts.sysctls
    this.marks = parts.marks
    this.defence = parts.defence
    this.#neighbours = parts.neighbours
    this.#room = parts.room
    this.voice = parts.voice
    this.drops = parts.drops
    this.recorder = parts.recorder
    this.#announcer = parts.announcer
    this.#whoClaims = parts
    this.#givenUp = parts.givenUp
    this.#reassembly = parts.reassembly
    this.#memory = parts.memory
    this.#watch = parts.watch
    this.#orphans = parts.orphans
    this.#returned = parts.returned
    this.#fast = parts.fast
    this.#path = parts.path
    this.flows = parts.flows
    this.localNode = new LocalNode(parts.links, parts.ownAddresses)
    this.#follower = new KernelFollower(parts.links, parts.routes, parts.ownAddresses)
    configure(this, this.#neighbours, options)
  }

  /**
   * Sets the clock, in ms. Call it before the frames of that time, and at least every 10 ms for connections to end on time. Its
   * work is bounded. Returns whether all due work was done.
   */
  poll(nowMs: number): boolean {
    this.#nowMs = this.#givenUp.nowMs = nowMs
    this.#memory.release()
    this.routes.poll(nowMs)
    this.#reassembly.poll(nowMs)
    this.balancing.poll(nowMs)
    this.#neighbours.poll(nowMs, this.#givenUp)
    this.#announcer.poll()
    this.defence.poll(nowMs)
    this.#orphans.poll()
    this.#returned.poll()
    this.flows?.poll(nowMs, this.#counterTick.isDue(nowMs))
    const isCounted = this.#counterTick.poll(nowMs, this.sysctls.runEstimation !== 0)
    return this.conns.advance(nowMs) && isCounted
  }

  /** How long the next poll may wait if no frame comes, in whole ms from the last poll. */
  get idleMs(): number {
    if (this.#orphans.isLooking) return 0
    const idleMs = Math.min(this.#neighbours.idleMs, this.conns.timers.idleMs, this.#reassembly.idleMs)
    return Math.min(idleMs, this.flows?.idleMs(this.#counterTick.dueIn(this.#nowMs)) ?? Infinity)
  }

  /** Replaces the state of the host's kernel: its addresses, routes and interfaces. */
  follow(state: KernelState): void {
    this.localNode.isHosted = true
    this.#follower.follow(state)
    this.flows?.hops.renew()
  }

  /** Takes a frame that came in by the link: `len` octets at `at`. May rewrite it and send it from there. Never throws. */
  receive(link: Link, slab: Slab, at: number, len: number): Verdict {
    let verdict: Verdict = DROP_FRAME_MISPLACED
    this.verdictCounters.received++
    if (slab !== this.#slab || link !== this.#link) this.#enter(slab, link)
    // A part of liesIn (packet/frame.ts); #whole checks the rest. Reading a typed array's length here costs 4 ns a packet.
    if ((at | 0) === at && at >= FIRST_AT && at + len <= this.#slabLen)
      verdict = this.#fast?.receive(link, slab, at, len) || this.#whole(link, slab, at, len)
    else if (this.#watcher !== undefined) verdict = this.#watched(link, slab, at, len, this.#watcher)
    this.verdictCounters.count(verdict)
    return verdict
  }

  /** @deprecated Use `links`. */
  get ports(): readonly Link[] {
    return this.links
  }
  /** @deprecated Use `verdictCounters`. */
  get stats(): VerdictCounters {
    return this.verdictCounters
  }
  /** The age of the shown counters, in ms. Well above 2000: no tick has come. */
  get shownAgeMs(): number {
    return this.#counterTick.ageMs(this.#nowMs)
  }
  /** Sizes of the neighbour table and of what is held, for metrics. */
  get held(): Neighbours['counts'] & { datagrams: number } {
    return { ...this.#neighbours.counts, datagrams: this.#reassembly.count }
  }
  /** Frames that came in and wait for a MAC; pieces that wait for the others of their datagram. */
  get waiting(): { frames: number; pieces: number } {
    return { frames: this.#room.frames, pieces: this.#reassembly.pieces }
  }
  /** The time of the last poll, in ms. */
  get now(): number {
    return this.#nowMs
  }

  /** Asks by ARP who else has our VIPs; `claims` tells a moment later. */
  askWhoClaims(): void {
    if (this.isSpokesman) askWhoClaims(this.#whoClaims)
    else this.#whoClaims.claims.clear()
  }
  /** Hosts that said by ARP that they have one of our addresses. */
  get claims(): readonly Claim[] {
    return this.#whoClaims.claims.all
  }
  get neighbours(): readonly Neighbour[] {
    return this.#neighbours.all
  }
  /** The neighbours that are known to be at a MAC. */
  hostsAt(mac: MacAddr): Ipv4Addr[] {
    return this.#neighbours.at(mac)
  }

  /** Has the watcher asked of each frame that comes in; undefined: no more. Of flows that a program forwards those that `isWatched` says come up meanwhile, unless they are more than `mostFlows`. */
  watchBy(watcher: Watcher | undefined, isWatched: FlowWatch = () => true, mostFlows = Infinity): void {
    this.#watcher = watcher
    this.#slab = NOWHERE // the next frame enters
    this.flows?.watched.begin(watcher && isWatched, mostFlows)
  }

  /** Back to the state after start, except for addresses, routes and neighbours. */
  reset(): void {
    this.conns.clear()
    this.flows?.figures.clear()
    this.#reassembly.clear()
    this.balancing.reset()
    this.verdictCounters.clear()
    this.#room.forgetFrames()
    this.drops.clear()
    this.recorder?.clear()
    this.conns.timeouts.reset()
    this.sysctls.reset()
    this.marks.clear()
    this.defence.evaluate()
    this.#returned.clear()
  }

  /**
   * What `receive` checks once for the frames of one device. `#slabLen` is 0 for a link that is not ours, and for all links while
   * somebody watches: then the bounds check of `receive` leads to the slow branch, and watching costs nothing while nobody does.
   */
  #enter(slab: Slab, link: Link): void {
    const isOurs = this.links[link.index] === link || link === this.loopback
    this.#link = isOurs ? link : undefined
    this.#slab = slab
    this.#slabLen = isOurs && this.#watcher === undefined ? slab.bytes.length : 0
  }

  /** A packet that is watched takes the whole path, which does what the fast one does and tells of it. */
  #watched(link: Link, slab: Slab, at: number, len: number, watcher: Watcher): Verdict {
    if (this.#link !== link || !liesIn(slab, at, len)) return DROP_FRAME_MISPLACED
    const witness = (this.#watch.witness = watcher(link, slab, at, len))
    const verdict = (!witness && this.#fast?.receive(link, slab, at, len)) || this.#whole(link, slab, at, len)
    this.#watch.witness = undefined
    witness?.decided(verdict)
    return verdict
  }

  #whole(link: Link, slab: Slab, at: number, len: number): Verdict {
    if (!liesIn(slab, at, len)) return DROP_FRAME_MISPLACED
    this.#room.begin()
    this.drops.begin(slab, at, len)
    this.recorder?.begin(slab, at, len)
    const verdict = this.#path.receive(link, slab, at, len, this.#nowMs)
    if (verdict === HELD) this.#room.standsForFrame()
    else if (DropNotes.isOf(verdict)) this.drops.note(verdict, link.index, slab, at, len, this.#nowMs)
    if (this.recorder !== undefined) this.#record(this.recorder, verdict, link.index, slab, at, len)
    return verdict
  }
  #record(recorder: FlightRecorder, verdict: Verdict, link: number, slab: Slab, at: number, len: number): void {
    const { states, table } = this.conns
    const conn = states.sampled
    states.sampled = NONE
    if (DropNotes.isOf(verdict)) recorder.dropped(verdict, link, slab, at, len, this.#nowMs)
    else if (conn !== NONE) recorder.sampled(verdict, link, slab, at, len, this.#nowMs, table.words, conn)
  }

  /** A frame of uvs's own could not be sent. */
  lost(verdict: Verdict): void {
    this.verdictCounters.fates.counted[verdict]!++
  }
}
