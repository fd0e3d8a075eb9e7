import t from 'tap'
import { lblc } from '../../src/sched/lblc.js'
import type { Flow } from '../../src/sched/scheduler.js'
import { duel, eligible, overheadOf, type Server, type Twin } from './duel.js'
import { flowOf, Pool } from './pool.js'
import { SlowCache } from './slow-cache.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

/** ipvs-behaviour.md §3.7, word for word. */
export class Slow implements Twin {
  readonly #cache: SlowCache<{ addr: number; lastUse: number; dest: Server }>

  constructor(expirationMs = 86_400_000) {
    this.#cache = new SlowCache(expirationMs)
  }
  pick(list: readonly Server[], flow: Flow, now: number): string {
    const entry = this.#cache.find(flow.vaddr)
    if (entry) {
      entry.lastUse = now
      const { dest } = entry
      if (dest.available && dest.weight > 0 && !busy(dest, list)) return dest.name
    }
    const chosen = leastLoaded(list)
    if (!chosen) return '-'
    if (entry && entry.dest !== chosen) this.#cache.remove(entry)
    if (entry?.dest !== chosen) this.#cache.add({ addr: flow.vaddr, lastUse: now, dest: chosen })
    return chosen.name
  }
  tick(now: number): void {
    this.#cache.tick(now)
  }
}

export function busy(server: Server, list: readonly Server[]): boolean {
  return server.active > server.weight && list.some(other => 2 * other.active < other.weight)
}
export function leastLoaded(list: readonly Server[]): Server | undefined {
  const may = list.filter(eligible)
  return may.find(dest =>
    may.every(other => overheadOf(other) * BigInt(dest.weight) >= overheadOf(dest) * BigInt(other.weight)),
  )
}

const at = (last: number) => flowOf('10.0.0.1:1', `198.51.100.${last}`)
const MINUTE = 60_000

function poolOf(...names: string[]): Pool {
  const pool = new Pool(lblc)
  for (const name of names) pool.add(name, 1)
  return pool
}
/** Lets minutes pass, as the director does. */
function minutes(pool: Pool, count: number): void {
  for (let i = 0; i < count; i++) {
    pool.now += MINUTE
    pool.bound.tick!(pool.now)
  }
}

t.test('it is called lblc', async t => {
  t.equal(lblc.name, 'lblc')
})

t.test('an address stays with its server though another has less to do; a new address goes by wlc', async t => {
  const pool = poolOf('A', 'B')
  t.equal(pool.pick(at(1)), 'B')
  pool.load('B', 1, 50)
  t.equal(pool.pick(at(1)), 'B')
  t.equal(pool.pick(at(2)), 'A')
})

t.test('it leaves a server that is busy while somebody is not half loaded', async t => {
  const pool = poolOf('A', 'B')
  pool.pick(at(1))
  pool.load('B', 2, 0)
  pool.load('A', 1, 0)
  t.equal(pool.pick(at(1)), 'B', 'busy, but so is everybody')
  pool.edit('A', 3)
  t.equal(pool.pick(at(1)), 'A', 'somebody has less than half')
  pool.load('A', 1, 900)
  pool.load('B', 0, 0)
  t.equal(pool.pick(at(1)), 'A', 'and there it stays')
})

t.test('it leaves a server of weight 0 or that is gone, not one that is overloaded', async t => {
  const pool = poolOf('A', 'B')
  pool.pick(at(1))
  pool.overload('B')
  t.equal(pool.pick(at(1)), 'B', 'overloaded')
  t.equal(pool.pick(at(2)), 'A', 'which counts for a new address')
  pool.edit('B', 0)
  t.equal(pool.pick(at(1)), 'A', 'weight 0')
  pool.remove('A')
  t.equal(pool.pick(at(1)), '-', 'gone, and nobody else')
  pool.add('C', 1)
  t.equal(pool.pick(at(1)), 'C')
})

t.test('with nobody to choose the memory is kept: who comes back is found again', async t => {
  const pool = poolOf('A', 'B')
  pool.pick(at(1))
  pool.edit('A', 0)
  pool.edit('B', 0)
  t.equal(pool.pick(at(1)), '-')
  pool.edit('A', 1)
  pool.edit('B', 1)
  pool.load('B', 1, 1)
  t.equal(pool.pick(at(1)), 'B')
})

t.test('each half hour what has not been used for lblc_expiration is forgotten', async t => {
  // Full sweeps are the 30th, the 60th, …; the entry was used in minute 1.
  for (const [expiration, minute] of [
    [60, 30],
    [1740, 30],
    [1741, 60],
    [3540, 60],
    [86_400, 1470],
  ] as const) {
    const pool = poolOf('A', 'B')
    pool.sysctls.set('lblc_expiration', String(expiration))
    minutes(pool, 1)
    pool.pick(at(1))
    minutes(pool, minute - 2)
    t.equal(isCached(pool), true, `${expiration} s: remembered in minute ${minute - 1}`)
    minutes(pool, 1)
    t.equal(isCached(pool), false, `${expiration} s: forgotten in minute ${minute}`)
  }
})

/** Without connections, only the cache refers to it. */
function isCached(pool: Pool): boolean {
  return pool.dest('B').referenced
}

t.test('use keeps an entry', async t => {
  const pool = poolOf('A', 'B')
  pool.sysctls.set('lblc_expiration', '1700')
  pool.pick(at(1))
  for (let i = 0; i < 10; i++) {
    minutes(pool, 25)
    pool.load('B', 1, i)
    t.equal(pool.pick(at(1)), 'B', `use ${i}`)
  }
})

t.test('unbound, it lets go of every server', async t => {
  const pool = poolOf('A', 'B')
  for (let last = 0; last < 20; last++) pool.pick(at(last))
  t.equal(pool.dest('B').referenced, true)
  pool.bound.unbound!()
  t.equal(pool.dest('B').referenced, false)
  t.equal(pool.dest('A').referenced, false)
})

t.test('at 24 576 addresses no more are remembered, and service goes on', async t => {
  const pool = poolOf('A', 'B')
  const flow = flowOf()
  const ask = (vaddr: number) => pool.pick({ ...flow, vaddr: vaddr as Ipv4Addr })
  for (let vaddr = 1; vaddr <= 24_576; vaddr++) ask(vaddr)
  pool.load('B', 1, 0)
  t.equal(ask(24_576), 'B', 'the last is remembered')
  t.equal(ask(24_577), 'A', 'one more is served')
  pool.load('A', 1, 1)
  pool.load('B', 1, 0)
  t.equal(ask(24_577), 'B', 'and is not remembered')
})

const shortly = (pool: Pool): string => pool.sysctls.set('lblc_expiration', '1000')

t.test('through random stories it chooses as a slow reader', async t => {
  t.strictSame(
    duel(lblc, () => new Slow(), { addresses: 6 }),
    [],
  )
  const options = { addresses: 6, prepare: shortly, timeMs: 4_000_000, weights: [0, 1, 2, 3, 10], seeds: 100 }
  t.strictSame(
    duel(lblc, () => new Slow(1_000_000), options),
    [],
    'with time',
  )
})
