import { FastPath } from '../../src/director/path/fast-path.js'
import { makeFlowMaps, closeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import type { FlowMaps } from '../../src/ebpf/flow-parts.js'
import type { ServiceSettingsInfo } from '../../src/control/protocol/api.js'
import * as slot from '../../src/packet/flow-slot.js'
import type { Link } from '../../src/packet/link.js'
import type { MacAddr } from '../../src/wire/addr.js'
import { BenchDirector, CLIENT_MAC, endpoint, serverMac, VIP } from '../support/bench-director.js'
import { concat, placed, tcp4, udp4, virtioHeader, type TcpOptions } from '../support/frames.js'
import { addrText, readU16, readU32, u16 } from '../support/octets.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

/** All frames come in by the link `in`, which has the MAC of the interface that the kernel makes test runs on. */
const IN_MAC = '00:00:00:00:00:00'
export const fromClient = { eth: `${CLIENT_MAC} > ${IN_MAC}` }
export const fromServer = { eth: `${serverMac(11)} > ${IN_MAC}` }
export const LIP = '10.99.2.201'
export const EPOCH = 5
export const IFINDEXES = [undefined, 1001, 1002]
export const MTUS = [1500, 1400, 1500]

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
const KINDS: readonly Kind[] = [
  { method: 'masq', isTcp: true, port: 80, server: '10.99.2.11:8080' },
  { method: 'masq', isTcp: false, port: 53, server: '10.99.2.11:8053' },
  { method: 'masq', isTcp: true, port: 85, server: '10.99.2.11:85' },
  { method: 'masq', isTcp: false, port: 56, server: '10.99.2.11:56' },
  { method: 'masq', isTcp: true, port: 81, server: '10.99.2.11:8081', clientAddress: 'toa' },
  { method: 'fullnat', isTcp: true, port: 82, server: '10.99.2.11:8082' },
  { method: 'fullnat', isTcp: false, port: 54, server: '10.99.2.11:8054' },
  { method: 'fullnat', isTcp: true, port: 83, server: '10.99.2.11:8083', clientAddress: 'toa' },
  { method: 'direct', isTcp: true, port: 84, server: '10.99.2.11:84' },
  { method: 'direct', isTcp: true, port: 86, server: '10.99.2.11:86', clientAddress: 'toa' },
  { method: 'direct', isTcp: false, port: 55, server: '10.99.2.11:55' },
]
const CLIENT = '10.99.1.10:40000'
/** Its flows are not entered. */
const OTHER = '10.99.1.11:40000'

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
  readonly #hops: string[] = []

  constructor() {
    this.director = new BenchDirector({
      links: [
        { name: 'in', mac: { hi: 0, lo: 0 }, mtu: MTUS[0]! },
        { name: 'c', mac: { hi: 0x0200, lo: 0x0101 }, mtu: MTUS[1]! },
        { name: 'r', mac: { hi: 0x0200, lo: 0x0201 }, mtu: MTUS[2]! },
      ],
      addresses: ['10.99.1.1/24@c', '10.99.2.1/24@r'],
    })
    for (const kind of KINDS) this.#serve(kind)
    this.#fast = fastPathAsked(() => {
      for (const kind of KINDS) for (const client of [CLIENT, OTHER]) this.#open(kind, client)
    })
    this.maps = makeFlowMaps({ capacity: 100, hops: 8 })
    this.table = new ProgramFlows(this.maps)
    IFINDEXES.forEach((ifindex, index) => this.table.setLink(index, ifindex))
    this.table.setEpoch(EPOCH)
    for (const flow of this.flows) if (!flow.flow.includes(OTHER)) this.#learn(flow)
  }

  /** What the fast path does: the frame that leaves, and the link; undefined where it hands the frame to the whole path. */
  forwarded(frame: Uint8Array, gsoSize: number, isTcp: boolean): Uint8Array | undefined {
    const header = virtioHeader(gsoSize === 0 ? {} : { gsoType: isTcp ? 1 : 5, gsoSize })
    const { slab, at, len } = placed(frame, header)
    const isForwarded = this.#fast.receive(this.director.director.links[0]!, slab, at, len) !== 0
    const [sent] = this.director.take()
    return isForwarded ? sent!.frame : undefined
  }
  /** What the director does with all its paths. */
  handled(frame: Uint8Array): Uint8Array | undefined {
    this.director.receive('in', frame)
    const [sent] = this.director.take()
    return sent?.frame
  }

  close(): void {
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
      const eth = flow.startsWith(client) ? fromClient : fromServer
      const out = this.handled(isTcp ? tcp4(flow, { ...options, ...eth }) : udp4(flow, { ...eth, payload: 5 }))
      if (!out) throw new Error(`${flow} was not balanced`)
      return out
    }
    const first = send(inbound, { flags: 'S', seq: 1000 })
    const outbound = `${server} > ${addrText(first.slice(26, 30))}:${readU16(first, 34)}`
    const name = `${method} ${isTcp ? 'tcp' : 'udp'} ${clientAddress ?? ''}`
    const believes = clientAddress === undefined ? 0 : slot.FlowForm.CHECK_OPTIONS
    const translated = method === 'direct' ? 0 : slot.FlowForm.TRANSLATED
    const common = { isTcp, slot: 0, ifindex: 0 }
    this.flows.push({ ...common, name: `${name} in`, flow: inbound, eth: fromClient, form: translated | believes })
    if (method === 'direct') return
    if (isTcp) {
      send(outbound, { flags: 'SA', seq: 5000, ack: 1001 })
      send(inbound, { flags: 'A', seq: 1001, ack: 5001 })
      send(outbound, { flags: 'PA', seq: 5001, ack: 1001, payload: 9 })
      send(inbound, { flags: 'A', seq: 1001, ack: 5010 })
    } else send(outbound, {})
    const form = translated | slot.FlowForm.OUTBOUND
    this.flows.push({ ...common, name: `${name} out`, flow: outbound, eth: fromServer, form })
  }

  #learn(flow: BenchFlow): void {
    const options = { ...flow.eth, payload: 1 }
    const before = flow.isTcp ? tcp4(flow.flow, { ...options, flags: 'A' }) : udp4(flow.flow, options)
    const after = this.forwarded(before, 0, flow.isTcp)
    if (!after) throw new Error(`${flow.name}: the fast path does not take it`)
    flow.slot = this.table.first + this.flows.indexOf(flow)
    const link = this.director.director.links.find(({ mac }) => mac.lo === readU32(after, 8))!
    flow.ifindex = IFINDEXES[link.index]!
    fillSlot(this.table.slots, flow, before, after, { hop: this.#hopOf(link, after), mtu: link.mtu })
    const key = keyOf(before)
    if (this.table.enter(key, Int32Array.of(flow.slot), 1) !== 1) throw new Error('not entered')
  }
  #hopOf(link: Link, frame: Uint8Array): number {
    const mac: MacAddr = { hi: readU16(frame, 0), lo: readU32(frame, 2) }
    const name = `${link.name} ${mac.hi} ${mac.lo}`
    if (!this.#hops.includes(name)) {
      this.#hops.push(name)
      this.table.setHop(this.table.firstHop + this.#hops.length, link, mac)
    }
    return this.table.firstHop + this.#hops.indexOf(name) + 1
  }
}

/** The key of a frame's flow. */
export function keyOf(frame: Uint8Array): Int32Array {
  return wordsOf(concat(frame.slice(26, 38), Uint8Array.of(frame[23]!, 0, 0, 0)))
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
  slots[at + slot.FORM] = flow.form
  slots[at + slot.MTU] = mtu
  slots.set(wordsOf(after.slice(26, 38)), at + slot.SRC)
  slots[at + slot.HEADER_SUM] = change(before, after, [22, ...addresses])
  slots[at + slot.ADDRESS_SUM] = change(before, after, addresses)
  slots[at + slot.PORT_SUM] = change(before, after, [34, 36])
  slots[at + slot.EPOCH] = epoch
}

/** What words of a frame that have changed add to a sum: a flow slot's way. */
function change(before: Uint8Array, after: Uint8Array, at: readonly number[]): number {
  let sum = at.reduce((sum, at) => sum + (~readU16(before, at) & 0xffff) + readU16(after, at), 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  const octets = u16(sum)
  return octets[0]! | (octets[1]! << 8)
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
