import { localControl, execute } from '../../src/control/operations/execute.js'
import type {
  Control,
  OperationName,
  Operations,
  Protocol,
  Request,
  ServiceInfo,
  ServiceKey,
  ServicePage,
} from '../../src/control/protocol/api.js'
import { Director } from '../../src/director/director.js'
import type { DirectorOptions } from '../../src/director/options.js'
import type { Slab } from '../../src/packet/frame.js'
import type { Link } from '../../src/packet/link.js'
import { verdictNames } from '../../src/packet/verdict.js'
import { brief, hex, icmp4, packetOf, placed, virtioHeader, type IcmpOptions, type Placed } from './frames.js'
import { allFramesCounted } from '../../native-free/all-frames-counted.js'
import { readU16 } from './octets.js'
import type { SimulatedFlows } from './simulated-flows.js'
import { destinationSettings, serviceSettings } from './settings.js'

/*
 * The wires of the recordings: clients on link c (10.99.1.0/24, gateway .254 for all others), real servers on link r
 * (10.99.2.0/24). 10.99.1.10-29 and 10.99.2.11-14 are static neighbours; whoever else is on a wire must be asked for.
 */
export const VIP = '10.99.1.100'
export const DIP_C = '10.99.1.1'
export const DIP_R = '10.99.2.1'
export const MAC_C = '02:00:00:00:01:01'
export const MAC_R = '02:00:00:00:02:01'
export const BROADCAST = 'ff:ff:ff:ff:ff:ff'
export const CLIENT_MAC = '02:00:00:00:01:10'
export const GATEWAY_MAC = '02:00:00:00:01:fe'
export const serverMac = (server: number): string => `02:00:00:00:02:${server}`

/** 'source > destination' of frames to and from the director. */
export const fromClient = { eth: `${CLIENT_MAC} > ${MAC_C}` }
export const toClient = { eth: `${MAC_C} > ${CLIENT_MAC}` }
export const fromGateway = { eth: `${GATEWAY_MAC} > ${MAC_C}` }
export const toGateway = { eth: `${MAC_C} > ${GATEWAY_MAC}` }
export const fromServer = (server = 11): { eth: string } => ({ eth: `${serverMac(server)} > ${MAC_R}` })
export const toServer = (server = 11): { eth: string } => ({ eth: `${MAC_R} > ${serverMac(server)}` })

const START_MS = 1_000_000
const POLL_MS = 10
const CLIENTS = Array.from({ length: 20 }, (_, index) => `10.99.1.${10 + index}=${CLIENT_MAC}@c`)
const SERVERS = [11, 12, 13, 14].map(server => `10.99.2.${server}=${serverMac(server)}@r`)

/** A frame that the director sent: its link's name, or 'kernel c' of one given back to the kernel, its octets and the virtio-net header before it. */
export interface Sent {
  link: string
  frame: Uint8Array
  header: Uint8Array
}

interface Queued {
  link: Link
  slab: Slab
  at: number
  len: number
}

/** One line for a frame on a link, every octet in it; the virtio-net header only where it says something. */
export function on(link: string, frame: Uint8Array, header: Uint8Array = virtioHeader()): string {
  const virtio = header.some(octet => octet !== 0) ? ` virtio ${hex(header)}` : ''
  return `${link} ${brief(frame)}${virtio} ${hex(frame)}`
}

export const idOf = (frame: Uint8Array): number => readU16(frame, 18)

/**
 * A director between two wires, its clock and its rules. As a device would, it lets what was transmitted lie until the
 * turn is over: `out` and `take` read it then.
 */
export class BenchDirector {
  readonly director: Director
  readonly control: Control
  /** False: the devices take no frame. */
  accepts = true
  now = START_MS
  /** With `offload`: the program that forwards flows, and how many packets of a connection come up before. */
  readonly program: SimulatedFlows | undefined
  readonly #queue: Queued[] = []
  #counted: Record<string, number> = {}

  constructor({ offload, ...options }: Partial<DirectorOptions> & { offload?: SimulatedFlows } = {}) {
    this.program = offload
    if (offload) offload.nowMs = START_MS
    this.director = new Director({
      links: [
        { name: 'c', mac: { hi: 0x0200, lo: 0x0101 }, mtu: 1500 },
        { name: 'r', mac: { hi: 0x0200, lo: 0x0201 }, mtu: 1500 },
      ],
      egress: {
        transmit: (link, slab, at, len) => this.#transmit({ link, slab, at, len }),
        toKernel: (link, slab, at, len) =>
          this.#transmit({ link: { ...link, name: `kernel ${link.name}` }, slab, at, len }),
      },
      addresses: [`${DIP_C}/24@c`, `${DIP_R}/24@r`],
      routes: ['default=10.99.1.254'],
      neighbours: [...CLIENTS, `10.99.1.254=${GATEWAY_MAC}@c`, ...SERVERS],
      maxConnections: 1024,
      seed: 1,
      now: START_MS,
      icmpRatelimit: 0,
      ...(offload && { flows: offload, offloadAfter: 0 }),
      ...options,
    })
    this.control = localControl(this.director)
    this.poll()
    this.take()
    this.changes()
  }

  /** The answer to a request, or what refused it. */
  ask<O extends OperationName>(request: Request<O>): Operations[O]['value'] | string {
    const reply = execute(this.director, request as Request)
    return reply.ok ? (reply.value as Operations[O]['value']) : reply.refusal
  }

  /** Every service, or one of them, in the kernel's order; or what refused it. */
  services(service?: ServiceKey): ServiceInfo[] | string {
    const all: ServiceInfo[] = []
    for (let from: string | null | undefined; from !== null;) {
      const page: ServicePage | string = this.ask<'services'>({
        op: 'services',
        ...(service && { service }),
        ...(from && { from }),
      })
      if (typeof page === 'string') return page
      if (page.continues) all.at(-1)?.destinations.push(...(page.rows.shift()?.destinations ?? []))
      all.push(...page.rows)
      from = page.next
    }
    return all
  }

  /** A service with rr over real servers, each 'address:port' or 'address:port weight'. Its first announcement is taken away. */
  serve(protocol: Protocol, at: string, ...servers: string[]): void {
    this.serveBy('rr', protocol, at, ...servers)
  }
  serveBy(scheduler: string, protocol: Protocol, at: string, ...servers: string[]): void {
    const service = { protocol, ...endpoint(at) }
    this.must({ op: 'add-service', service, settings: serviceSettings(scheduler) })
    for (const text of servers) {
      const [server = '', weight = '1'] = text.split(' ')
      const settings = destinationSettings(Number(weight))
      this.must({ op: 'add-destination', service, destination: endpoint(server), settings })
    }
    this.poll()
    this.take()
  }
  must(request: Request): void {
    const reply = execute(this.director, request)
    if (!reply.ok) throw new Error(`${request.op}: ${reply.message}`)
  }

  /** Hands a frame over as a device does, and answers the verdict's name. */
  receive(link: string, frame: Uint8Array, header = virtioHeader()): string {
    return this.place(link, frame, header).verdict
  }
  /** As `receive`; answers the memory that the frame lay in, too. */
  place(link: string, frame: Uint8Array, header = virtioHeader()): Placed & { verdict: string } {
    const place = placed(frame, header)
    const { links, loopback } = this.director
    const into = loopback?.name === link ? loopback : links.find(({ name }) => name === link)!
    const forwarded = this.program?.forward(into, place.slab, place.at, place.len)
    if (forwarded !== undefined) {
      this.#transmit({ link: forwarded.link, slab: place.slab, at: forwarded.at, len: forwarded.len })
      return { ...place, verdict: 'balanced' }
    }
    const verdict = this.director.receive(into, place.slab, place.at, place.len)
    this.director.flows?.flush()
    return { ...place, verdict: verdictNames.get(verdict) ?? 'no verdict' }
  }
  /** As `receive`, and the turn ends: what was sent, by `on`. */
  turn(link: string, frame: Uint8Array, header = virtioHeader()): [verdict: string, ...sent: string[]] {
    return [this.receive(link, frame, header), ...this.out()]
  }

  /** Lets `ms` pass in one step. */
  poll(ms = 0): void {
    this.now += ms
    if (this.program) this.program.nowMs = this.now
    this.director.poll(this.now)
    allFramesCounted(this.director)
  }
  /** Lets `ms` pass in steps of 10; answers what was sent meanwhile, each line with the ms at which it was. */
  run(ms: number): string[] {
    const lines: string[] = []
    for (let passed = POLL_MS; passed <= ms; passed += POLL_MS) {
      this.poll(POLL_MS)
      for (const line of this.out()) lines.push(`${passed} ${line}`)
    }
    return lines
  }

  /** Ends the turn: every frame that was sent. */
  take(): Sent[] {
    allFramesCounted(this.director)
    return this.#queue.splice(0).map(({ link, slab, at, len }) => ({
      link: link.name,
      frame: slab.bytes.slice(at, at + len),
      header: slab.bytes.slice(at - 10, at),
    }))
  }
  out(): string[] {
    return this.take().map(({ link, frame, header }) => on(link, frame, header))
  }

  /** The counters that have moved since this was last asked, and by how much. */
  changes(): Record<string, number> {
    const counted = this.director.verdictCounters.byName()
    const before = this.#counted
    this.#counted = counted
    const moved = Object.entries(counted).map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
    return Object.fromEntries(moved.filter(([, by]) => by !== 0))
  }

  #transmit(queued: Queued): boolean {
    if (this.accepts) this.#queue.push(queued)
    return this.accepts
  }
}

/** '10.0.0.1:80' */
export function endpoint(text: string): { address: string; port: number } {
  const [address = '', port] = text.split(':')
  return { address, port: Number(port) }
}

/** The ICMP error that a host sends about a packet (ipvs-behaviour.md §1.3): 576 octets at the most, precedence internetwork control. */
export function errorAbout(
  packet: Uint8Array,
  flow: string,
  options: Pick<IcmpOptions, 'type' | 'code' | 'rest' | 'eth'>,
  sent: Uint8Array | undefined,
): Uint8Array {
  const tos = ((packet[1] ?? 0) & 0x1e) | 0xc0
  const payload = packet.slice(0, 576 - 28)
  return icmp4(flow, { ...options, payload, tos, df: false, ttl: 64, id: sent ? idOf(sent) : 0 })
}

/** The packet in a frame, one hop further: TTL − 1. */
export function oneHopOn(frame: Uint8Array): Uint8Array {
  const packet = packetOf(frame)
  packet[8]!--
  packet.set([0, 0], 10)
  let sum = 0
  for (let at = 0; at < (packet[0]! & 15) * 4; at += 2) sum += readU16(packet, at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  packet.set([~(sum >>> 8) & 0xff, ~sum & 0xff], 10)
  return packet
}
