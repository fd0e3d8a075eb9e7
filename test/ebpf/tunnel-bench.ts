import { closeFlowMaps, makeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import * as slot from '../../src/packet/flow-slot.js'
import { formatMac } from '../../src/wire/addr.js'
import { BenchDirector, DIP_R, endpoint, GATEWAY_MAC, serverMac, VIP } from '../support/bench-director.js'
import { ethernet, hex, packet4, tcp4, udp4 } from '../support/frames.js'
import { concat, readU16, u16 } from '../support/octets.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'
import type { BenchFlow, Wires } from './flow-bench.js'
import { changedBits, mendHeader, randomFlowFrame, type TestFrame, whyUp } from './flow-frames.js'
import { randomFrom } from './random-frames.js'
import type { TestRun } from './test-run.js'

const [NEXT, REDIRECT] = [-1, 7]
const CLIENT = '203.0.113.7:40000'
/** Of services without TOA, and of those that are told by it. */
const RIPS = { none: 11, toa: 12 } as const
const addressOf = (server: number): string => `10.99.2.${server}`
const GUE_PORT = 6080
/** The real servers' link; its MTU less the tunnel's headers is what fits. */
const MTU = 1400
/** Octets of headers, the outer one's protocol, how a slot has it. */
const TUNNELS = {
  ipip: { overhead: 20, protocol: 4, form: 0 },
  gre: { overhead: 24, protocol: 47, form: slot.FlowForm.GRE },
  gue: { overhead: 32, protocol: 17, form: slot.FlowForm.GUE },
} as const
const SERVICES = [
  { protocol: 'tcp', port: 80, clientAddress: 'none', tunnel: 'ipip' },
  { protocol: 'tcp', port: 81, clientAddress: 'toa', tunnel: 'ipip' },
  { protocol: 'udp', port: 53, clientAddress: 'none', tunnel: 'ipip' },
  { protocol: 'tcp', port: 82, clientAddress: 'none', tunnel: 'gre' },
  { protocol: 'udp', port: 54, clientAddress: 'none', tunnel: 'gre' },
  { protocol: 'tcp', port: 83, clientAddress: 'toa', tunnel: 'gue' },
  { protocol: 'udp', port: 55, clientAddress: 'none', tunnel: 'gue' },
] as const
/** Of the interface that the kernel makes test runs on. */
const NO_WIRES: Wires = {
  macs: [
    { hi: 0, lo: 0 },
    { hi: 0x0200, lo: 0x0201 },
  ],
  ifindexes: [1, 1],
}

export interface TunnelFlow extends BenchFlow {
  readonly tunnel: keyof typeof TUNNELS
  /** Its real server, 10.99.2.N. */
  readonly server: number
  /** Octets of its headers, and of the longest packet that fits. */
  readonly overhead: number
  readonly fits: number
}
/** A frame of a flow, and what is to become of it. */
export interface TunnelCase extends TestFrame {
  readonly flow: TunnelFlow
  /** The frame that leaves; undefined: it comes up. */
  readonly leaves: Uint8Array | undefined
  readonly why: string
}
export interface TunnelCorpus {
  readonly cases: TunnelCase[]
  readonly counts: Record<string, number>
}

/**
 * A director with open connections into tunnels, whose flows it has entered as the flow program's table is told, and one that
 * sees every frame. Clients' frames come in by the first of two wires and leave by the other.
 */
export class TunnelBench {
  readonly maps = makeFlowMaps({ capacity: 16, hops: 8 })
  readonly table = new ProgramFlows(this.maps)
  readonly flows: readonly TunnelFlow[]
  readonly #whole: BenchDirector
  readonly #wires: Wires

  constructor(wires: Wires = NO_WIRES) {
    this.#wires = wires
    const [ifindex, leaves] = wires.ifindexes as [number, number]
    this.table.setLink(0, ifindex)
    this.table.setLink(1, leaves)
    const eth = { eth: `${GATEWAY_MAC} > ${formatMac(wires.macs[0]!)}` }
    const offloaded = begun(wires, eth, this.table)
    if (offloaded.director.flows!.figures.flows !== SERVICES.length) throw new Error('not all flows are entered')
    this.#whole = begun(wires, eth)
    this.flows = SERVICES.map(({ protocol, port, clientAddress, tunnel }) => ({
      name: `${tunnel} ${protocol} ${clientAddress}`,
      isTcp: protocol === 'tcp',
      flow: `${CLIENT} > ${VIP}:${port}`,
      eth,
      form: slot.FlowForm.TUNNEL | TUNNELS[tunnel].form | (clientAddress === 'toa' ? slot.FlowForm.CHECK_OPTIONS : 0),
      slot: slotOf(this.table, port),
      ifindex: leaves,
      tunnel,
      server: RIPS[clientAddress],
      overhead: TUNNELS[tunnel].overhead,
      fits: MTU - TUNNELS[tunnel].overhead,
    }))
  }

  /** Cases whose outcome the whole path says: frames by whose outer headers' sums carries are carried on, changed bits, odd frames. */
  makeCorpus(seed: number, count: number): TunnelCorpus {
    const corpus: TunnelCorpus = { cases: [], counts: {} }
    for (const [each, flow] of this.#frames(seed, count)) {
      const out = this.#wrapped(each)
      const why = out ? (whyStays(each, flow) ?? 'wrapped') : 'not wrapped'
      corpus.counts[why] = (corpus.counts[why] ?? 0) + 1
      const leaves = why === 'wrapped' ? out : undefined
      if (isOf(flow, each.frame)) corpus.cases.push({ ...each, flow, why, leaves })
    }
    return corpus
  }
  /** What leaves of a frame of any length with DF, written here: the whole path would cut it. */
  wrappedWhole(frame: Uint8Array, flow: TunnelFlow): Uint8Array {
    const inner = frame.slice(14, 14 + readU16(frame, 16))
    const [tos, ttl] = [inner[1]!, inner[8]! - 1]
    const outer = { tos: (tos & 3) === 3 ? tos - 1 : tos, ttl, id: 0, df: true }
    const copy = frame.slice()
    copy[22] = ttl
    mendHeader(copy)
    const payload = concat(this.#behindOuter(flow, inner.length), copy.slice(14, 14 + inner.length))
    const packet = packet4(`${DIP_R} > ${addressOf(flow.server)}`, TUNNELS[flow.tunnel].protocol, payload, outer)
    return ethernet(0x0800, packet, { eth: `${formatMac(this.#wires.macs[1]!)} > ${serverMac(flow.server)}` })
  }

  #behindOuter({ tunnel, slot: number }: TunnelFlow, length: number): Uint8Array {
    if (tunnel === 'ipip') return new Uint8Array(0)
    if (tunnel === 'gre') return Uint8Array.of(0, 0, 8, 0)
    // The source port is a hash: of that makeCorpus has the whole path's word.
    const ports = this.table.slots[number * slot.SLOT_WORDS + slot.PORTS]!
    return concat(
      u16(((ports & 0xff) << 8) | ((ports >>> 8) & 0xff)),
      u16(GUE_PORT),
      u16(length + 12),
      Uint8Array.of(0, 0, 0, 4, 0, 0),
    )
  }

  *#frames(seed: number, count: number): Generator<[TestFrame, TunnelFlow]> {
    for (const flow of this.flows) for (const each of this.#carrying(flow)) yield [each, flow]
    for (const flow of this.flows) for (const each of changedBits(flow)) yield [each, flow]
    const random = randomFrom(seed)
    for (let i = 0; i < count; i++) {
      const flow = this.flows[random(this.flows.length)]!
      const each = randomFlowFrame(random, flow, flow.fits, [])
      if (each.frame.length >= 34) yield [each, flow]
    }
  }
  /** What the whole path makes of it, if that is one frame. */
  #wrapped({ frame }: TestFrame): Uint8Array | undefined {
    const verdict = this.#whole.receive('c', frame)
    const [first, ...more] = this.#whole.take()
    return verdict === 'balanced' && first?.link === 'r' && more.length === 0 ? first.frame : undefined
  }
  /** Frames for whose outer header's sum comes to a limit: its carry is carried on. */
  *#carrying(flow: TunnelFlow): Generator<TestFrame> {
    const constant = this.table.slots[flow.slot * slot.SLOT_WORDS + slot.ADDRESS_SUM]!
    const headers = flow.isTcp ? 40 : 28
    for (let [payload, found] = [0, 0]; payload < 1000 && found < 5; payload++)
      for (let ttl = 2; ttl < 256; ttl++) {
        const length = payload + headers + flow.overhead
        const rest = constant + ttl - 1 + ((length & 0xff) << 8) + (length >>> 8)
        const tos = Array.from({ length: 256 }, (_, tos) => tos).find(tos => ((rest + (tos << 8)) & 0xffff) === 0xffff)
        if (tos === undefined || (tos & 3) === 3 || rest + (tos << 8) === 0xffff) continue
        found++
        const options = { ...flow.eth, payload, ttl, tos, df: true }
        const frame = flow.isTcp ? tcp4(flow.flow, { ...options, flags: 'A' }) : udp4(flow.flow, options)
        yield { frame, gsoSize: 0 }
      }
  }

  close(): void {
    this.table.close()
    closeFlowMaps(this.maps)
  }
}

function begun({ macs }: Wires, eth: { eth: string }, table?: ProgramFlows): BenchDirector {
  const director = new BenchDirector({
    links: [
      { name: 'c', mac: macs[0]!, mtu: 1500 },
      { name: 'r', mac: macs[1]!, mtu: MTU },
    ],
    ...(table ? { flows: table, offloadAfter: 0 } : { isWholePath: true }),
  })
  for (const { protocol, port, clientAddress, tunnel: type } of SERVICES) {
    const service = { protocol, address: VIP, port }
    director.must({ op: 'add-service', service, settings: serviceSettings('rr', { clientAddress }) })
    const tunnel = { type, port: type === 'gue' ? GUE_PORT : 0, checksum: 'none' } as const
    const settings = destinationSettings(1, { method: 'tunnel', tunnel })
    const destination = endpoint(`${addressOf(RIPS[clientAddress])}:${port}`)
    director.must({ op: 'add-destination', service, destination, settings })
  }
  director.poll()
  for (const { protocol, port } of SERVICES) {
    const flow = `${CLIENT} > ${VIP}:${port}`
    if (protocol === 'udp') director.receive('c', udp4(flow, eth))
    else for (const flags of ['S', 'A']) director.receive('c', tcp4(flow, { ...eth, flags }))
  }
  director.take()
  return director
}

/** Where the flow to this port of the virtual address stands. */
function slotOf({ slots, first, count }: ProgramFlows, port: number): number {
  for (let at = first; at < first + count; at++)
    if (slots[at * slot.SLOT_WORDS + slot.KEY_PORTS]! >>> 16 === (((port & 0xff) << 8) | (port >>> 8))) return at
  throw new Error(`no flow to port ${port}`)
}

/** Why a frame of a flow comes up from the program that the whole path wraps. Undefined: it does not. */
function whyStays(each: TestFrame, flow: TunnelFlow): string | undefined {
  const { frame, gsoSize } = each
  if (gsoSize !== 0) return 'GSO' // that of a test run is of no kind, so the kernel makes no room
  if ((frame[20]! & 0x40) === 0) return 'no DF'
  if (readU16(frame, 20) & 0x3fff) return 'a fragment'
  if (frame[14] !== 0x45) return 'IP options'
  return whyUp(each, flow, flow.fits)
}
const isOf = ({ flow, isTcp, eth }: BenchFlow, frame: Uint8Array): boolean => {
  const own = isTcp ? tcp4(flow, eth) : udp4(flow, eth)
  return (
    frame[23] === own[23] && hex(frame.slice(26, 38)) === hex(own.slice(26, 38)) && frame[12] === 8 && frame[13] === 0
  )
}

/**
 * Runs a program in exclusive mode on the cases, by the two runs in turn, the second with the sum of a NIC, which the kernel forgets
 * of a frame that is trimmed. Returns the first that has another outcome, in words.
 */
export function firstUnwrapped(runs: readonly TestRun[], fd: number, cases: readonly TunnelCase[]): string | undefined {
  for (const [i, { frame, gsoSize, flow, why, leaves }] of cases.entries()) {
    const expected = leaves ?? frame
    const isTrimmed = leaves !== undefined && leaves.length !== frame.length + flow.overhead
    const { answer, out } = runs[isTrimmed ? 0 : i % 2]!.run(fd, frame, { gsoSize })
    if (answer === (leaves ? REDIRECT : NEXT) && Buffer.compare(out, expected) === 0) continue
    return `${i} ${flow.name} ${why}, gso ${gsoSize}: answer ${answer}\nin       ${hex(frame)}\nout      ${hex(out)}\nexpected ${hex(expected)}`
  }
  return undefined
}
