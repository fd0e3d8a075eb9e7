import { setTimeout as sleep } from 'node:timers/promises'
import type { Director } from '../../src/director/director.js'
import { LookAhead } from '../../src/director/look-ahead.js'
import { benchDirector, VIP } from './bench-director.js'
import type { Figures, Group, Plan } from './measure.js'
import { FULLNAT, NAT, type Mode } from './modes.js'
import { quantile } from './quantile.js'
import { BATCH, clientAddr, clientPort, CountingEgress, shuffled } from './scene.js'
import { AT, FRAME_LEN, SLOT, Slots, SYN, Traffic } from './traffic.js'

/** More than SYN_RECV's 60 s, so that all connections opened before are due. */
const JUMP_MS = 61_000
/** A smaller growth of the process, in octets, is not reported: a heap grows or shrinks by some MiB on its own. */
const LEAST_RSS = 16 * 2 ** 20
/** How long, in ms, to wait for garbage to be freed, and the change in octets below which memory counts as settled. */
const SETTLE_MS = 2000
const STILL = 2 ** 18
/** How often a small table is filled and emptied before the measurement, so that code is compiled. */
const WARM_UP_LAPS = 30
const WARM_UP = 4096

/**
 * The life of a table: filled to the last record, looked up, emptied; and its memory, in a process that never held a table of its
 * size before. The longest batch and the longest poll are the longest delays of traffic meanwhile.
 */
export function life({ connections }: Plan): Group[] {
  return connections.flatMap(count =>
    [NAT, FULLNAT].map(mode => {
      const name = `life of ${count} connections, ${mode.name}`
      return { name, measures: [{ name, rounds: 1, figures: () => lifeOf(mode, count) }] }
    }),
  )
}

async function lifeOf(mode: Mode, count: number): Promise<Figures> {
  const traffic = clients(count)
  const batches = new Float64Array(Math.ceil(count / BATCH)).fill(0)
  const slots = new Slots(BATCH)
  for (let lap = 0; lap < WARM_UP_LAPS; lap++) {
    const small = makeDirector(mode, WARM_UP)
    fill(small, clients(WARM_UP), slots, batches.subarray(0, 0))
    expire(small, WARM_UP)
  }
  const before = await settledMemory()
  const director = makeDirector(mode, count)
  const filling = fill(director, traffic, slots, batches)
  const after = await settledMemory()
  if (director.conns.table.count !== count) throw new Error(`${director.conns.table.count} of ${count} were opened`)
  return {
    ...memoryFigures(before, after, count),
    's to fill': filling / 1000,
    'ns a new connection': (filling * 1e6) / count,
    'µs p99.99 of 64 new ones': quantile(batches, 0.9999) * 1000,
    'ms the longest 64 new ones': quantile(batches, 1),
    'ns a random lookup': randomLookups(director, traffic),
    ...expire(director, count),
  }
}

/** Undefined where the growth is too small to be attributed to the table. */
export function memoryFigures(before: NodeJS.MemoryUsage, after: NodeJS.MemoryUsage, count: number): Figures {
  const rss = after.rss - before.rss
  if (rss < LEAST_RSS) return {}
  return {
    'bytes RSS a connection': rss / count,
    'bytes of heap a connection': (after.heapUsed - before.heapUsed) / count,
    'MiB RSS': rss / 2 ** 20,
  }
}

/** Tables are unmapped by finalizers, which run between turns of the event loop: so wait until memory stops shrinking. */
async function settledMemory(): Promise<NodeJS.MemoryUsage> {
  const limit = performance.now() + SETTLE_MS
  let last = Infinity
  for (;;) {
    globalThis.gc!()
    await sleep(50)
    const memory = process.memoryUsage()
    if (last - memory.rss < STILL || performance.now() > limit) return memory
    last = memory.rss
  }
}

function clients(count: number): Traffic {
  const traffic = new Traffic(count)
  for (let i = 0; i < count; i++) traffic.set(i, clientAddr(i), clientPort(i), VIP, 80)
  return traffic
}

function makeDirector(mode: Mode, capacity: number): Director {
  return benchDirector({ mode, capacity, egress: new CountingEgress(), now: performance.now() })
}

/** Sends a SYN for each frame of the traffic; appends each batch's ms to `batches`. Returns the total ms, writing included. */
function fill(director: Director, traffic: Traffic, slots: Slots, batches: Float64Array): number {
  const sink = new LookAhead(director, director.links[0]!)
  const begin = performance.now()
  for (let first = 0; first < traffic.count; first += BATCH) {
    const size = Math.min(BATCH, traffic.count - first)
    for (let i = 0; i < size; i++) {
      traffic.write(first + i, slots, i)
      slots.setFlags(i, SYN)
    }
    const began = performance.now()
    director.poll(began)
    for (let i = 0; i < size; i++) sink.frame(slots.slab, i * SLOT + AT, FRAME_LEN)
    sink.done()
    batches[first / BATCH] = performance.now() - began
  }
  return performance.now() - begin
}

function randomLookups({ conns }: Director, traffic: Traffic): number {
  const order = shuffled(traffic.count)
  let found = 0
  const began = performance.now()
  for (let n = 0; n < order.length; n++) {
    const i = order[n]!
    const ports = traffic.ports(i)
    if (conns.table.lookupInbound(6, traffic.srcAddr(i), ports >>> 16, VIP, ports & 0xffff) >= 0) found++
  }
  const ms = performance.now() - began
  if (found !== traffic.count) throw new Error(`${found} of ${traffic.count} connections were found`)
  return (ms * 1e6) / found
}

/** All connections are due at once: the worst case. */
function expire(director: Director, count: number): Figures {
  const now = performance.now() + JUMP_MS
  const begin = performance.now()
  let longest = 0
  let polls = 0
  let began = begin
  for (let done = false; !done; polls++) {
    done = director.poll(now)
    const ended = performance.now()
    longest = Math.max(longest, ended - began)
    began = ended
  }
  if (director.conns.table.count !== 0) throw new Error(`${director.conns.table.count} connections did not end`)
  return {
    's to end all': (began - begin) / 1000,
    'ns an end': ((began - begin) * 1e6) / count,
    'ms the longest poll': longest,
    polls,
  }
}
