/* Random stories for a director: what may happen to it, as fast-check draws it, and how it is done. */
import * as fc from '../support/properties.js'
import type {
  DestinationSettingsInfo,
  Request,
  ServiceKey,
  ServiceSettingsInfo,
} from '../../src/control/protocol/api.js'
import { LADDR, keyAt, LPORT } from '../../src/conn/fullnat-keys.js'
import { DADDR, DPORT_PROTOCOL } from '../../src/conn/record.js'
import { execute } from '../../src/control/operations/execute.js'
import { formatIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import type { Destination } from '../../src/service/destination.js'
import { schedulers } from '../../src/sched/index.js'
import type { BoundScheduler, Scheduler } from '../../src/sched/scheduler.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../support/bench-director.js'
import { icmp4, ip4, packetOf, TCP, tcp4, UDP, udp4 } from '../support/frames.js'
import { records } from '../support/records.js'
import { inPieces } from '../support/pieces.js'
import { sctp4 } from '../support/sctp.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

export const SERVICES: ServiceKey[] = [
  { protocol: 'tcp', address: VIP, port: 80 },
  { protocol: 'tcp', address: VIP, port: 0 },
  { protocol: 'tcp', address: VIP, port: 21 },
  { protocol: 'udp', address: VIP, port: 53 },
  { protocol: 'sctp', address: VIP, port: 9 },
  { mark: 7 },
]
/** The port of each service's servers. */
const PORTS = [80, 0, 21, 53, 9, 0]
/** Of UDP or of a mark: -o may be given. */
const ONE_PACKET = [3, 5]
/** Of UDP or SCTP: their servers are not told the client. */
const NOT_TOLD = [3, 4]
const DEFENCES = ['drop_entry', 'drop_packet', 'secure_tcp']
const KNOBS = ['expire_nodest_conn', 'expire_quiescent_template', 'conn_reuse_mode', 'sloppy_tcp', 'sloppy_sctp']
const MORE_KNOBS = ['schedule_icmp', 'nat_icmp_send', ...DEFENCES]

const service = fc.nat(SERVICES.length - 1)
const server = fc.integer({ min: 11, max: 13 })
const weight = fc.oneof(fc.nat(3), fc.constantFrom(0, 2 ** 31 - 1))
const client = fc.integer({ min: 10, max: 12 })
const cport = fc.constantFrom(1, 2, 3, 20, 40_000)
const vport = fc.constantFrom(80, 21, 443, 5000)
const flags = fc.constantFrom('S', 'SA', 'A', 'A', 'FA', 'R', 'PA', '')
const chunk = fc.nat(15)

/** How a server is reached, and through what tunnel. */
const reached = fc.constantFrom<Partial<DestinationSettingsInfo>[]>(
  { method: 'masq' },
  { method: 'masq' },
  { method: 'direct' },
  { method: 'tunnel' },
  { method: 'tunnel', tunnel: { type: 'gue', port: 6080, checksum: 'full' } },
  { method: 'tunnel', tunnel: { type: 'gre', port: 0, checksum: 'none' } },
  { method: 'fullnat' },
  { method: 'fullnat' },
)
/** A piece of a UDP datagram: octets `from` on, in blocks of 8. */
const cut = { id: fc.nat(2), from: fc.nat(3), blocks: fc.nat(3), more: fc.boolean() }

const settings = fc.record({
  scheduler: fc.constantFrom(...[...schedulers.keys()].map(name => `x-${name}`)),
  persistence: fc.constantFrom(0, 0, 1, 30, 360),
  netmask: fc.constantFrom('255.255.255.255', '255.255.255.0'),
  onePacket: fc.boolean(),
  schedFlags: fc.nat(3),
  clientAddress: fc.constantFrom('none', 'toa', 'proxy-v1', 'proxy-v2'),
})
const thresholds = fc.tuple(fc.nat(3), fc.nat(3)).map(([upper, lower]) => ({
  upperThreshold: Math.max(upper, lower),
  lowerThreshold: lower,
}))

const arbitraries = {
  addService: fc.record({ op: fc.constant('add-service'), service, settings }),
  editService: fc.record({ op: fc.constant('edit-service'), service, settings }),
  deleteService: fc.record({ op: fc.constant('delete-service'), service }),
  addServer: fc.record({ op: fc.constant('add-destination'), service, server, weight, thresholds, reached }),
  editServer: fc.record({ op: fc.constant('edit-destination'), service, server, weight, thresholds, reached }),
  deleteServer: fc.record({ op: fc.constant('delete-destination'), service, server }),
  laddr: fc.record({
    op: fc.constantFrom('add-local-address', 'delete-local-address'),
    service,
    lip: fc.integer({ min: 201, max: 203 }),
  }),
  tcp: fc.record({ op: fc.constant('tcp'), client, cport, vport, flags }),
  tcpAnswer: fc.record({ op: fc.constant('tcp-answer'), client, cport, server, vport, flags }),
  localAnswer: fc.record({ op: fc.constant('local-answer'), nth: fc.nat(20), flags, chunk }),
  udp: fc.record({ op: fc.constant('udp'), client, cport }),
  udpAnswer: fc.record({ op: fc.constant('udp-answer'), client, cport, server }),
  piece: fc.record({ op: fc.constant('piece'), client, ...cut }),
  pieceAnswer: fc.record({ op: fc.constant('piece-answer'), client, server, ...cut }),
  inPieces: fc.record({ op: fc.constant('in-pieces'), client, cport, size: fc.constantFrom(40, 1400, 4000) }),
  sctp: fc.record({ op: fc.constant('sctp'), client, cport, chunk }),
  sctpAnswer: fc.record({ op: fc.constant('sctp-answer'), client, cport, server, chunk }),
  icmp: fc.record({ op: fc.constant('icmp'), about: fc.constantFrom('tcp', 'udp', 'sctp'), client, cport, vport }),
  sysctl: fc.record({
    op: fc.constant('set-sysctl'),
    name: fc.constantFrom(...KNOBS, ...MORE_KNOBS),
    value: fc.nat(3),
  }),
  timeouts: fc.record({ op: fc.constant('set-timeouts'), tcp: fc.nat(20), tcpfin: fc.nat(20), udp: fc.nat(20) }),
  wait: fc.record({ op: fc.constant('wait'), ms: fc.constantFrom(1, 10, 500, 3000, 11_000, 61_000, 400_000) }),
  memory: fc.record({ op: fc.constant('memory'), pages: fc.nat(2000) }),
  other: fc.record({ op: fc.constantFrom('flush', 'clear-marks', 'add-mark', 'zero') }),
} as const

type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never
/** One thing that happens. */
export type Step = Partial<Drawn<(typeof arbitraries)[keyof typeof arbitraries]>> & {
  op: string
  [field: string]: unknown
}

const OFTEN: Partial<Record<keyof typeof arbitraries, number>> = {
  tcp: 12,
  tcpAnswer: 6,
  localAnswer: 6,
  udp: 6,
  sctp: 5,
  piece: 4,
  inPieces: 3,
  wait: 6,
  addServer: 4,
  sysctl: 3,
  addService: 2,
}
export const step: fc.Arbitrary<Step> = fc.oneof(
  ...Object.entries(arbitraries).map(([name, arbitrary]) => ({
    arbitrary: arbitrary as fc.Arbitrary<Step>,
    weight: OFTEN[name as keyof typeof arbitraries] ?? 1,
  })),
)

/** A director to which it happens, every scheduler of it watched. */
export class Story extends BenchDirector {
  /** Every destination there is, deleted ones too while they are kept. */
  readonly destinations = new Set<Destination>()
  /** Choices that no rule allows. */
  readonly wrongChoices: string[]
  readonly #host: { pages: number }

  /** Every frame that was sent, a line each. */
  readonly sent: string[] = []

  constructor(seed: number, maxConnections: number, isWholePath = false) {
    const wrong: string[] = []
    const host = { pages: 5000 }
    const tell = (problem: string) => void wrong.push(problem)
    const watched = [...schedulers.values()].map(scheduler => watch(scheduler, tell))
    super({ seed, maxConnections, isWholePath, schedulers: watched, report: tell, availablePages: () => host.pages })
    this.wrongChoices = wrong
    this.#host = host
    this.must({ op: 'add-vip', cidr: VIP })
  }

  happen(what: Step): void {
    if (what.op === 'wait') this.pass(what['ms'] as number)
    else if (what.op === 'memory') this.#host.pages = what['pages'] as number
    else if (!this.#packet(what)) execute(this.director, requestOf(what))
    this.sent.push(...this.out())
    for (const each of this.director.balancing.inKernelOrder())
      for (const dest of each.destinations) this.destinations.add(dest)
    for (const dest of this.destinations)
      if (this.director.balancing.destinations.at(dest.index) !== dest) this.destinations.delete(dest)
  }
  /** Lets time pass, and all that is due happen. */
  pass(ms: number): void {
    this.now += ms
    while (!this.director.poll(this.now));
    this.sent.push(...this.out())
  }

  #packet(what: Step): boolean {
    const field = (name: string) => what[name] as number
    const from = `10.99.1.${what['client'] as number}:${field('cport')}`
    const rs = `10.99.2.${field('server')}`
    const tcp = { flags: what['flags'] as string }
    const sctp = { chunks: [field('chunk')] }
    const [inbound, outbound] = [fromClient, fromServer(field('server'))]
    switch (what.op) {
      case 'tcp':
        return this.#arrive('c', tcp4(`${from} > ${VIP}:${field('vport')}`, { ...tcp, ...inbound }))
      case 'udp':
        return this.#arrive('c', udp4(`${from} > ${VIP}:53`, inbound))
      case 'piece':
        return this.#arrive('c', piece(`10.99.1.${what['client'] as number} > ${VIP}`, what, inbound))
      case 'piece-answer':
        return this.#arrive('r', piece(`${rs} > 10.99.1.${what['client'] as number}`, what, outbound))
      case 'in-pieces': {
        const whole = udp4(`${from} > ${VIP}:53`, { ...inbound, df: false, payload: field('size') })
        const starts = field('size') < 1480 ? [0, 24] : [0, 1480, 2960]
        return inPieces(whole, ...starts).every(each => this.#arrive('c', each))
      }
      case 'sctp':
        return this.#arrive('c', sctp4(`${from} > ${VIP}:9`, { ...sctp, ...inbound }))
      case 'icmp': {
        const about = {
          tcp: () => tcp4(`${VIP}:${field('vport')} > ${from}`),
          udp: () => udp4(`${VIP}:53 > ${from}`),
          sctp: () => sctp4(`${VIP}:9 > ${from}`),
        }
        const payload = packetOf(about[what['about'] as keyof typeof about]())
        return this.#arrive('c', icmp4(`10.99.1.10 > ${VIP}`, { type: 3, payload, ...inbound }))
      }
      case 'local-answer':
        return this.#localAnswer(field('nth'), tcp, sctp)
      case 'tcp-answer':
        return this.#arrive('r', tcp4(`${rs}:${field('vport')} > ${from}`, { ...tcp, ...outbound }))
      case 'udp-answer':
        return this.#arrive('r', udp4(`${rs}:53 > ${from}`, outbound))
      case 'sctp-answer':
        return this.#arrive('r', sctp4(`${rs}:9 > ${from}`, { ...sctp, ...outbound }))
      default:
        return false
    }
  }
  /** The real server's, of one of the connections that have a local side. */
  #localAnswer(nth: number, tcp: { flags: string }, sctp: { chunks: number[] }): boolean {
    const { conns } = this.director
    const { words } = conns.table
    const all = records(conns).filter(conn => conns.fullnatKeys.words[keyAt(conn) + LPORT])
    const conn = all[nth % all.length]
    if (conn === undefined) return true
    const laddr = formatIpv4(conns.fullnatKeys.words[keyAt(conn) + LADDR]! as Ipv4Addr)
    const server = `${formatIpv4(words[conn + DADDR]! as Ipv4Addr)}:${words[conn + DPORT_PROTOCOL]! >>> 16}`
    const flow = `${server} > ${laddr}:${conns.fullnatKeys.words[keyAt(conn) + LPORT]}`
    const ends = fromServer((words[conn + DADDR]! & 0xff) as 11)
    const protocol = words[conn + DPORT_PROTOCOL]! & 0xff
    if (protocol === UDP) return this.#arrive('r', udp4(flow, ends))
    return this.#arrive('r', protocol === TCP ? tcp4(flow, { ...tcp, ...ends }) : sctp4(flow, { ...sctp, ...ends }))
  }
  #arrive(link: string, frame: Uint8Array): boolean {
    this.receive(link, frame)
    return true
  }
}

/** Any piece of a datagram between ports 1 and 53, whose header its first 8 octets are. */
function piece(flow: string, what: Step, ends: { eth: string }): Uint8Array {
  const [from, blocks] = [what['from'] as number, what['blocks'] as number]
  const octets = Uint8Array.of(0, 53, 0, 1, 0, 32, 0, 0, ...new Uint8Array(48))
  const options = { ...ends, df: false, id: what['id'] as number, fragment: from, mf: what['more'] as boolean }
  return ip4(flow, UDP, octets.slice(from * 8, (from + blocks) * 8), options)
}

function requestOf(what: Step): Request {
  const index = what.service as unknown as number
  const key = SERVICES[index]!
  const destination = { address: `10.99.2.${what['server'] as number}`, port: PORTS[index]! }
  switch (what.op) {
    case 'add-service':
    case 'edit-service': {
      const { scheduler, ...more } = what['settings'] as ServiceSettingsInfo
      const onePacket = more.onePacket && ONE_PACKET.includes(index)
      if (NOT_TOLD.includes(index)) delete more.clientAddress
      return { op: what.op, service: key, settings: serviceSettings(scheduler, { ...more, onePacket }) }
    }
    case 'delete-service':
      return { op: what.op, service: key }
    case 'add-destination':
    case 'edit-destination': {
      const asked = destinationSettings(what['weight'] as number, { ...what.thresholds, ...what.reached })
      return { op: what.op, service: key, destination, settings: asked }
    }
    case 'delete-destination':
      return { op: what.op, service: key, destination }
    case 'add-local-address':
    case 'delete-local-address':
      return { op: what.op, service: key, address: `10.99.2.${what['lip'] as number}` }
    case 'set-sysctl': {
      const [name, value] = [what['name'] as string, what['value'] as number]
      return { op: what.op, name, value: String(DEFENCES.includes(name) ? value : value % 3) }
    }
    case 'set-timeouts':
      return { op: what.op, timeouts: what as unknown as { tcp: number; tcpfin: number; udp: number } }
    case 'add-mark':
      return { op: what.op, rule: { protocol: 'tcp', to: VIP, ports: [{ first: 443, last: 443 }], mark: 7 } }
    default:
      return { op: what.op } as Request
  }
}

/** The scheduler under another name; what it may not answer is told. */
function watch(scheduler: Scheduler, tell: (problem: string) => void): Scheduler {
  return {
    name: `x-${scheduler.name}`,
    bind(bound, random) {
      const inner = scheduler.bind(bound, random)
      const outer: BoundScheduler = {
        schedule(flow, now) {
          const dest = inner.schedule(flow, now)
          if (dest === undefined) return dest
          if (dest.weight === 0) tell(`${scheduler.name} chose weight 0`)
          // lblc does not ask a remembered server's threshold (ipvs-behaviour.md §3.7).
          if (dest.overloaded && scheduler.name !== 'lblc') tell(`${scheduler.name} chose an overloaded server`)
          if (!dest.available) tell(`${scheduler.name} chose a deleted server`)
          return dest
        },
      }
      for (const call of ['added', 'edited', 'removed', 'tick', 'unbound'] as const)
        if (inner[call]) Object.assign(outer, { [call]: inner[call].bind(inner) })
      return outer
    },
  }
}
