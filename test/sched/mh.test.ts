import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import { MAGLEV_SLOTS, mh } from '../../src/sched/mh.js'
import { sipHash13 } from '../../src/sched/siphash.js'
import type { Flow } from '../../src/sched/scheduler.js'
import { duel, eligible, type Server, type Twin } from './duel.js'
import { flowOf, Pool, SH_MH_FALLBACK, SH_MH_PORT } from './pool.js'
import { slowHash } from './slow-siphash.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const T = 4093
const K1 = 2_654_435_761
const K2 = 2_654_446_892

const known = new Map<string, number>()
/** The slow hash, remembered. */
function hash(value: number, key: number): number {
  const name = `${value >>> 0} ${key}`
  if (!known.has(name)) known.set(name, slowHash(value, key))
  return known.get(name)!
}
const sum = (...parts: number[]) => Number(parts.reduce((all, part) => all + BigInt(part), 0n) & 0xffffffffn)
const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/** The table of ipvs-behaviour.md §3.9, word for word. */
function slowTable(list: readonly Server[]): (Server | undefined)[] {
  const slots: (Server | undefined)[] = Array.from({ length: T })
  const g = list.map(server => server.lastWeight).reduce(gcd, 0)
  if (g === 0) return slots
  const greatest = Math.floor(Math.max(...list.map(server => server.lastWeight)) / g)
  const s = Math.max(0, greatest.toString(2).length - 6)
  const rows = list.map(server => {
    const v = sum(server.addr, server.port)
    const scaled = Math.floor(server.lastWeight / g / 2 ** s)
    const turns = server.lastWeight === 0 ? 0 : scaled || 1
    return { server, turns, cursor: hash(v, K1) % T, skip: (hash(v, K2) % (T - 1)) + 1 }
  })
  for (let taken = 0; taken < T;)
    for (const row of rows)
      for (let turn = 0; turn < row.turns && taken < T; turn++) {
        while (slots[row.cursor]) row.cursor = (row.cursor + row.skip) % T
        slots[row.cursor] = row.server
        taken++
      }
  return slots
}

class Slow implements Twin {
  readonly #flags: number
  #slots: (Server | undefined)[] = []

  constructor(flags: number) {
    this.#flags = flags
  }
  changed(_what: string, list: readonly Server[]): void {
    this.#slots = slowTable(list)
  }
  pick(_list: readonly Server[], flow: Flow): string {
    const port = this.#flags & SH_MH_PORT && [6, 17, 132].includes(flow.protocol) ? flow.cport : 0
    const slot = hash(sum(port, flow.caddr), K1) % T
    const first = this.#slots[slot]
    if (!first) return '-'
    if (eligible(first)) return first.name
    if (!(this.#flags & SH_MH_FALLBACK)) return '-'
    for (let off = 0; off < T; off++) {
      const other = this.#slots[hash(sum((off + slot) % T, port, flow.caddr), K1) % T]
      if (!other) return '-'
      if (eligible(other)) return other.name
    }
    return '-'
  }
}

const CLIENTS = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '198.51.100.200', '203.0.113.7']

function poolOf(weights: readonly number[], flags = 0): Pool {
  const pool = new Pool(mh, flags)
  for (const [index, weight] of weights.entries()) pool.add(String.fromCodePoint(65 + index), weight)
  return pool
}
function picks(pool: Pool, port = 0): string {
  return CLIENTS.map(client => pool.pick(flowOf(`${client}:${port}`))).join(' ')
}
/** A client address of each slot; the slow hash agrees. */
const clients: Ipv4Addr[] = []
for (let caddr = 0x0a000000, found = 0; found < T; caddr++) {
  const slot = sipHash13(caddr, K1) % T
  if (clients[slot] === undefined) found++
  clients[slot] = caddr as Ipv4Addr
}
/** By slot, who is picked. */
function table(pool: Pool): string[] {
  return clients.map(caddr => pool.pick({ ...flowOf(), caddr }))
}
function counts(names: readonly string[]): Record<string, number> {
  const by: Record<string, number> = {}
  for (const name of names) by[name] = (by[name] ?? 0) + 1
  return by
}

t.test('the clients are those of their slots', async t => {
  t.ok(clients.every((caddr, slot) => slowHash(caddr, K1) % T === slot))
})

t.test('it is called mh', async t => {
  t.equal(mh.name, 'mh')
  t.equal(MAGLEV_SLOTS, T)
})

t.test('the tables of ipvs-behaviour.md §15.1', async t => {
  const even = table(poolOf([1, 1, 1]))
  t.strictSame(counts(even), { C: 1365, B: 1364, A: 1364 })
  t.equal(even.slice(0, 24).join(''), SLOTS_EVEN)
  const uneven = table(poolOf([4, 2, 1]))
  t.strictSame(counts(uneven), { C: 585, B: 1170, A: 2338 })
  t.equal(uneven.slice(0, 24).join(''), SLOTS_UNEVEN)
})
/** Indices in list order → names. */
const named = (indices: string) => [...indices.replaceAll(' ', '')].map(index => 'CBA'[Number(index)]).join('')
const SLOTS_EVEN = named('0 0 0 2 0 1 0 1 0 2 1 2 0 2 0 2 0 2 0 1 1 1 1 1')
const SLOTS_UNEVEN = named('0 2 2 2 0 1 2 2 1 2 1 2 0 2 2 2 0 2 2 1 1 2 1 1')

t.test('the selections of ipvs-behaviour.md §15.1', async t => {
  const pool = poolOf([1, 1, 1])
  t.equal(picks(pool), 'A B C A A')
  pool.edit('A', 0)
  t.equal(picks(pool), '- B C - -', 'A edited to 0 keeps its slots, and refuses')
  const fallback = poolOf([1, 1, 1], SH_MH_FALLBACK)
  fallback.edit('A', 0)
  t.equal(picks(fallback), 'B B C B B')
  t.equal(picks(poolOf([4, 2, 1])), 'A B A A A')
  t.equal(picks(poolOf([1, 1, 1], SH_MH_PORT), 12_345), 'A C A C A')
  t.equal(picks(poolOf([1, 1, 1]), 12_345), 'A B C A A', 'without mh-port, ports do not matter')
})

t.test('last weights count: 0 when added is none, 0 by an edit is the one before', async t => {
  const pool = poolOf([1, 1])
  const before = table(pool)
  pool.add('C', 0)
  t.strictSame(table(pool), before, 'added with 0')
  pool.edit('C', 1)
  t.strictSame(Object.keys(counts(table(pool))).toSorted(), ['A', 'B', 'C'])
  const three = table(pool)
  pool.edit('B', 0)
  t.strictSame(
    table(pool),
    three.map(name => (name === 'B' ? '-' : name)),
    'edited to 0',
  )
  pool.edit('B', 1)
  t.strictSame(table(pool), three)
  t.equal(picks(poolOf([0, 0])), '- - - - -', 'nothing but 0')
  t.equal(picks(poolOf([])), '- - - - -', 'nobody')
})

t.test('weights are divided by their common divisor and cut to six bits', async t => {
  t.strictSame(table(poolOf([8, 4, 2])), table(poolOf([4, 2, 1])))
  // 127 has seven bits: 127 → 63, 2 → 1, 1 → 0, which is made 1.
  t.strictSame(table(poolOf([127, 2, 1])), table(poolOf([63, 1, 1])))
  t.notSame(table(poolOf([63, 2, 1])), table(poolOf([63, 1, 1])), 'six bits are kept')
  t.strictSame(table(poolOf([2 ** 31 - 1, 2 ** 30, 1])), table(poolOf([63, 32, 1])))
})

t.test('an overloaded one refuses at its slots; mh-fallback finds another', async t => {
  const pool = poolOf([1, 1, 1])
  const before = table(pool)
  pool.overload('B')
  t.strictSame(
    table(pool),
    before.map(name => (name === 'B' ? '-' : name)),
  )
  const fallback = poolOf([1, 1, 1], SH_MH_FALLBACK)
  for (const name of 'ABC') fallback.overload(name)
  t.equal(picks(fallback), '- - - - -', 'the whole table, and none')
})

t.test('more destinations than slots cannot be bound', async t => {
  const pool = new Pool({ name: 'none', bind: () => ({ schedule: () => undefined }) })
  for (let i = 0; i < T; i++) pool.add(`server ${i}`, 1)
  const bound = mh.bind(pool.service, seededRandom(1))
  t.equal(new Set(clients.map(caddr => bound.schedule({ ...flowOf(), caddr }, 0))).size, T, 'as many: a slot each')
  pool.add('one more', 1)
  t.throws(() => mh.bind(pool.service, seededRandom(1)), RangeError)
})

t.test('through random stories it chooses as a slow reader, whatever its flags', async t => {
  for (const schedFlags of [0, 1, 2, 3])
    t.strictSame(
      duel(mh, flags => new Slow(flags), { schedFlags, seeds: 5, steps: 40 }),
      [],
      `flags ${schedFlags}`,
    )
})
