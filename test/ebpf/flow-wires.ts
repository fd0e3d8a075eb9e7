import type { Way } from '../../src/ebpf/attachment.js'
import type { FrontMaps } from '../../src/ebpf/front-parts.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { mapMemory } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { VNET_LEN } from '../../src/packet/frame.js'
import { COUNT_LOW, FlowForm, SEEN, SLOT_WORDS } from '../../src/packet/flow-slot.js'
import { parseIpv4, type MacAddr } from '../../src/wire/addr.js'
import { VIP, type Sent } from '../support/bench-director.js'
import { ip, veth } from '../linux/own-network.js'
import { concat, hex, partialHeader, tcp4, udp4, unhex, virtioHeader } from '../support/frames.js'
import { checksum, readU16 } from '../support/octets.js'
import type { FlowMaps } from '../../src/ebpf/flow-parts.js'
import type { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { AddressKind } from '../../src/packet/front.js'
import { CLIENT_ADDR, FlowBench, LIP, type BenchFlow } from './flow-bench.js'
import { TunnelBench, type TunnelFlow } from './tunnel-bench.js'

/*
 * The flow program on a wire, where frames come whose checksums are left to the device and that are cut into segments later: what a
 * test run cannot make. What leaves, virtio-net header and all, is what the fast path sends.
 */

const TIMESTAMPS = unhex('0101080a0102030405060708')
const [TCPV4, UDP_L4] = [1, 5]
const LARGE_MTU = 9000
/** The longest frame of segments on a wire for which they are cut. */
const CUT = 3000
/** A wire's end that the director has; the other is called so with '-far'. */
const WIRES = ['in', 'c', 'r'] as const

/** Flows of which frames are sent, and what is to become of those. */
export interface WiredBench {
  readonly maps: FlowMaps
  readonly table: ProgramFlows
  readonly flows: readonly BenchFlow[]
  framesOf(flow: BenchFlow): Iterable<LiveFrame>
  /** What leaves, by 'c' or 'r'. */
  sent(each: LiveFrame, flow: BenchFlow): Pick<Sent, 'link' | 'frame' | 'header'> | undefined
  /** Longer frames are cut before they leave: what leaves are segments, in all their headers like `sent`. */
  readonly mostOctets?: number
  close(): void
}
/** By WIRES. */
export interface Ends {
  readonly macs: readonly MacAddr[]
  readonly ifindexes: readonly number[]
}

/** Flows by NAT, FULLNAT and direct routing. */
export function rewrittenFlows(ends: Ends): WiredBench {
  const bench = new FlowBench(ends)
  return wired(bench, flow => framesOf(flow, (flow.form & FlowForm.OUTBOUND) !== 0 ? 1400 : 1500))
}
/** The same over links of a large MTU, with frames whose headers are not in the memory that a program sees at first. */
export function apartFlows(ends: Ends): WiredBench {
  return wired(new FlowBench(ends, [LARGE_MTU, LARGE_MTU, LARGE_MTU]), apartFrames)
}
function wired(bench: FlowBench, frames: (flow: BenchFlow) => Iterable<LiveFrame>): WiredBench {
  return {
    maps: bench.maps,
    table: bench.table,
    flows: bench.flows,
    framesOf: frames,
    sent: ({ frame, header, isInner }) => {
      const sent = bench.forwardedWith(frame, isInner ? virtioHeader() : header)
      return sent && { ...sent, header: isInner ? header : sent.header }
    },
    close: () => bench.close(),
  }
}
/** Flows into tunnels, by the wires 'in' and 'r'. */
export function tunnelFlows({ macs, ifindexes }: Ends): WiredBench {
  const bench = new TunnelBench({ macs: [macs[0]!, macs[2]!], ifindexes: [ifindexes[0]!, ifindexes[2]!] })
  const of = ({ slot }: BenchFlow): TunnelFlow => bench.flows.find(each => each.slot === slot)!
  return {
    maps: bench.maps,
    table: bench.table,
    flows: bench.flows,
    framesOf: flow => tunnelFramesOf(of(flow)),
    sent: ({ frame, header }, flow) => {
      const { overhead } = of(flow)
      return { link: 'r', frame: bench.wrappedWhole(frame, of(flow)), header: behindOuter(header, overhead) }
    },
    close: () => bench.close(),
  }
}
/** The virtio-net header of a frame, where its checksum's place has moved by outer headers. */
function behindOuter(header: Uint8Array, overhead: number): Uint8Array {
  const moved = header.slice()
  if ((header[0]! & 1) !== 0) moved[6]! += overhead
  return moved
}

interface LiveFrame {
  readonly what: string
  readonly frame: Uint8Array
  readonly header: Uint8Array
  /** It comes up though the fast path takes it. */
  readonly isUp?: boolean
  /** The fast path leaves it to the whole path, by direct routing though what is left to the device is no matter. */
  readonly isInner?: boolean
}

/** Segments into tunnels over wires that the kernel cuts them for: with what it has been told of the outer headers. */
export function cutFlows(ends: Ends): WiredBench {
  const bench = tunnelFlows(ends)
  return {
    ...bench,
    mostOctets: CUT,
    framesOf: flow => [...bench.framesOf(flow)].filter(({ header, frame, isUp }) => isCut(header, frame) && !isUp),
  }
}
function isCut(header: Uint8Array, frame: Uint8Array): boolean {
  return (header[4]! | header[5]!) !== 0 && frame.length > CUT
}

/** Frames of a flow with checksums left to the device, of one piece and to be cut. */
function* framesOf({ flow, eth, isTcp, form }: BenchFlow, mtu: number): Generator<LiveFrame> {
  const make = (payload: number, options: object = {}): Uint8Array =>
    isTcp ? tcp4(flow, { ...eth, flags: 'A', payload, ...options }) : udp4(flow, { ...eth, payload, ...options })
  for (const payload of [0, 1, 4, 11, 12, 40, 1300]) {
    yield { what: `${payload} octets`, frame: make(payload), header: virtioHeader() }
    const partial = make(payload, { partial: true })
    yield { what: `${payload} octets, partial`, frame: partial, header: partialHeader(partial) }
    if (!isTcp) continue
    const timed = make(payload, { partial: true, tcpOptions: TIMESTAMPS })
    yield { what: `${payload} octets, partial, timestamps`, frame: timed, header: partialHeader(timed) }
  }
  const padded = concat(make(1), new Uint8Array(17))
  yield { what: 'padded', frame: padded, header: virtioHeader() }
  const partlyPadded = concat(make(1, { partial: true }), new Uint8Array(17))
  yield { what: 'padded, partial', frame: partlyPadded, header: partialHeader(partlyPadded) }
  const gsoType = isTcp ? TCPV4 : UDP_L4
  for (const [payload, gsoSize, hdrLen] of [
    [2000, 700, 0],
    [4100, 1000, 0],
    [9000, 1200, 14],
    [9000, 1200, 40],
    [20_000, 1200, 54],
    [20_000, 1200, 66],
    [20_000, 1350, 66],
    [20_000, 1460, 66],
    [20_000, 1461, 66],
  ] as const) {
    const frame = make(payload, { partial: true })
    const isUp = !isTcp && gsoSize + 28 + 128 > mtu
    yield { what: `segments of ${gsoSize}`, frame, header: partialHeader(frame, { gsoType, gsoSize, hdrLen }), isUp }
    if (!isTcp) continue
    const timed = make(payload, { partial: true, tcpOptions: TIMESTAMPS })
    const header = partialHeader(timed, { gsoType, gsoSize, hdrLen })
    yield { what: `segments of ${gsoSize}, timestamps`, frame: timed, header }
  }
  if (!isTcp) yield* oddPartial(make, (form & FlowForm.TRANSLATED) !== 0)
}

/** The same into a tunnel, and without DF, congested, too large. */
function* tunnelFramesOf(flow: TunnelFlow): Generator<LiveFrame> {
  const [mtu, headers] = [flow.fits, flow.isTcp ? 40 : 28]
  for (const each of framesOf(flow, mtu)) {
    const gsoSize = each.header[4]! | (each.header[5]! << 8)
    const needed = gsoSize === 0 ? readU16(each.frame, 16) : headersOf(each.frame) + gsoSize
    yield { ...each, isUp: each.isUp || needed > mtu }
  }
  const make = (payload: number, options: object): Uint8Array =>
    flow.isTcp
      ? tcp4(flow.flow, { ...flow.eth, flags: 'A', payload, ...options })
      : udp4(flow.flow, { ...flow.eth, payload, ...options })
  for (const tos of [1, 2, 3, 0x10, 0xff])
    yield { what: `type of service ${tos}`, frame: make(30, { tos }), header: virtioHeader() }
  for (const ttl of [2, 64, 255]) yield { what: `TTL ${ttl}`, frame: make(30, { ttl }), header: virtioHeader() }
  yield { what: 'no DF', frame: make(30, { df: false }), header: virtioHeader(), isUp: true }
  const longest = make(65_504 - headers, { partial: true }) // with the headers of any tunnel it may be no IPv4 packet
  const gso = { gsoType: flow.isTcp ? TCPV4 : UDP_L4, gsoSize: 1000 }
  yield { what: 'too long', frame: longest, header: partialHeader(longest, gso), isUp: true }
  for (const more of [0, 1])
    yield { what: `MTU + ${more}`, frame: make(mtu - headers + more, {}), header: virtioHeader(), isUp: more > 0 }
}
function headersOf(frame: Uint8Array): number {
  return frame[23] === 6 ? 20 + (frame[46]! >>> 4) * 4 : 28
}

/** Of frames longer than a page the kernel keeps as much in one piece as it is told. */
function* apartFrames({ flow, eth, isTcp }: BenchFlow): Generator<LiveFrame> {
  for (const hdrLen of [14, 33, 41, 42, 53, 54, 57, 58]) {
    const payload = 5000
    const plain = { ...eth, payload, tcpOptions: TIMESTAMPS }
    const frame = isTcp ? tcp4(flow, { ...plain, flags: 'A' }) : udp4(flow, { ...eth, payload })
    yield { what: `${hdrLen} octets apart`, frame, header: virtioHeader({ hdrLen }) }
  }
}

/** Of UDP: checksums that the device is not to make as they stand, or another one. */
function* oddPartial(
  make: (payload: number, options?: object) => Uint8Array,
  isTranslated: boolean,
): Generator<LiveFrame> {
  const wrong = make(30, { checksum: 0x1234 })
  yield { what: 'partial, of another pseudo header', frame: wrong, header: partialHeader(wrong), isUp: isTranslated }
  // A tunnel's: the checksum that is left to the device is of what is carried.
  for (const payload of [40, 41]) {
    const outer = make(payload)
    yield {
      what: 'an inner partial checksum',
      frame: outer,
      header: partialHeader(outer, { csumStart: 54, csumOffset: 6 }),
      isInner: !isTranslated,
    }
  }
}

/** Sends frames by a wire into the program, one by one; says where each has come out. */
export class Wires {
  readonly #memory = mapMemory(2 ** 17)
  readonly #front: ProgramFront
  readonly #sender: RawDevice
  /** The director's end of the first wire, and the far ends of the others. */
  readonly #hearers: RawDevice[]
  readonly bench: WiredBench

  readonly #way: Way
  readonly #near: readonly string[]

  /** `mark` is a part of its interfaces' names. */
  constructor(way: Way, makeBench: (ends: Ends) => WiredBench, mark = '') {
    this.#way = way
    this.#near = WIRES.map(name => `${name}${mark}`)
    for (const near of this.#near) {
      veth(near, `${near}-far`)
      for (const end of [near, `${near}-far`]) ip(`link set ${end} mtu ${LARGE_MTU}`)
    }
    const infos = this.#near.map(interfaceInfo)
    this.bench = makeBench({ macs: infos.map(({ mac }) => mac), ifindexes: infos.map(({ index }) => index) })
    const { mostOctets } = this.bench
    if (mostOctets !== undefined) ip(`link set ${this.#near[2]} gso_max_size ${mostOctets}`)
    this.#front = new ProgramFront({ flows: this.bench.maps })
    for (const addr of [VIP, LIP, CLIENT_ADDR]) this.#front.setKinds(parseIpv4(addr)!, AddressKind.OWN)
    const [sender, ...hearers] = this.#near.map(near => new RawDevice(`${near}-far`))
    this.#sender = sender!
    this.#hearers = [this.#director(this.#front.programFd('beside')), ...hearers]
  }
  #director(programFd: number): RawDevice {
    return new RawDevice(this.#near[0]!, { front: { mode: 'beside', programFd, way: this.#way } })
  }
  get frontMaps(): FrontMaps {
    return this.#front.maps
  }
  /** Another program is there now. */
  replace(programFd: number): void {
    this.#hearers[0]!.close()
    this.#hearers[0] = this.#director(programFd)
    for (const hearer of this.#hearers) {
      while (hearer.receive({ frame: () => {} }, 64) > 0) hearer.release()
    }
  }

  /** 'up', 'c' or 'r', and what came out there, header first; 'nowhere' after a while. */
  #send({ frame, header }: LiveFrame): [where: string, out: string] {
    const { bytes } = this.#memory
    bytes.set(concat(header, frame), 0)
    this.#sender.transmit(this.#memory, VNET_LEN, frame.length)
    this.#sender.flush()
    const poller = new Poller(this.#hearers.flatMap(({ fds }) => fds))
    for (let tries = 0; tries < 100; tries++) {
      for (const [i, hearer] of this.#hearers.entries()) {
        let found: string | undefined
        hearer.receive({ frame: ({ bytes }, at, len) => void (found = seen(bytes.slice(at - VNET_LEN, at + len))) }, 1)
        hearer.release()
        if (found !== undefined) return [['up', ...WIRES.slice(1)][i]!, found]
      }
      poller.wait(20)
    }
    return ['nowhere', '']
  }
  /** Sends a frame that is cut. Says what is wrong with the segments that come out at 'r'. */
  #wrongSegments({ frame, header }: LiveFrame, whole: Uint8Array): string | undefined {
    this.#memory.bytes.set(concat(header, frame), 0)
    this.#sender.transmit(this.#memory, VNET_LEN, frame.length)
    this.#sender.flush()
    const hearer = this.#hearers[2]!
    const poller = new Poller(hearer.fds)
    const pieces: Uint8Array[] = []
    const headers = headersOf(frame) + whole.length - frame.length
    let payload = 0
    for (let tries = 0; tries < 100 && payload + headers + 14 < whole.length; tries++) {
      hearer.receive({ frame: ({ bytes }, at, len) => void pieces.push(bytes.slice(at, at + len)) }, 64)
      hearer.release()
      payload = pieces.reduce((sum, { length }) => sum + length - headers - 14, 0)
      if (payload + headers + 14 < whole.length) poller.wait(20)
    }
    const got = concat(...pieces.map(piece => piece.slice(headers + 14)))
    if (hex(got) !== hex(whole.slice(headers + 14))) return `${pieces.length} segments with ${payload} octets`
    const size = header[4]! | (header[5]! << 8)
    const other = pieces.find(piece => !isSegmentOf(piece, whole, whole.length - frame.length, headers + size))
    return other && `segment ${hex(other.slice(0, headers + 14))}\nof      ${hex(whole.slice(0, headers + 14))}`
  }

  /** Sends frames of all flows. Returns the first that comes out otherwise than it is to; else how many have been forwarded. */
  firstWrong(isOf: (flow: BenchFlow) => boolean = () => true): string | number {
    const { bench } = this
    let forwarded = 0
    for (const flow of bench.flows) {
      if (flow.slot === 0 || !isOf(flow)) continue
      const counts = new BigInt64Array(bench.table.slots.buffer, (flow.slot * SLOT_WORDS + COUNT_LOW) * 4, 1)
      for (const each of bench.framesOf(flow)) {
        counts[0] = 0n
        bench.table.slots[flow.slot * SLOT_WORDS + SEEN] = 0
        if (bench.mostOctets !== undefined) {
          const wrong = this.#wrongSegments(each, bench.sent(each, flow)!.frame)
          if (wrong) return `${flow.name}, ${each.what}: ${wrong}`
          forwarded++
          continue
        }
        const [leaves, expected] = expectedOf(bench, each, flow)
        const got = this.#send(each)
        const count = leaves ? (BigInt(readU16(each.frame, 16)) << 24n) + 1n : 0n
        if (
          got.join() !== expected.join() ||
          counts[0] !== count ||
          (bench.table.slots[flow.slot * SLOT_WORDS + SEEN] !== 0) !== leaves
        )
          return `${flow.name}, ${each.what}: count ${counts[0]} ${got.join()}\nexpected ${count} ${expected.join()}`
        if (leaves) forwarded++
      }
    }
    return forwarded
  }

  close(): void {
    for (const device of [this.#sender, ...this.#hearers]) device.close()
    this.#front.close()
    this.bench.close()
    for (const near of this.#near) ip(`link del ${near}`)
  }
}

/**
 * Whether a frame's outer headers are those of a segment: as of the whole frame, but for lengths, the identification and
 * the header's checksum, which are the segment's own; and no longer than it may be.
 */
function isSegmentOf(piece: Uint8Array, whole: Uint8Array, overhead: number, most: number): boolean {
  const length = piece.length - 14
  if (length > most || readU16(piece, 16) !== length || readU16(piece, 14 + overhead + 2) !== length - overhead)
    return false
  const isUdp = piece[23] === 17
  if (isUdp && readU16(piece, 38) !== length - 20) return false
  if (checksum(piece.slice(14, 34)) !== 0 || checksum(piece.slice(14 + overhead, 34 + overhead)) !== 0) return false
  const own = (at: number): boolean =>
    (at >= 16 && at < 20) || (at >= 24 && at < 26) || (isUdp && at >= 38 && at < 40) || at >= 14 + overhead
  return piece.slice(0, 14 + overhead).every((octet, at) => own(at) || octet === whole[at])
}

/** A frame behind its virtio-net header, of which counts what a receiver must know: not how long the headers are. */
function seen(octets: Uint8Array): string {
  const copy = octets.slice()
  copy[0]! &= 1
  copy.fill(0, 2, 4)
  return hex(copy)
}

/** Whether it leaves, and where what comes out. */
function expectedOf(bench: WiredBench, each: LiveFrame, flow: BenchFlow): [boolean, [string, string]] {
  const { frame, header, isUp } = each
  const leaves = isUp ? undefined : bench.sent(each, flow)
  if (!leaves) return [false, ['up', seen(concat(header, frame))]]
  return [true, [leaves.link, seen(concat(leaves.header, leaves.frame))]]
}
