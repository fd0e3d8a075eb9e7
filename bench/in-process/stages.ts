/*
 * The stages of a packet's path, each alone, with connections in a random order: so each pays for the cache misses that on the
 * whole path fall on the first stage that touches the record.
 */
import { NONE, type ConnIndex } from '../../src/conn/record.js'
import { Direction } from '../../src/conn/direction.js'
import { AddressHandOver } from '../../src/forward/address-hand-over.js'
import type { Forwarder } from '../../src/forward/forwarder.js'
import { Fullnat } from '../../src/forward/fullnat.js'
import { IpIds } from '../../src/forward/ip-ids.js'
import { Nat } from '../../src/forward/nat.js'
import { Tunnels } from '../../src/forward/tunnel.js'
import { slabOver } from '../../src/packet/frame.js'
import { Packet } from '../../src/packet/packet.js'
import { parseEthernet, parseIpv4Header, parseTransport } from '../../src/packet/parse.js'
import { TurnMemory } from '../../src/packet/turn-memory.js'
import { Verdict } from '../../src/packet/verdict.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { IpProtocol } from '../../src/wire/ipv4.js'
import { TcpFlag } from '../../src/wire/tcp.js'
import { MAC } from './bench-director.js'
import { type Measure, once } from './measure.js'
import { NAT, type Mode } from './modes.js'
import { BATCH, type Scene } from './scene.js'
import { timed, timedWithCopy } from './timed.js'
import { AT, FRAME_LEN, SLOT, Slots } from './traffic.js'

const TCP = IpProtocol.TCP
const { INBOUND, OUTBOUND } = Direction

/** The cost of parsing, lookup, state, timer and rewriting. `scene` is made at the first call. */
export function stages(mode: Mode, count: number, scene: () => Scene): Measure[] {
  const conns = once(() => connectionsOf(scene()))
  const called = (stage: string): string => `stage ${stage}, ${mode.name}, ${count} connections`
  const inbound = [
    timed(called('lookup, inbound'), BATCH, () => lookupInbound(scene())),
    timed(called('state, inbound'), BATCH, () => state(scene(), conns(), INBOUND)),
    timed(called('timer'), BATCH, () => timer(scene(), conns())),
  ]
  const outbound = [
    timed(called('lookup, outbound'), BATCH, () => lookupOutbound(mode, scene())),
    timed(called('state, outbound'), BATCH, () => state(scene(), conns(), OUTBOUND)),
  ]
  const copied = 'the copy and parsing'
  const rewrites = [INBOUND, ...(mode.outbound ? [OUTBOUND] : [])].map(direction => {
    const name = called(`rewrite, ${direction === INBOUND ? 'inbound' : 'outbound'}`)
    return timedWithCopy(name, BATCH, () => rewriting(mode, scene(), conns(), direction), copied)
  })
  // Stages that do not depend on the mode are measured with NAT.
  return [
    ...(mode === NAT ? [timed('stage parse', BATCH, () => parsing(scene()))] : []),
    ...(mode.outbound ? [...inbound, ...outbound] : []),
    ...(mode.method === 'direct' ? [] : rewrites),
  ]
}

/** The records in the order of the frames. */
function connectionsOf({ director, inbound }: Scene): Int32Array {
  const { table } = director.conns
  return Int32Array.from({ length: inbound.count }, (_, i) => {
    const ports = inbound.ports(i)
    return table.lookupInbound(TCP, inbound.srcAddr(i), ports >>> 16, inbound.dstAddr(i), ports & 0xffff)
  })
}

function parse(packet: Packet, { slab }: Slots, slot: number): void {
  packet.wrap(0, slab, slot * SLOT + AT, FRAME_LEN)
  if (parseEthernet(packet, MAC) !== Verdict.PASS) throw new Error('a frame of the benchmark is to somebody else')
  if (parseIpv4Header(packet) !== Verdict.PASS) throw new Error('a frame of the benchmark has no good IP header')
  parseTransport(packet)
}

function parsing({ inbound }: Scene): () => void {
  const slots = new Slots(BATCH)
  for (let i = 0; i < BATCH; i++) inbound.write(i % inbound.count, slots, i)
  const packet = new Packet()
  return () => {
    for (let i = 0; i < BATCH; i++) parse(packet, slots, i)
  }
}

function lookupInbound({ director, inbound }: Scene): () => void {
  const { table } = director.conns
  return eachFrame(inbound.count, i => {
    const ports = inbound.ports(i)
    return table.lookupInbound(TCP, inbound.srcAddr(i), ports >>> 16, inbound.dstAddr(i), ports & 0xffff)
  })
}

function lookupOutbound(mode: Mode, { director, outbound }: Scene): () => void {
  const { table, fullnatKeys } = director.conns
  const find =
    mode.method === 'fullnat'
      ? (src: Ipv4Addr, srcPort: number, dst: Ipv4Addr, dstPort: number) =>
          fullnatKeys.lookup(TCP, src, srcPort, dst, dstPort)
      : (src: Ipv4Addr, srcPort: number, dst: Ipv4Addr, dstPort: number) =>
          table.lookupOutbound(TCP, src, srcPort, dst, dstPort)
  return eachFrame(outbound.count, i => {
    const ports = outbound.ports(i)
    return find(outbound.srcAddr(i), ports >>> 16, outbound.dstAddr(i), ports & 0xffff)
  })
}

function state({ director }: Scene, conns: Int32Array, direction: Direction): () => void {
  return eachFrame(conns.length, i => {
    director.conns.states.packet(conns[i]! as ConnIndex, TCP, direction, TcpFlag.ACK)
    return 0
  })
}

function timer({ director }: Scene, conns: Int32Array): () => void {
  return eachFrame(conns.length, i => {
    director.conns.timers.restart(conns[i]! as ConnIndex)
    return 0
  })
}

function rewriting(mode: Mode, scene: Scene, conns: Int32Array, direction: Direction): { run(): void; copy(): void } {
  const traffic = direction === INBOUND ? scene.inbound : scene.outbound
  const rewrite = rewriterOf(mode, scene, direction)
  const slots = new Slots(1)
  const packet = new Packet()
  const make = (i: number): number => {
    traffic.write(i, slots, 0)
    parse(packet, slots, 0)
    return 0
  }
  const run = (i: number): number => {
    make(i)
    rewrite(packet, conns[i]! as ConnIndex)
    return 0
  }
  return { run: eachFrame(conns.length, run), copy: eachFrame(conns.length, make) }
}

function rewriterOf(mode: Mode, { director }: Scene, direction: Direction): (packet: Packet, conn: ConnIndex) => void {
  const { conns, sysctls } = director
  const nowhere = { transmit: () => Verdict.SENT }
  switch (mode.method) {
    case 'masq':
      return by(new Nat(conns.table.words, nowhere), direction)
    case 'fullnat': {
      const memory = new TurnMemory(octets => slabOver(new ArrayBuffer(octets)))
      return by(new Fullnat(conns, nowhere, new AddressHandOver(conns, nowhere, memory)), direction)
    }
    default: {
      const tunnels = new Tunnels(sysctls, 1, new IpIds(0))
      const [src, dst] = [0x0a010001 as Ipv4Addr, 0x0a010101 as Ipv4Addr]
      return (packet, conn) => tunnels.wrap(packet, conns.destinationOf(conn), src, dst)
    }
  }
}

function by(forwarder: Forwarder, direction: Direction): (packet: Packet, conn: ConnIndex) => void {
  if (direction === INBOUND) return (packet, conn) => forwarder.inbound(packet, conn)
  return (packet, conn) => forwarder.outbound(packet, conn)
}

/** Takes 64 of `count` things a run, the next 64 each time. None may be NONE. */
function eachFrame(count: number, step: (i: number) => number): () => void {
  let next = 0
  return () => {
    let missed = 0
    for (let n = 0; n < BATCH; n++) {
      if (step(next) === NONE) missed++
      if (++next === count) next = 0
    }
    if (missed > 0) throw new Error(`${missed} connections of the benchmark were not found`)
  }
}
