/*
 * A director whose clients and real servers are made up, packet by packet:
 * 1. a client's packet goes to it              flows-moved-frames
 * 2. its decision is watched as it is made     src/director/path/witness
 * 3. requests for MACs are answered            replay/stand-in-hosts
 * 4. of TCP by NAT and FULLNAT the real server answers, so that the connection's state is that of an open one
 */
import { keyAt, LADDR, LPORT } from '../../src/conn/fullnat-keys.js'
import { ConnFlag, DADDR, DPORT_PROTOCOL, FLAGS, NONE, type ConnIndex } from '../../src/conn/record.js'
import { Director } from '../../src/director/director.js'
import type { DirectorOptions, LinkOptions } from '../../src/director/options.js'
import type { LookUp, Witness } from '../../src/director/path/witness.js'
import type { ScheduledService } from '../../src/director/rules/scheduled-service.js'
import { nameOfService } from '../../src/director/rules/service-name.js'
import { HEADROOM, slabOver, VNET_LEN } from '../../src/packet/frame.js'
import type { Link } from '../../src/packet/link.js'
import { Verdict, verdictNames } from '../../src/packet/verdict.js'
import type { Destination } from '../../src/service/destination.js'
import { Method } from '../../src/service/method.js'
import { formatIpv4, type Ipv4Addr, type MacAddr } from '../../src/wire/addr.js'
import { IpProtocol } from '../../src/wire/ipv4.js'
import { SentFrames } from '../replay/sent-frames.js'
import { REPLY_LEN, StandInHosts } from '../replay/stand-in-hosts.js'
import { FlowFrames, Step, type ClientFlow, type ServerOfFlow } from './flows-moved-frames.js'

/** Packets between two polls, as in a turn of the director's loop; a turn takes a ms. */
const PACKETS_A_TURN = 256
const TURN_MS = 1
const REPLY_AT = HEADROOM + VNET_LEN
const LAST_PORT = 0xffff

export type FlowDirectorOptions = Omit<DirectorOptions, 'egress' | 'now' | 'links' | 'ports'>
export interface FlowLink extends LinkOptions {
  readonly mac: MacAddr
}

/** What became of a client's packet. */
export interface Outcome {
  /** The real server that it went to, 'ADDR:PORT'; undefined: to none. */
  readonly server: string | undefined
  /** By its name: 'balanced', 'drop-no-destination'. */
  readonly verdict: string
}

export class FlowDirector {
  readonly director: Director
  readonly #links: readonly FlowLink[]
  readonly #frames = new FlowFrames()
  readonly #sent = new SentFrames()
  readonly #hosts = new StandInHosts()
  readonly #reply = slabOver(new ArrayBuffer(REPLY_AT + REPLY_LEN))
  readonly #choice: Choice
  readonly #names = new Map<Destination, string>()
  #isWatching = false
  #packets = 0

  constructor(links: readonly FlowLink[], options: FlowDirectorOptions) {
    this.#links = links
    this.director = new Director({ ...options, links, egress: this.#sent, now: 0 })
    const choice = (this.#choice = new Choice(this.director))
    this.director.watchBy(() => (this.#isWatching ? choice.begin() : undefined))
    this.turn()
  }

  /** The virtual service that the flow is for, by its mark or its address and port. */
  serviceOf({ protocol, dstAddr, dstPort }: ClientFlow): ScheduledService | undefined {
    const { marks, balancing } = this.director
    return balancing.lookup(marks.of(protocol, dstAddr, dstPort), protocol, dstAddr, dstPort)
  }
  /** Real servers that take new connections of the service of that name; `likely`: it, unless another has the name. */
  serversOf(service: string, likely?: ScheduledService): Set<string> {
    const isIt = (each: ScheduledService): boolean => nameOfService(each) === service
    const found = likely && isIt(likely) ? likely : this.director.balancing.inKernelOrder().find(isIt)
    return new Set(found?.destinations.filter(dest => dest.weight > 0).map(dest => this.#name(dest)))
  }

  /** The flow's first packet; then, if it has a real server, the rest of TCP's handshake. */
  open(flow: ClientFlow): Outcome {
    const opened = this.#fromClient(flow, Step.OPENS)
    if (flow.protocol !== IpProtocol.TCP || opened.server === undefined) return opened
    const answer = this.#answerTo(flow)
    if (answer !== undefined) this.#hand(answer, Step.ANSWERS)
    this.#fromClient(flow, Step.GOES_ON)
    return opened
  }
  /** The same, by the real server that the flow is at, whatever the scheduler would say now; the scheduler is not asked. Without such a one: `open`. */
  place(flow: ClientFlow): Outcome {
    const service = flow.at && this.serviceOf(flow)
    const dest = service && this.#serverOf(service, flow.at!)
    if (service === undefined || dest === undefined) return this.open(flow)
    const { bound } = service
    service.bound = { schedule: () => dest }
    try {
      return this.open(flow)
    } finally {
      service.bound = bound
    }
  }
  /** Whether the service of the flow has the real server that the flow is at. */
  knows(flow: ClientFlow): boolean {
    const service = this.serviceOf(flow)
    return service !== undefined && flow.at !== undefined && this.#serverOf(service, flow.at) !== undefined
  }
  #serverOf({ destinations }: ScheduledService, { addr, port }: ServerOfFlow): Destination | undefined {
    const isThere = (dest: Destination, at: number): boolean => dest.addr === addr && dest.port === at
    return destinations.find(dest => isThere(dest, port)) ?? destinations.find(dest => isThere(dest, 0))
  }
  /** A packet of an open flow. */
  goOn(flow: ClientFlow): Outcome {
    return this.#fromClient(flow, Step.GOES_ON)
  }
  /** Another flow of that client's, from a port that it has no connection from. */
  nextFlowOf(flow: ClientFlow): ClientFlow {
    let srcPort = flow.srcPort
    do srcPort = srcPort === LAST_PORT ? 1 : srcPort + 1
    while (srcPort !== flow.srcPort && this.#connectionOf({ ...flow, srcPort }) !== NONE)
    return { ...flow, srcPort }
  }
  /** Lets the director do what it does between packets. */
  turn(): void {
    const now = this.director.now + TURN_MS
    while (!this.director.poll(now)) this.#deliver()
    this.#deliver()
  }

  #fromClient(flow: ClientFlow, step: Step): Outcome {
    this.#isWatching = true
    this.#hand(flow, step)
    const { dest, verdict } = this.#choice
    if (verdict !== Verdict.HELD)
      return {
        server: verdict === Verdict.BALANCED ? this.#name(dest!) : undefined,
        verdict: verdictNames.get(verdict)!,
      }
    // It waited for the next hop's MAC, and has been sent by now.
    return dest === undefined ? FORWARDED : { server: this.#name(dest), verdict: BALANCED }
  }
  #hand(flow: ClientFlow, step: Step): void {
    const { director } = this
    const link = this.#linkTowards(flow.srcAddr)
    const { slab, at } = this.#frames
    const len = this.#frames.write(flow, step, this.#links[link.index]!.mac)
    director.receive(link, slab, at, len)
    this.#isWatching = false
    this.#deliver()
    if (++this.#packets % PACKETS_A_TURN === 0) this.turn()
  }
  #linkTowards(addr: Ipv4Addr): Link {
    return this.director.routes.lookup(addr)?.link ?? this.director.links[0]!
  }
  /** Nobody needs what it sends, but for the answers to its requests for MACs. */
  #deliver(): void {
    for (let sent = this.#sent.take(); sent; sent = this.#sent.take()) {
      const { link, slab, at, len } = sent
      if (!this.#hosts.answers(slab.view, at, len, this.#reply, REPLY_AT)) continue
      this.director.receive(link, this.#reply, REPLY_AT, REPLY_LEN)
    }
  }

  /** What the real server sends back, by NAT to the client and by FULLNAT to the local address; undefined: it answers past the director. */
  #answerTo(flow: ClientFlow): ClientFlow | undefined {
    const conn = this.#connectionOf(flow)
    if (conn === NONE) return undefined
    const { table, fullnatKeys } = this.director.conns
    const { words } = table
    const from = { srcAddr: words[conn + DADDR]! as Ipv4Addr, srcPort: words[conn + DPORT_PROTOCOL]! >>> 16 }
    const { protocol } = flow
    if (fullnatKeys.has(conn)) {
      const at = keyAt(conn)
      const dstAddr = fullnatKeys.words[at + LADDR]! as Ipv4Addr
      return { protocol, ...from, dstAddr, dstPort: fullnatKeys.words[at + LPORT]! }
    }
    if ((words[conn + FLAGS]! & ConnFlag.METHOD) !== Method.MASQ) return undefined
    return { protocol, ...from, dstAddr: flow.srcAddr, dstPort: flow.srcPort }
  }
  #connectionOf({ protocol, srcAddr, srcPort, dstAddr, dstPort }: ClientFlow): ConnIndex {
    return this.director.conns.table.lookupInbound(protocol, srcAddr, srcPort, dstAddr, dstPort)
  }

  #name(dest: Destination): string {
    let name = this.#names.get(dest)
    if (name === undefined) this.#names.set(dest, (name = `${formatIpv4(dest.addr)}:${dest.port}`))
    return name
  }
}

const BALANCED = verdictNames.get(Verdict.BALANCED)!
const FORWARDED: Outcome = { server: undefined, verdict: verdictNames.get(Verdict.FORWARDED)! }

/** Notes the real server that the path decides on. */
class Choice implements Witness {
  dest: Destination | undefined
  verdict: Verdict = Verdict.PASS
  readonly #director: Director

  constructor(director: Director) {
    this.#director = director
  }

  begin(): this {
    this.dest = undefined
    this.verdict = Verdict.PASS
    return this
  }
  lookedUp(_by: LookUp, conn: ConnIndex): void {
    this.#of(conn)
  }
  setAside(): void {
    this.dest = undefined
  }
  template(conn: ConnIndex): void {
    this.#of(conn)
  }
  chosen(dest: Destination | undefined): void {
    this.dest = dest
  }
  decided(verdict: Verdict): void {
    this.verdict = verdict
  }
  service(): void {}
  choosing(): void {}
  routed(): void {}
  sent(): void {}

  #of(conn: ConnIndex): void {
    this.dest = conn === NONE ? undefined : this.#director.conns.destinationOf(conn)
  }
}
