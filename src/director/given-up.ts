import type { Connections } from '../conn/connections.js'
import { NONE } from '../conn/record.js'
import type { IcmpErrors } from '../forward/icmp-error.js'
import type { UnreachableSink } from '../neigh/neighbours.js'
import type { OwnAddresses } from '../neigh/own-addresses.js'
import type { HeldFrame, WaitingRoom } from '../neigh/waiting-room.js'
import type { Slab } from '../packet/frame.js'
import type { Link } from '../packet/link.js'
import { Packet } from '../packet/packet.js'
import { isBalanced, parseIpv4Header, parseTransport } from '../packet/parse.js'
import type { ReassemblySink } from '../packet/reassembly.js'
import type { LaterFates } from '../packet/later-fates.js'
import { Verdict } from '../packet/verdict.js'
import type { DropNotes } from './drop-notes.js'
import type { FlightRecorder } from './flight-recorder.js'
import { IcmpType, TimeExceeded, Unreachable } from '../wire/icmp.js'

interface GivenUpParts {
  readonly conns: Connections
  readonly ownAddresses: OwnAddresses
  readonly errors: IcmpErrors
  readonly fates: LaterFates
  readonly drops: DropNotes
  readonly recorder: FlightRecorder | undefined
  /** By which programs of this host send. */
  readonly loopback: Link | undefined
}

/** Tells the senders of frames that were held and could not be sent after all. */
export class GivenUp implements ReassemblySink, UnreachableSink {
  /** The time, in ms. */
  nowMs: number
  readonly #conns: Connections
  readonly #ownAddresses: OwnAddresses
  readonly #errors: IcmpErrors
  readonly #fates: LaterFates
  readonly #drops: DropNotes
  readonly #recorder: FlightRecorder | undefined
  readonly #loopback: Link | undefined
  readonly #packet = new Packet()

  constructor({ conns, ownAddresses, errors, fates, drops, recorder, loopback }: GivenUpParts, nowMs: number) {
    this.#loopback = loopback
    this.#conns = conns
    this.#ownAddresses = ownAddresses
    this.#errors = errors
    this.#fates = fates
    this.#drops = drops
    this.#recorder = recorder
    this.nowMs = nowMs
  }

  /** The next hop of a held frame did not answer: sends host unreachable to the frame's source (case no-service: after 3 s). */
  unreachable(held: HeldFrame, room: WaitingRoom): void {
    const packet = this.#packet.wrap(held.link, room.slab, held.at, held.len)
    this.#note(Verdict.DROP_NEIGHBOUR_FAILED, packet)
    if (parseIpv4Header(packet) !== Verdict.PASS) return
    const isFromHost = packet.link === this.#loopback?.index
    if (!isFromHost && this.#ownAddresses.has(packet.ip.srcAddr) && !this.#isOfFullnat(packet)) return // our own
    this.#errors.send(packet, IcmpType.UNREACHABLE, Unreachable.HOST, 0, undefined, this.nowMs)
  }

  /** A datagram was given up before it was whole. */
  lost(verdict: Verdict): void {
    this.#fates.counted[verdict]!++
  }
  /** Sends time exceeded to the sender of a datagram whose first fragment came (RFC 792 p. 6). */
  timedOut(link: number, slab: Slab, at: number, len: number): void {
    const packet = this.#packet.wrap(link, slab, at, len)
    this.#note(Verdict.DROP_FRAGMENT_TIMEOUT, packet)
    if (parseIpv4Header(packet) !== Verdict.PASS) return
    const from = this.#ownAddresses.has(packet.ip.dstAddr) ? packet.ip.dstAddr : undefined
    this.#errors.send(packet, IcmpType.TIME_EXCEEDED, TimeExceeded.REASSEMBLY, 0, from, this.nowMs)
  }

  #note(verdict: Verdict, { link, slab, at, len }: Packet): void {
    this.#drops.noteAsItLies(verdict, link, slab, at, len, this.nowMs)
    this.#recorder?.gaveUp(verdict, link, slab, at, len, this.nowMs)
  }
  /** Whether it is a FULLNAT packet to a real server. Its source is ours, but the error is rewritten and goes to the client. */
  #isOfFullnat(packet: Packet): boolean {
    const { fullnatKeys } = this.#conns
    if (fullnatKeys.count === 0 || !isBalanced(packet.protocol) || parseTransport(packet) !== Verdict.PASS) return false
    const { ip, protocol, srcPort, dstPort } = packet
    return fullnatKeys.lookup(protocol, ip.dstAddr, dstPort, ip.srcAddr, srcPort) !== NONE
  }
}
