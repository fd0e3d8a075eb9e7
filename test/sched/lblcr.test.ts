import t from 'tap'
import { lblcr } from '../../src/sched/lblcr.js'
import type { Flow } from '../../src/sched/scheduler.js'
import { duel, overheadOf, type Server, type Twin } from './duel.js'
import { flowOf, Pool } from './pool.js'
import { SlowCache } from './slow-cache.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

function busy(server: Server, list: readonly Server[]): boolean {
  return server.active > server.weight && list.some(other => 2 * other.active < other.weight)
}
/** Of the candidates, the first whose overhead ÷ weight nobody undercuts. */
function least(may: readonly Server[]): Server | undefined {
  let best: Server | undefined
  for (const server of may) {
    if (!best || overheadOf(best) * BigInt(server.weight) > overheadOf(server) * BigInt(best.weight)) best = server
  }
  return best
}
function most(may: readonly Server[]): Server | undefined {
  let worst: Server | undefined
  for (const server of may) {
    if (!worst || overheadOf(worst) * BigInt(server.weight) < overheadOf(server) * BigInt(worst.weight)) worst = server
  }
  return worst
}

/** ipvs-behaviour.md §3.8, word for word. */
class Slow implements Twin {
  readonly #cache: SlowCache<{ addr: number; lastUse: number; members: Server[]; changed: number }>
  readonly #expirationMs: number

  constructor(expirationMs = 86_400_000) {
    this.#expirationMs = expirationMs
    this.#cache = new SlowCache(expirationMs)
  }
  pick(list: readonly Server[], flow: Flow, now: number): string {
    const entry = this.#cache.find(flow.vaddr)
    let member: Server | undefined
    if (entry) {
      entry.lastUse = now
      member = least(entry.members.filter(server => !server.overloaded && server.weight > 0 && server.available))
      if (entry.members.length > 1 && now > entry.changed + this.#expirationMs) {
        const worst = most(entry.members.filter(server => server.weight > 0))
        if (worst) {
          entry.members = entry.members.filter(server => server !== worst)
          entry.changed = now
        }
      }
    }
    if (member && !busy(member, list)) return member.name
    const chosen = least(list.filter(server => server.weight > 0 && !server.overloaded))
    if (!chosen) return '-'
    if (!entry) this.#cache.add({ addr: flow.vaddr, lastUse: now, members: [chosen], changed: now })
    else if (!entry.members.includes(chosen)) {
      entry.members.unshift(chosen)
      entry.changed = now
    }
    return chosen.name
  }
  tick(now: number): void {
    this.#cache.tick(now)
  }
}

const at = (last: number) => flowOf('10.0.0.1:1', `198.51.100.${last}`)
const DAY = 86_400_000

function poolOf(weights: Record<string, number>): Pool {
  const pool = new Pool(lblcr)
  for (const [name, weight] of Object.entries(weights)) pool.add(name, weight)
  return pool
}
/** A set of A and B for address 1: B came first, then was busy; both idle again. */
function replicated(): Pool {
  const pool = poolOf({ A: 2, B: 2 })
  pool.pick(at(1))
  pool.load('B', 3, 0)
  pool.pick(at(1))
  pool.load('B', 0, 0)
  return pool
}

t.test('it is called lblcr', async t => {
  t.equal(lblcr.name, 'lblcr')
})

t.test('an address stays with its server until that is busy, then has two', async t => {
  const pool = poolOf({ A: 2, B: 2 })
  t.equal(pool.pick(at(1)), 'B')
  pool.load('B', 2, 90)
  t.equal(pool.pick(at(1)), 'B', 'as many as its weight: not busy')
  pool.load('B', 3, 0)
  t.equal(pool.pick(at(1)), 'A', 'busy while A is idle: one more')
  pool.load('A', 2, 0)
  t.equal(pool.pick(at(1)), 'A', 'the least loaded of the two')
  pool.load('B', 1, 0)
  t.equal(pool.pick(at(1)), 'B')
})

t.test('of two that are alike the newest member is chosen', async t => {
  t.equal(replicated().pick(at(1)), 'A')
})

t.test('members of weight 0, overloaded or gone are passed over', async t => {
  const pool = replicated()
  pool.add('C', 1)
  pool.load('C', 2, 0)
  pool.overload('A')
  t.equal(pool.pick(at(1)), 'B')
  pool.edit('B', 0)
  t.equal(pool.pick(at(1)), 'C', 'nobody is left: wlc over all')
  pool.relieve('A')
  pool.remove('A')
  t.equal(pool.pick(at(1)), 'C')
  pool.edit('B', 2)
  t.equal(pool.pick(at(1)), 'B')
  pool.edit('B', 0)
  pool.edit('C', 0)
  t.equal(pool.pick(at(1)), '-')
})

t.test('a set unchanged for longer than lblcr_expiration loses its most loaded member', async t => {
  for (const [late, picked] of [
    [0, 'B'],
    [1, 'A'],
  ] as const) {
    const pool = replicated()
    pool.load('A', 0, 1)
    pool.load('B', 0, 5)
    pool.now = DAY + late
    t.equal(pool.pick(at(1)), 'A', 'the least loaded, chosen before')
    // B is out if it was later than that: then A stays although B has less.
    pool.load('B', 0, 0)
    t.equal(pool.pick(at(1)), picked, `${DAY + late} ms after the change`)
  }
})

t.test('whoever is taken out may be the chosen one, who still serves this time', async t => {
  const pool = replicated()
  pool.load('A', 0, 3)
  pool.load('B', 0, 1)
  pool.overload('B')
  pool.now = DAY + 1
  // The most loaded is A: thresholds do not matter there.
  t.equal(pool.pick(at(1)), 'A')
  pool.relieve('B')
  pool.load('B', 0, 9)
  t.equal(pool.pick(at(1)), 'B', 'A is out')
})

t.test('whoever is taken out is let go', async t => {
  const pool = replicated()
  pool.load('A', 0, 1)
  pool.load('B', 0, 5)
  pool.now = DAY + 1
  pool.pick(at(1))
  pool.load('A', 0, 0)
  pool.load('B', 0, 0)
  t.strictSame([pool.dest('A').referenced, pool.dest('B').referenced], [true, false])
})

t.test('a member of weight 0 is not the most loaded', async t => {
  const pool = replicated()
  pool.load('B', 0, 9)
  pool.edit('B', 0)
  pool.now = DAY + 1
  t.equal(pool.pick(at(1)), 'A', 'A is taken out, being the only one with a weight')
  pool.edit('B', 2)
  t.equal(pool.pick(at(1)), 'B')
})

t.test('removal begins the time anew', async t => {
  const pool = poolOf({ A: 1, B: 1, C: 1 })
  pool.pick(at(1))
  pool.load('C', 2, 0)
  pool.pick(at(1))
  pool.load('B', 2, 0)
  pool.pick(at(1))
  // A, B and C are members.
  for (const [name, inactive] of [
    ['A', 1],
    ['B', 2],
    ['C', 3],
  ] as const)
    pool.load(name, 0, inactive)
  pool.now = DAY + 1
  t.equal(pool.pick(at(1)), 'A', 'C goes')
  t.equal(pool.pick(at(1)), 'A', 'nobody goes')
  pool.load('A', 0, 9)
  t.equal(pool.pick(at(1)), 'B', 'B is still one')
  pool.load('B', 0, 99)
  pool.load('C', 0, 0)
  t.equal(pool.pick(at(1)), 'A', 'C is none')
})

t.test('unbound or forgotten, members are let go', async t => {
  const pool = replicated()
  t.equal(pool.dest('A').referenced && pool.dest('B').referenced, true)
  pool.bound.unbound!()
  t.equal(pool.dest('A').referenced || pool.dest('B').referenced, false)
  const swept = replicated()
  swept.sysctls.set('lblcr_expiration', '1740')
  for (let minute = 1; minute <= 30; minute++) {
    t.equal(swept.dest('A').referenced && swept.dest('B').referenced, true, `minute ${minute}`)
    swept.bound.tick!(minute * 60_000)
  }
  t.equal(swept.dest('A').referenced || swept.dest('B').referenced, false, 'the 30th sweep')
})

t.test('at 24 576 addresses no more are remembered; those that are may have more members', async t => {
  const pool = poolOf({ A: 2, B: 2 })
  const ask = (vaddr: number) => pool.pick({ ...flowOf(), vaddr: vaddr as Ipv4Addr })
  for (let vaddr = 1; vaddr <= 24_576; vaddr++) ask(vaddr)
  pool.load('B', 0, 1)
  t.equal(ask(24_576), 'B', 'the last is remembered')
  t.equal(ask(24_577), 'A', 'one more is served')
  pool.load('A', 0, 2)
  t.equal(ask(24_577), 'B', 'and is not remembered')
  pool.load('A', 0, 0)
  pool.load('B', 3, 0)
  t.equal(ask(1), 'A', 'a second member')
  pool.load('B', 0, 1)
  t.equal(ask(1), 'A', 'stays')
  pool.load('A', 0, 7)
  t.equal(ask(1), 'B')
})

const shortly = (pool: Pool): string => pool.sysctls.set('lblcr_expiration', '1000')

t.test('through random stories it chooses as a slow reader', async t => {
  t.strictSame(
    duel(lblcr, () => new Slow(), { addresses: 5 }),
    [],
  )
  const options = {
    addresses: 3,
    prepare: shortly,
    timeMs: 2_000_000,
    weights: [0, 1, 2, 3, 10],
    seeds: 150,
    steps: 200,
  }
  t.strictSame(
    duel(lblcr, () => new Slow(1_000_000), options),
    [],
    'with time',
  )
})
