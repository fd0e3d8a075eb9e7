import { FastPath } from '../../src/director/path/fast-path.js'
import { makeFlowMaps, closeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import type { FlowMaps } from '../../src/ebpf/flow-parts.js'
import type { ServiceSettingsInfo } from '../../src/control/protocol/api.js'
import * as slot from '../../src/packet/flow-slot.js'
import type { FlowKey } from '../../src/packet/flow-table.js'
import type { Link } from '../../src/packet/link.js'
import { formatMac, type MacAddr } from '../../src/wire/addr.js'
import { BenchDirector, endpoint, GATEWAY_MAC, serverMac, VIP, type Sent } from '../support/bench-director.js'
import { placed, tcp4, udp4, virtioHeader, type TcpOptions } from '../support/frames.js'
import { addrText, readU16, readU32 } from '../support/octets.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

export const LIP = '10.99.2.201'
const LINKS = ['in', 'c', 'r']
const MTUS = [1500, 1400, 1500]
/** The bench's director is the second of two. */
const [PARTS, PART] = [2, 1]
const EPOCH = 5 * slot.EPOCH_STEP + PART

/** Where the links are. All frames come in by the link `in`. */
export interface Wires {
  readonly macs: readonly MacAddr[]
  readonly ifindexes: readonly number[]
}
/** Of the interface that the kernel makes test runs on. */
const NO_WIRES: Wires = {
  macs: [
    { hi: 0, lo: 0 },
    { hi: 0x0200, lo: 0x0101 },
    { hi: 0x0200, lo: 0x0201 },
  ],
  ifindexes: [1, 1001, 1002],
}

/** One direction of an open connection: 'address:port > address:port', as its frames come in. */
export interface BenchFlow {
  readonly name: string
  readonly isTcp: boolean
  readonly flow: string
  readonly eth: { eth: string }
  readonly form: number
  /** Its slot's number; 0: none is entered. */
  slot: number
  ifindex: number
}

interface Kind {
  method: 'masq' | 'fullnat' | 'direct'
  isTcp: boolean
  port: number
  server: string
  clientAddress?: ServiceSettingsInfo['clientAddress']
}
/** Those that are told by TOA have a server of their own: whatever reaches it is rid of TOA's options. */
const KINDS: readonly Kind[] = [
  { method: 'masq', isTcp: true, port: 80, server: '10.99.2.11:8080' },
  { method: 'masq', isTcp: false, port: 53, server: '10.99.2.11:8053' },
  { method: 'masq', isTcp: true, port: 85, server: '10.99.2.11:85' },
  { method: 'masq', isTcp: false, port: 56, server: '10.99.2.11:56' },
  { method: 'masq', isTcp: true, port: 81, server: '10.99.2.12:8081', clientAddress: 'toa' },
  { method: 'fullnat', isTcp: true, port: 82, server: '10.99.2.11:8082' },
  { method: 'fullnat', isTcp: false, port: 54, server: '10.99.2.11:8054' },
  { method: 'fullnat', isTcp: true, port: 83, server: '10.99.2.12:8083', clientAddress: 'toa' },
  { method: 'direct', isTcp: true, port: 84, server: '10.99.2.11:84' },
  { method: 'direct', isTcp: true, port: 86, server: '10.99.2.12:86', clientAddress: 'toa' },
  { method: 'direct', isTcp: false, port: 55, server: '10.99.2.11:55' },
]
/** With the virtual address its sum, as the program adds them, is beyond 32 bits. */
export const CLIENT_ADDR = '203.0.113.207'
const CLIENT = `${CLIENT_ADDR}:40000`
/** Its flows are not entered. */
const OTHER = '203.0.113.8:40000'

/**
 * A director with open connections of all methods, its fast path, and the flow program's table with what can be learnt of each
 * flow by looking at a frame that went in and what came out.
 */
export class FlowBench {
  readonly director: BenchDirector
  readonly maps: FlowMaps
  readonly table: ProgramFlows
  readonly flows: BenchFlow[] = []
  readonly #fast: FastPath
  /** The first director's epoch, which is not this one's. */
  readonly otherEpoch = 9 * slot.EPOCH_STEP
  readonly other: ProgramFlows
  readonly #hops: { link: Link; mac: MacAddr }[] = []
  readonly #asMade: Int32Array

  readonly #fromClient: { eth: string }
  readonly #fromServer: { eth: string }
  readonly #ifindexes: readonly number[]

  constructor({ macs, ifindexes }: Wires = NO_WIRES, mtus = MTUS, isKept = false) {
    this.#ifindexes = ifindexes
    const us = formatMac(macs[0]!)
    this.#fromClient = { eth: `${GATEWAY_MAC} > ${us}` }
    this.#fromServer = { eth: `${serverMac(11)} > ${us}` }
    this.director = new BenchDirector({
      links: LINKS.map((name, i) => ({ name, mac: macs[i]!, mtu: mtus[i]! })),
      addresses: ['10.99.1.1/24@c', '10.99.2.1/24@r'],
    })
    for (const kind of KINDS) this.#serve(kind)
    this.#fast = fastPathAsked(() => {
      for (const kind of KINDS) for (const client of [CLIENT, OTHER]) this.#open(kind, client)
    })
    // So that a flow has the last place of its bucket that is looked at.
    this.maps = makeFlowMaps({ capacity: 100, hops: 8, parts: PARTS, buckets: 4, seed: 14_105, isKept })
    this.table = new ProgramFlows(this.maps, PART)
    this.other = new ProgramFlows(this.maps, 0)
    this.#say()
    for (const flow of this.flows) if (!flow.flow.includes(OTHER)) this.#learn(flow)
    this.#asMade = this.table.slots.slice()
  }

  /** The frame that leaves by the fast path; undefined where it hands the frame to the whole path. */
  forwarded(frame: Uint8Array, gsoSize: number, isTcp: boolean): Uint8Array | undefined {
    return this.forwardedWith(frame, virtioHeader(gsoSize === 0 ? {} : { gsoType: isTcp ? 1 : 5, gsoSize }))?.frame
  }
  /** The same of a frame with a virtio-net header, and the one that it leaves with. */
  forwardedWith(frame: Uint8Array, header: Uint8Array): Sent | undefined {
    const { slab, at, len } = placed(frame, header)
    const isForwarded = this.#fast.receive(this.director.director.links[0]!, slab, at, len) !== 0
    const [sent] = this.director.take()
    return isForwarded ? sent : undefined
  }
  /** What the director does with all its paths. */
  handled(frame: Uint8Array): Uint8Array | undefined {
    this.director.receive('in', frame)
    const [sent] = this.director.take()
    return sent?.frame
  }

  /** A plain frame of a flow. */
  plain({ isTcp, flow, eth }: BenchFlow): Uint8Array {
    const options = { ...eth, payload: 1 }
    return isTcp ? tcp4(flow, { ...options, flags: 'A' }) : udp4(flow, options)
  }
  mtuOf({ slot: at }: BenchFlow): number {
    return at === 0 ? 1500 : this.table.slots[at * slot.SLOT_WORDS + slot.MTU]!
  }
  /** Checksums that become 0 or 0xffff by what is added to them, wholly or by a part. */
  limitsOf({ slot: at }: BenchFlow): number[] {
    const sum = (word: number): number => swapped(this.table.slots[at * slot.SLOT_WORDS + word]!)
    const [addresses, ports] = [sum(slot.ADDRESS_SUM), sum(slot.PORT_SUM)]
    const both = addresses + ports
    return [addresses, ports, (both & 0xffff) + (both >>> 16)].flatMap(limit => [
      limit - 1,
      limit,
      (limit + 1) & 0xffff,
    ])
  }

  /** Makes the table what it was at first. */
  restore(): void {
    this.table.slots.set(this.#asMade)
    this.#say()
  }
  #say(): void {
    this.#ifindexes.forEach((ifindex, index) => this.table.setLink(index, ifindex))
    this.table.setEpoch(EPOCH)
    this.other.setEpoch(this.otherEpoch)
    this.#hops.forEach(({ link, mac }, i) => this.table.setHop(this.table.firstHop + i, link, mac))
  }

  close(): void {
    this.other.close()
    this.table.close()
    closeFlowMaps(this.maps)
  }

  #serve({ method, isTcp, port, server, clientAddress }: Kind): void {
    const service = { protocol: isTcp ? ('tcp' as const) : ('udp' as const), address: VIP, port }
    const more = clientAddress ? { clientAddress } : {}
    this.director.must({ op: 'add-service', service, settings: serviceSettings('rr', more) })
    if (method === 'fullnat') this.director.must({ op: 'add-local-address', service, address: LIP })
    const settings = destinationSettings(1, { method })
    this.director.must({ op: 'add-destination', service, destination: endpoint(server), settings })
    this.director.poll()
    this.director.take()
  }

  /** Opens a connection as far as its client's address is handed over; its flows. */
  #open({ method, isTcp, port, server, clientAddress }: Kind, client: string): void {
    const inbound = `${client} > ${VIP}:${port}`
    const send = (flow: string, options: TcpOptions): Uint8Array => {
      const eth = flow.startsWith(client) ? this.#fromClient : this.#fromServer
      const out = this.handled(isTcp ? tcp4(flow, { ...options, ...eth }) : udp4(flow, { ...eth, payload: 5 }))
      if (!out) throw new Error(`${flow} was not balanced`)
      return out
    }
    const first = send(inbound, { flags: 'S', seq: 1000 })
    const outbound = `${server} > ${addrText(first.slice(26, 30))}:${readU16(first, 34)}`
    const name = `${method} ${isTcp ? 'tcp' : 'udp'} ${clientAddress ?? ''}`
    // UDP has no options to check: then the bit means nothing.
    const believes = clientAddress === undefined && (isTcp || port === 53) ? 0 : slot.FlowForm.CHECK_OPTIONS
    const translated = method === 'direct' ? 0 : slot.FlowForm.TRANSLATED
    const common = { isTcp, slot: 0, ifindex: 0 }
    this.flows.push({
      ...common,
      name: `${name} in`,
      flow: inbound,
      eth: this.#fromClient,
      form: translated | believes,
    })
    if (method === 'direct') return
    if (isTcp) {
      send(outbound, { flags: 'SA', seq: 5000, ack: 1001 })
      send(inbound, { flags: 'A', seq: 1001, ack: 5001 })
      send(outbound, { flags: 'PA', seq: 5001, ack: 1001, payload: 9 })
      send(inbound, { flags: 'A', seq: 1001, ack: 5010 })
    } else send(outbound, {})
    const form = translated | slot.FlowForm.OUTBOUND
    this.flows.push({ ...common, name: `${name} out`, flow: outbound, eth: this.#fromServer, form })
  }

  #learn(flow: BenchFlow): void {
    const before = this.plain(flow)
    const after = this.forwarded(before, 0, flow.isTcp)
    if (!after) throw new Error(`${flow.name}: the fast path does not take it`)
    flow.slot = this.table.claim(keyOf(before))
    if (flow.slot === 0) throw new Error('not entered')
    const link = this.director.director.links.find(({ mac }) => mac.lo === readU32(after, 8))!
    flow.ifindex = this.#ifindexes[link.index]!
    fillSlot(this.table.slots, flow, before, after, { hop: this.#hopOf(link, after), mtu: link.mtu })
  }
  #hopOf(link: Link, frame: Uint8Array): number {
    const mac: MacAddr = { hi: readU16(frame, 0), lo: readU32(frame, 2) }
    const known = this.#hops.findIndex(hop => hop.link === link && hop.mac.lo === mac.lo)
    if (known >= 0) return this.table.firstHop + known
    this.#hops.push({ link, mac })
    this.#say()
    return this.table.firstHop + this.#hops.length - 1
  }
}

/** The key of a frame's flow; of a short one, as if zeros followed. */
export function keyOf(frame: Uint8Array): FlowKey {
  const octets = new Uint8Array(12)
  octets.set(frame.slice(26, 38))
  const [src, dst, ports] = wordsOf(octets) as unknown as [number, number, number]
  return { src, dst, ports, protocol: frame[23]! }
}
/** The same as a text. */
export function keyText(frame: Uint8Array): string {
  return Object.values(keyOf(frame)).join()
}

/** Writes a slot by what a frame was before and is after. */
export function fillSlot(
  slots: Int32Array,
  flow: { slot: number; form: number },
  before: Uint8Array,
  after: Uint8Array,
  { hop, mtu, epoch = EPOCH }: { hop: number; mtu: number; epoch?: number },
): void {
  const addresses = [26, 28, 30, 32]
  const at = flow.slot * slot.SLOT_WORDS
  slots[at + slot.HOP] = hop
  const { src, dst, ports, protocol } = keyOf(before)
  slots.set([ports, src, dst], at + slot.KEY_PORTS)
  slots[at + slot.FORM] = flow.form | (protocol << slot.PROTOCOL_SHIFT)
  slots[at + slot.MTU] = mtu
  slots.set(wordsOf(after.slice(26, 38)), at + slot.SRC)
  slots[at + slot.HEADER_SUM] = change(before, after, [22, ...addresses])
  slots[at + slot.ADDRESS_SUM] = change(before, after, addresses)
  slots[at + slot.PORT_SUM] = change(before, after, [34, 36])
  // By direct routing nobody looks at these.
  if ((flow.form & slot.FlowForm.TRANSLATED) === 0)
    for (const word of [slot.SRC, slot.DST, slot.PORTS, slot.ADDRESS_SUM, slot.PORT_SUM]) slots[at + word] = 0x1234_5678
  slots[at + slot.EPOCH] = epoch
}

/** What words of a frame that have changed add to a sum: a flow slot's way. */
function change(before: Uint8Array, after: Uint8Array, at: readonly number[]): number {
  let sum = at.reduce((sum, at) => sum + (~readU16(before, at) & 0xffff) + readU16(after, at), 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return swapped(sum)
}
function swapped(half: number): number {
  return ((half & 0xff) << 8) | (half >>> 8)
}
function wordsOf(octets: Uint8Array): Int32Array {
  return new Int32Array(octets.slice().buffer)
}

/** The fast path of the director that `work` gives frames to. */
function fastPathAsked(work: () => void): FastPath {
  const { receive } = FastPath.prototype
  const found = new Set<FastPath>()
  FastPath.prototype.receive = function (...frame) {
    found.add(this)
    return receive.apply(this, frame)
  }
  work()
  FastPath.prototype.receive = receive
  return [...found][0]!
}
