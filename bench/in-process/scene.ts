import type { Director } from '../../src/director/director.js'
import { seededRandom } from '../../src/director/random.js'
import type { Egress, Slab } from '../../src/packet/frame.js'
import type { Link } from '../../src/packet/link.js'
import { Verdict } from '../../src/packet/verdict.js'
import { benchDirector, VIP } from './bench-director.js'
import type { Mode } from './modes.js'
import { AT, FRAME_LEN, SLOT, Slots, SYN, Traffic } from './traffic.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

/** Frames that the loop's devices hand over at once. */
export const BATCH = 64

/** Counts sent packets, and notes the last one's addresses and ports. `at` is the offset of the Ethernet header. */
export class CountingEgress implements Egress {
  sent = 0
  /** Whether to note addresses and ports. */
  reads = false
  /** The next egress for frames, if any. */
  through: Egress | undefined = undefined
  src = 0 as Ipv4Addr
  dst = 0 as Ipv4Addr
  srcPort = 0
  dstPort = 0

  transmit(link: Link, slab: Slab, at: number, len: number): boolean {
    this.sent++
    if (this.through !== undefined) return this.through.transmit(link, slab, at, len)
    if (this.reads) {
      const { view } = slab
      this.src = view.getInt32(at + 26) as Ipv4Addr
      this.dst = view.getInt32(at + 30) as Ipv4Addr
      this.srcPort = view.getUint16(at + 34)
      this.dstPort = view.getUint16(at + 36)
    }
    return true
  }
}

/** A director with open connections, and frames for them in a random order. */
export interface Scene {
  readonly director: Director
  readonly egress: CountingEgress
  readonly slots: Slots
  readonly inbound: Traffic
  /** The replies: empty if they bypass the director. */
  readonly outbound: Traffic
}

export interface SceneOptions {
  /** Free room in the table beyond those connections. Default 0. */
  room?: number
  /** The number of the i-th client. Default i. */
  clientOf?: (i: number) => number
}

/** Opens a TCP connection for each of `count` clients through the director, as clients do; each becomes ESTABLISHED. */
export function openScene(mode: Mode, count: number, options: SceneOptions = {}): Scene {
  const { room = 0, clientOf = (i: number) => i } = options
  const egress = new CountingEgress()
  const director = benchDirector({ mode, capacity: count + room, egress, now: performance.now() })
  const slots = new Slots(BATCH)
  const inbound = new Traffic(count)
  const outbound = new Traffic(mode.outbound ? count : 0)
  for (let i = 0; i < count; i++) {
    const client = clientOf(i)
    inbound.set(i, clientAddr(client), clientPort(client), VIP, 80)
  }
  egress.reads = mode.outbound
  const order = shuffled(count)
  for (let n = 0; n < count; n++) {
    const i = order[n]!
    if (n % BATCH === 0) director.poll(performance.now())
    inbound.write(i, slots, 0)
    slots.setFlags(0, SYN)
    expectBalanced(director, 0, slots, 0)
    inbound.write(i, slots, 0)
    expectBalanced(director, 0, slots, 0)
    if (mode.outbound) outbound.set(i, egress.dst, egress.dstPort, egress.src, egress.srcPort)
  }
  egress.reads = false
  return { director, egress, slots, inbound, outbound }
}

/** The address and port of each connection's client: a million addresses, then the next port. */
export function clientAddr(i: number): Ipv4Addr {
  return (0x0b000000 | (i & 0xfffff)) as Ipv4Addr
}
export function clientPort(i: number): number {
  return 20_000 + (i >>> 20)
}

function expectBalanced(director: Director, link: number, { slab }: Slots, slot: number): void {
  const verdict = director.receive(director.links[link]!, slab, slot * SLOT + AT, FRAME_LEN)
  if (verdict !== Verdict.BALANCED) throw new Error(`a frame of the benchmark met verdict ${verdict}`)
}

/** 0 to count − 1 in a random order, the same every time (Fisher and Yates). */
export function shuffled(count: number): Uint32Array {
  const random = seededRandom(count)
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random() % (i + 1)
    const kept = order[i]!
    order[i] = order[j]!
    order[j] = kept
  }
  return order
}
