import { Director } from '../../src/director/director.js'
import { verdictNames } from '../../src/packet/verdict.js'
import { Method, TunnelType } from '../../src/service/method.js'
import type { AdvertSink } from '../../src/packet/advert-sink.js'
import { slabOver, type Slab } from '../../src/packet/frame.js'
import type { Ipv4Addr, MacAddr } from '../../src/wire/addr.js'
import { ARP_LEN, ArpOp, ArpView } from '../../src/wire/arp.js'
import { ETHERNET_LEN, EtherType } from '../../src/wire/ethernet.js'
import { SentFrames, type SentFrame } from '../replay/sent-frames.js'
import { REPLY_LEN, StandInHosts } from '../replay/stand-in-hosts.js'
import type { Ground } from './ground.js'
import { FRAME_AT, putFrame, type SimPacket } from './packets.js'

/** The links of every director: towards the clients, and towards the real servers. */
export const CLI = 0
export const SRV = 1
export const LINK_NAMES = ['cli', 'srv'] as const
export type LinkIndex = typeof CLI | typeof SRV

/** The most frames between two polls, as in a turn of the director's loop. */
const FRAMES_A_POLL = 256
const POLL_MS = 10
const MTU = 1500
const SLAB_OCTETS = FRAME_AT + 0x10000 + ETHERNET_LEN
const ARP_ROOM = FRAME_AT + 64
/** The octet 'locally administered', and the director's number. */
const MAC_HI = 0x0200

/** Where a director's frames go. */
export interface DirectorSurroundings {
  /** An IP frame to a host's MAC, or to a group's. */
  sent(director: DirectorStation, link: LinkIndex, slab: Slab, at: number, len: number): void
  /** It has said that an address is at its MAC. */
  announced(director: DirectorStation, link: LinkIndex, addr: Ipv4Addr): void
  /** Who has an address? `answer` has the reply come back by the way that a frame would take. */
  asked(director: DirectorStation, link: LinkIndex, addr: Ipv4Addr, answer: () => void): void
}

export interface DirectorStationOptions {
  readonly name: string
  readonly number: number
  readonly seed: number
  readonly addresses: readonly string[]
  readonly routes: readonly string[]
  readonly maxConnections: number | undefined
  readonly adverts: AdvertSink | undefined
  readonly report: (problem: string) => void
}

/** A director in the network: the real one, between frames that come and frames that go. */
export class DirectorStation {
  readonly name: string
  readonly director: Director
  readonly macs: readonly MacAddr[]
  /** A failed one takes nothing and sends nothing; its tables stay. */
  isUp = true
  readonly frames = { received: 0, sent: 0 }
  /** After frames have come or time has passed: what its virtual routers heard. */
  heard: (() => void) | undefined
  readonly #ground: Ground
  readonly #around: DirectorSurroundings
  readonly #sent = new SentFrames()
  readonly #hosts = new StandInHosts()
  readonly #arp = new ArpView()
  readonly #slab = slabOver(new ArrayBuffer(SLAB_OCTETS))
  #sincePoll = 0
  #id = 0

  constructor(options: DirectorStationOptions, ground: Ground, around: DirectorSurroundings) {
    const { name, number, seed, addresses, routes, maxConnections, adverts, report } = options
    this.name = name
    this.#ground = ground
    this.#around = around
    this.macs = LINK_NAMES.map((_, i) => ({ hi: MAC_HI, lo: 16 * (number + 1) + i }))
    this.director = new Director({
      links: LINK_NAMES.map((link, i) => ({ name: link, mac: this.macs[i]!, mtu: MTU })),
      egress: this.#sent,
      addresses,
      routes,
      seed,
      now: 0,
      report,
      ...(maxConnections === undefined ? {} : { maxConnections }),
      ...(adverts && { adverts }),
    })
  }

  start(): void {
    this.#poll()
    this.#ground.events.every(POLL_MS, () => this.#poll())
  }
  /** After rules have changed, and virtual routers have spoken. */
  settle(): void {
    if (this.isUp) this.#drain()
  }

  receive(link: LinkIndex, packet: SimPacket, from: MacAddr): void {
    if (!this.#takes()) return
    const len = putFrame(this.#slab, packet, this.#id++, from, this.macs[link]!)
    this.#enter(link, this.#slab, len)
  }
  /** A whole frame, as another director sent it. */
  receiveFrame(link: LinkIndex, octets: Uint8Array): void {
    if (!this.#takes()) return
    this.#slab.bytes.fill(0, 0, FRAME_AT)
    this.#slab.bytes.set(octets, FRAME_AT)
    this.#enter(link, this.#slab, octets.length)
  }

  /** Whether its rules have a real server to whose port it sends GUE. */
  sendsGue(addr: Ipv4Addr, port: number): boolean {
    for (const { destinations } of this.director.balancing.inKernelOrder())
      for (const dest of destinations)
        if (
          dest.addr === addr &&
          dest.method === Method.TUNNEL &&
          dest.tunnelType === TunnelType.GUE &&
          dest.tunnelPort === port
        )
          return true
    return false
  }

  /** Counts of frames that it dropped, by verdict. */
  drops(): Map<string, number> {
    const { verdictCounters } = this.director
    const found = new Map<string, number>()
    for (const [verdict, name] of verdictNames)
      if (name.startsWith('drop-')) found.set(name, verdictCounters.of(verdict))
    return found
  }

  #takes(): boolean {
    if (!this.isUp) this.#ground.ledger.lost('host-down')
    return this.isUp
  }
  #enter(link: LinkIndex, slab: Slab, len: number): void {
    const { director } = this
    const now = Math.floor(this.#ground.events.nowMs)
    if (now > director.now || ++this.#sincePoll >= FRAMES_A_POLL) this.#moveTo(now)
    this.frames.received++
    director.receive(director.links[link]!, slab, FRAME_AT, len)
    this.#drain()
    this.heard?.()
  }

  #poll(): void {
    if (!this.isUp) return
    this.#moveTo(Math.floor(this.#ground.events.nowMs))
    this.heard?.()
  }
  #moveTo(now: number): void {
    this.#sincePoll = 0
    while (!this.director.poll(now)) this.#drain()
    this.#drain()
  }

  #drain(): void {
    for (let sent = this.#sent.take(); sent; sent = this.#sent.take()) this.#handOver(sent)
  }
  #handOver(frame: SentFrame): void {
    const { slab, at, len } = frame
    const link = frame.link.index as LinkIndex
    this.frames.sent++
    if (slab.view.getUint16(at + 12) !== EtherType.ARP) return this.#around.sent(this, link, slab, at, len)
    const arp = this.#arp.wrap(slab.view, at + ETHERNET_LEN)
    if (len < ETHERNET_LEN + ARP_LEN) return
    const { senderAddr, targetAddr } = arp
    if (senderAddr === targetAddr) return this.#around.announced(this, link, targetAddr)
    if (arp.operation !== ArpOp.REQUEST) return
    const reply = slabOver(new ArrayBuffer(ARP_ROOM))
    if (!this.#hosts.answers(slab.view, at, len, reply, FRAME_AT)) return
    this.#around.asked(this, link, targetAddr, () => {
      if (this.#takes()) this.#enter(link, reply, REPLY_LEN)
    })
  }
}
