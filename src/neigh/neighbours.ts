/*
 * A frame to a next hop whose MAC is unknown:
 * 1. it is held; a request is broadcast     → HELD; no room: DROP_NEIGHBOUR_QUEUE
 * 2. the request is repeated after one and after two seconds
 * 3. answered: the held frames are sent in order              → DROP_DEVICE_QUEUE for those that the device does not take
 *    not answered: ICMP host unreachable (3/1) for each held frame; the entry is deleted
 */
import { LRUCache } from 'lru-cache'
import type { Egress } from '../packet/frame.js'
import type { Packet } from '../packet/packet.js'
import type { Link } from '../packet/link.js'
import { Verdict } from '../packet/verdict.js'
import { EthernetView, BROADCAST } from '../wire/ethernet.js'
import type { Ipv4Addr, MacAddr } from '../wire/addr.js'
import type { ArpSender } from './arp-sender.js'
import { Neighbour, NeighbourState } from './neighbour.js'
import type { HeldFrame, WaitingRoom } from './waiting-room.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { DROP_DEVICE_QUEUE, DROP_NEIGHBOUR_FAILED, DROP_NEIGHBOUR_QUEUE, HELD } = Verdict
const { INCOMPLETE, PERMANENT, PROBING, REACHABLE } = NeighbourState

/** The most neighbours, and the most of them that are being asked. */
const MOST = 8192
const MOST_INCOMPLETE = 1024
/** Requests before a neighbour is given up, and ms between them: Linux's mcast_solicit, ucast_solicit, retrans_time_ms. */
const REQUESTS = 3
const RETRY_MS = 1000
/** How long an answer is valid: Linux's base_reachable_time_ms. */
const REACHABLE_MS = 30_000
/** An entry unused for so long is deleted: Linux's gc_stale_time. */
const FORGET_MS = 60_000
const SWEEP_MS = 1000
/** Entries of the look-aside table; power of two. */
const RECENT = 1024

/** Is told of neighbours that have another MAC, or are no more. */
export interface NeighbourWatch {
  moved(neighbour: Neighbour): void
  forgotten(neighbour: Neighbour): void
}

/** Is handed each held frame whose next hop did not answer. It may rewrite the frame but must not keep it. */
export interface UnreachableSink {
  unreachable(held: HeldFrame, room: WaitingRoom): void
}

export class Neighbours {
  readonly #arp: ArpSender
  readonly #egress: Egress
  readonly #room: WaitingRoom
  readonly #static = new Map<number, Neighbour>()
  readonly #known: LRUCache<number, Neighbour>
  /** Neighbours that are being asked, by broadcast or unicast. */
  readonly #asking = new Set<Neighbour>()
  readonly #recent: (Neighbour | undefined)[] = Array.from({ length: RECENT })
  readonly #eth = new EthernetView()
  watch: NeighbourWatch | undefined
  #nextSweep = 0
  #nowMs = 0

  constructor(arp: ArpSender, egress: Egress, room: WaitingRoom) {
    this.#arp = arp
    this.#egress = egress
    this.#room = room
    this.#known = new LRUCache({ max: MOST, dispose: neighbour => this.#forgotten(neighbour) })
  }

  /** The entry of an address on a link. A new one is created and asked; undefined when too many are being asked. */
  get(link: Link, addr: Ipv4Addr): Neighbour | undefined {
    const slot = (addr ^ (addr >>> 10) ^ link.index) & (RECENT - 1)
    let neighbour = this.#recent[slot]
    if (neighbour === undefined || neighbour.addr !== addr || neighbour.link !== link) {
      const key = keyOf(link, addr)
      neighbour = this.#static.get(key) ?? this.#known.get(key) ?? this.#create(link, addr)
      this.#recent[slot] = neighbour
    }
    if (neighbour !== undefined) neighbour.usedAt = this.#nowMs
    return neighbour
  }

  /** The entry of an address on a link, if its MAC is known and it is in the look-aside table. */
  usable(link: Link, addr: Ipv4Addr): Neighbour | undefined {
    const neighbour = this.#recent[(addr ^ (addr >>> 10) ^ link.index) & (RECENT - 1)]
    if (neighbour === undefined || neighbour.addr !== addr || neighbour.link !== link) return undefined
    if (neighbour.state === INCOMPLETE) return undefined
    neighbour.usedAt = this.#nowMs
    return neighbour
  }

  /** Those of --neighbour first, then the one that was used last. */
  get all(): Neighbour[] {
    return [...this.#static.values(), ...this.#known.values()]
  }

  /** The addresses that are known to be at a MAC. */
  at({ hi, lo }: MacAddr): Ipv4Addr[] {
    return this.all.filter(({ mac }) => mac.hi === hi && mac.lo === lo).map(({ addr }) => addr)
  }

  /** Holds a copy of the packet's frame until the neighbour answers. */
  hold(packet: Packet, neighbour: Neighbour): Verdict {
    return this.#room.hold(packet, neighbour.waiting) ? HELD : DROP_NEIGHBOUR_QUEUE
  }

  addStatic(link: Link, addr: Ipv4Addr, mac: MacAddr): void {
    const neighbour = new Neighbour(link, addr)
    neighbour.mac = mac
    neighbour.state = PERMANENT
    const key = keyOf(link, addr)
    const before = this.#static.get(key) ?? this.#known.get(key)
    this.#static.set(key, neighbour)
    this.#recent.fill(undefined)
    if (before !== undefined) this.watch?.forgotten(before)
  }

  /**
   * Learns from ARP that `addr` on the link is at this MAC. Updates a known entry; creates a new one only if `mayCreate`: for
   * hosts that asked us, like Linux, not for every broadcast.
   */
  heard(link: Link, addr: Ipv4Addr, hi: number, lo: number, mayCreate: boolean): void {
    const key = keyOf(link, addr)
    if (this.#static.has(key)) return
    let neighbour = this.#known.get(key)
    if (neighbour === undefined) {
      if (!mayCreate) return
      neighbour = new Neighbour(link, addr)
      neighbour.usedAt = this.#nowMs
      this.#known.set(key, neighbour)
    }
    if (neighbour.mac.hi !== hi || neighbour.mac.lo !== lo) {
      neighbour.mac = { hi, lo }
      this.watch?.moved(neighbour)
    }
    neighbour.state = REACHABLE
    neighbour.confirmedAt = this.#nowMs
    neighbour.asked = 0
    this.#asking.delete(neighbour)
    this.#sendHeld(neighbour)
  }

  /** Repeats requests, gives up neighbours that did not answer, and once a second looks for old entries. */
  poll(nowMs: number, sink: UnreachableSink): void {
    this.#nowMs = nowMs
    this.#room.release()
    if (this.#asking.size > 0) this.#pollAsked(sink)
    if (nowMs < this.#nextSweep) return
    this.#nextSweep = nowMs + SWEEP_MS
    this.#sweep()
  }

  /** How many entries are learnt, being asked, fixed (--neighbour), and how many frames are held. */
  get counts(): { learnt: number; asking: number; fixed: number; held: number } {
    const { size } = this.#known
    return { learnt: size, asking: this.#asking.size, fixed: this.#static.size, held: this.#room.count }
  }

  /** How long the next poll may wait, in ms. */
  get idleMs(): number {
    return this.#asking.size > 0 ? RETRY_MS / 20 : SWEEP_MS
  }

  #pollAsked(sink: UnreachableSink): void {
    for (const neighbour of this.#asking) {
      if (this.#nowMs - neighbour.askedAt < RETRY_MS) continue
      if (neighbour.asked < REQUESTS) this.#ask(neighbour)
      else this.#giveUp(neighbour, sink)
    }
  }
  #create(link: Link, addr: Ipv4Addr): Neighbour | undefined {
    if (this.#asking.size >= MOST_INCOMPLETE) return undefined
    const neighbour = new Neighbour(link, addr)
    this.#known.set(keyOf(link, addr), neighbour)
    this.#ask(neighbour)
    return neighbour
  }
  #ask(neighbour: Neighbour): void {
    neighbour.asked++
    neighbour.askedAt = this.#nowMs
    this.#asking.add(neighbour)
    this.#arp.request(neighbour.link, neighbour.addr, neighbour.usable ? neighbour.mac : BROADCAST)
  }
  #giveUp(neighbour: Neighbour, sink: UnreachableSink): void {
    for (const held of neighbour.waiting.splice(0)) {
      this.#room.giveUp(held, DROP_NEIGHBOUR_FAILED)
      sink.unreachable(held, this.#room)
    }
    this.#known.delete(keyOf(neighbour.link, neighbour.addr))
  }
  #forgotten(neighbour: Neighbour): void {
    this.#asking.delete(neighbour)
    // Among too many neighbours.
    for (const held of neighbour.waiting.splice(0)) this.#room.giveUp(held, DROP_NEIGHBOUR_QUEUE)
    this.#recent.fill(undefined)
    this.watch?.forgotten(neighbour)
  }
  #sendHeld(neighbour: Neighbour): void {
    const { slab } = this.#room
    for (const held of neighbour.waiting.splice(0)) {
      this.#eth.wrap(slab.view, held.at).setDst(neighbour.mac)
      const sent = this.#egress.transmit(neighbour.link, slab, held.at, held.len)
      if (sent) this.#room.left(held)
      else this.#room.giveUp(held, DROP_DEVICE_QUEUE)
    }
  }
  #sweep(): void {
    for (const [key, neighbour] of this.#known.entries()) {
      if (neighbour.state !== REACHABLE) continue
      if (this.#nowMs - neighbour.usedAt > FORGET_MS) this.#known.delete(key)
      else if (this.#nowMs - neighbour.confirmedAt > REACHABLE_MS && neighbour.usedAt > neighbour.confirmedAt) {
        neighbour.state = PROBING
        this.#ask(neighbour)
      }
    }
  }
}

function keyOf(link: Link, addr: Ipv4Addr): number {
  return link.index * 2 ** 32 + (addr >>> 0)
}
