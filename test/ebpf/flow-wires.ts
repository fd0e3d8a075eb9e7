import type { Way } from '../../src/ebpf/attachment.js'
import type { FrontMaps } from '../../src/ebpf/front-parts.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { mapMemory } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { VNET_LEN } from '../../src/packet/frame.js'
import { COUNT_LOW, SLOT_WORDS } from '../../src/packet/flow-slot.js'
import { ip, veth } from '../linux/own-network.js'
import { concat, hex, partialHeader, tcp4, udp4, unhex, virtioHeader } from '../support/frames.js'
import { readU16 } from '../support/octets.js'
import { FlowBench, type BenchFlow } from './flow-bench.js'

/*
 * The flow program on a wire, where frames come whose checksums are left to the device and that are cut into segments later: what a
 * test run cannot make. What leaves, virtio-net header and all, is what the fast path sends.
 */

const TIMESTAMPS = unhex('0101080a0102030405060708')
const [TCPV4, UDP_L4] = [1, 5]
/** A wire's end that the director has, and the other. */
const WIRES = [
  ['in', 'in-far'],
  ['c', 'c-far'],
  ['r', 'r-far'],
] as const

interface LiveFrame {
  readonly what: string
  readonly frame: Uint8Array
  readonly header: Uint8Array
  /** It comes up though the fast path takes it. */
  readonly isUp?: boolean
  /** The fast path leaves it to the whole path, by direct routing though what is left to the device is no matter. */
  readonly isInner?: boolean
}

/** Frames of a flow with checksums left to the device, of one piece and to be cut. */
function* framesOf({ flow, eth, isTcp, form }: BenchFlow): Generator<LiveFrame> {
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
    const isUp = !isTcp && gsoSize + 28 + 128 > (form & 4 ? 1400 : 1500)
    yield { what: `segments of ${gsoSize}`, frame, header: partialHeader(frame, { gsoType, gsoSize, hdrLen }), isUp }
    if (!isTcp) continue
    const timed = make(payload, { partial: true, tcpOptions: TIMESTAMPS })
    const header = partialHeader(timed, { gsoType, gsoSize, hdrLen })
    yield { what: `segments of ${gsoSize}, timestamps`, frame: timed, header }
  }
  if (!isTcp) yield* oddPartial(make, (form & 1) !== 0)
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
  readonly bench: FlowBench

  readonly #way: Way

  constructor(way: Way) {
    this.#way = way
    for (const [near, far] of WIRES) veth(near, far)
    const infos = WIRES.map(([near]) => interfaceInfo(near))
    this.bench = new FlowBench({ macs: infos.map(({ mac }) => mac), ifindexes: infos.map(({ index }) => index) })
    this.#front = new ProgramFront({ flows: this.bench.maps })
    this.#sender = new RawDevice('in-far')
    this.#hearers = [
      this.#director(this.#front.programFd('exclusive')),
      ...['c-far', 'r-far'].map(far => new RawDevice(far)),
    ]
  }
  #director(programFd: number): RawDevice {
    return new RawDevice('in', { front: { mode: 'exclusive', programFd, way: this.#way } })
  }
  get frontMaps(): FrontMaps {
    return this.#front.maps
  }
  /** Another program is there now. */
  replace(programFd: number): void {
    this.#hearers[0]!.close()
    this.#hearers[0] = this.#director(programFd)
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
        if (found !== undefined) return [['up', 'c', 'r'][i]!, found]
      }
      poller.wait(20)
    }
    return ['nowhere', '']
  }

  /** Sends frames of all flows. Returns the first that comes out otherwise than it is to; else how many have been forwarded. */
  firstWrong(isOf: (flow: BenchFlow) => boolean = () => true): string | number {
    const { bench } = this
    let forwarded = 0
    for (const flow of bench.flows) {
      if (flow.slot === 0 || !isOf(flow)) continue
      const counts = new BigInt64Array(bench.table.slots.buffer, (flow.slot * SLOT_WORDS + COUNT_LOW) * 4, 1)
      for (const each of framesOf(flow)) {
        counts[0] = 0n
        const [leaves, expected] = expectedOf(bench, each)
        const got = this.#send(each)
        const count = leaves ? (BigInt(readU16(each.frame, 16)) << 24n) + 1n : 0n
        if (got.join() !== expected.join() || counts[0] !== count)
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
    for (const [near] of WIRES) ip(`link del ${near}`)
  }
}

/** A frame behind its virtio-net header, of which counts what a receiver must know: not how long the headers are. */
function seen(octets: Uint8Array): string {
  const copy = octets.slice()
  copy[0]! &= 1
  copy.fill(0, 2, 4)
  return hex(copy)
}

/** Whether it leaves, and where what comes out. */
function expectedOf(bench: FlowBench, { frame, header, isUp, isInner }: LiveFrame): [boolean, [string, string]] {
  const leaves = isUp ? undefined : bench.forwardedWith(frame, isInner ? virtioHeader() : header)
  if (!leaves) return [false, ['up', seen(concat(header, frame))]]
  return [true, [leaves.link, seen(concat(isInner ? header : leaves.header, leaves.frame))]]
}
