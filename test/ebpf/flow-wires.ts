import type { Way } from '../../src/ebpf/attachment.js'
import type { FrontMaps } from '../../src/ebpf/front-parts.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { mapMemory } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { VNET_LEN } from '../../src/packet/frame.js'
import { COUNT_LOW, SEEN, SLOT_WORDS } from '../../src/packet/flow-slot.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { VIP } from '../support/bench-director.js'
import { ip, veth } from '../linux/own-network.js'
import { concat, hex } from '../support/frames.js'
import { checksum, readU16 } from '../support/octets.js'
import { AddressKind } from '../../src/packet/front.js'
import { CLIENT_ADDR, LIP, type BenchFlow } from './flow-bench.js'
import { headersOf, type LiveFrame } from './live-frames.js'
import { LARGE_MTU, type Ends, type WiredBench } from './wired-flows.js'

/*
 * The flow program on a wire, where frames come whose checksums are left to the device and that are cut into segments later: what a
 * test run cannot make. What leaves, virtio-net header and all, is what the fast path sends.
 */

/** A wire's end that the director has; the other is called so with '-far'. */
const WIRES = ['in', 'c', 'r'] as const

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
