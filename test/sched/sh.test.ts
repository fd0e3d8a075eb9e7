import t from 'tap'
import { sh } from '../../src/sched/sh.js'
import type { Flow } from '../../src/sched/scheduler.js'
import { duel, eligible, type Server, type Twin } from './duel.js'
import { flowOf, Pool, SH_MH_FALLBACK, SH_MH_PORT, TCP } from './pool.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

/** ipvs-behaviour.md §3.5, word for word. */
class Slow implements Twin {
  readonly #flags: number
  #buckets: Server[] = []

  constructor(flags: number) {
    this.#flags = flags
  }
  changed(_what: string, list: readonly Server[]): void {
    // Enough rounds of the list, each server as often as its weight says and at least once; 256 of them count.
    const round = list.flatMap(server =>
      Array.from({ length: Math.min(256, Math.max(1, server.weight)) }, () => server),
    )
    const rounds = Array.from({ length: round.length === 0 ? 0 : Math.ceil(256 / round.length) }, () => round)
    this.#buckets = rounds.flat().slice(0, 256)
  }
  pick(_list: readonly Server[], flow: Flow): string {
    const hasPorts = [6, 17, 132].includes(flow.protocol)
    const port = this.#flags & SH_MH_PORT && hasPorts ? flow.cport : 0
    const key = (BigInt(port) + BigInt(flow.caddr >>> 0)) % 2n ** 32n
    const h = Number(((key * 0x61c88647n) % 2n ** 32n) >> 24n)
    const first = this.#buckets[h]
    if (first === undefined) return '-'
    if (eligible(first)) return first.name
    if (!(this.#flags & SH_MH_FALLBACK)) return '-'
    for (let i = 0; i < 256; i++) {
      const other = this.#buckets[(2 * h + i) % 256]!
      if (eligible(other)) return other.name
    }
    return '-'
  }
}

const CLIENTS = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '198.51.100.200', '203.0.113.7']

/** Who the five clients get: servers A, B, … added in that order. */
function picks(weights: readonly number[], edits: [string, number][] = [], flags = 0): string {
  const pool = new Pool(sh, flags)
  for (const [index, weight] of weights.entries()) pool.add(String.fromCodePoint(65 + index), weight)
  for (const [name, weight] of edits) pool.edit(name, weight)
  return CLIENTS.map(client => pool.pick(flowOf(client))).join(' ')
}

/** A client of each bucket. */
const clientOf = Array.from({ length: 256 }, (_, bucket) => {
  for (let last = 0; ; last++)
    if (Math.imul(0x0a000000 + last, 0x61c88647) >>> 24 === bucket) return (0x0a000000 + last) as Ipv4Addr
})
/** By bucket, who is picked. */
function table(pool: Pool): string {
  return clientOf.map(caddr => pool.pick({ ...flowOf(), caddr })).join('')
}

t.test('it is called sh', async t => {
  t.equal(sh.name, 'sh')
})

t.test('the selections of ipvs-behaviour.md §15.1', async t => {
  t.equal(picks([1, 1, 1]), 'A B C C B')
  t.equal(picks([1, 1, 1], [['A', 0]]), '- B C C B')
  t.equal(picks([1, 1, 1], [['A', 0]], SH_MH_FALLBACK), 'B B C C B')
  t.equal(picks([4, 2, 1]), 'B B B B A')
})

t.test('each server has as many buckets in a row as its weight, from the front of the list on', async t => {
  const pool = new Pool(sh)
  t.equal(table(pool), '-'.repeat(256), 'no server')
  pool.add('A', 3)
  t.equal(table(pool), 'A'.repeat(256), 'one server')
  pool.add('B', 2)
  t.equal(table(pool), 'BBAAA'.repeat(52).slice(0, 256), 'two')
  pool.edit('B', 1)
  t.equal(table(pool), 'BAAA'.repeat(64), 'edited')
  pool.edit('B', 0)
  t.equal(table(pool), '-AAA'.repeat(64), 'of weight 0: one bucket, and none is served there')
  pool.edit('B', 300)
  t.equal(table(pool), 'B'.repeat(256), 'of more than there is')
  pool.edit('B', 255)
  t.equal(table(pool), `${'B'.repeat(255)}A`, 'of one less')
  pool.remove('B')
  t.equal(table(pool), 'A'.repeat(256), 'removed')
})

t.test('an overloaded one keeps its buckets and refuses there', async t => {
  const pool = new Pool(sh)
  pool.add('A', 1)
  pool.add('B', 1)
  pool.overload('B')
  t.equal(table(pool), '-A'.repeat(128))
  pool.relieve('B')
  t.equal(table(pool), 'BA'.repeat(128))
})

t.test('sh-fallback looks from twice the bucket on', async t => {
  const pool = new Pool(sh, SH_MH_FALLBACK)
  for (const name of 'ABC') pool.add(name, 100)
  // C: 0–99, B: 100–199, A: 200–255.
  pool.overload('C')
  const expected = Array.from({ length: 256 }, (_, bucket) => {
    if (bucket >= 100) return bucket < 200 ? 'B' : 'A'
    return 2 * bucket < 200 ? 'B' : 'A'
  }).join('')
  t.equal(table(pool), expected)
  pool.overload('A')
  pool.overload('B')
  t.equal(table(pool), '-'.repeat(256), 'none at all')
})

t.test('sh-port tells a client’s ports apart; without it they go together', async t => {
  const pool = new Pool(sh, SH_MH_PORT)
  for (const name of 'ABCDEFGH') pool.add(name, 32)
  for (const [client, bucket] of [
    ['10.0.0.1', 203],
    ['10.0.0.2', 45],
    ['192.168.1.100', 253],
  ] as const)
    for (const protocol of [6, 17, 132])
      t.equal(pool.pick(flowOf(`${client}:40000`, '10.9.9.9', protocol)), 'HGFEDCBA'[bucket >> 5], `${client}`)
  t.equal(pool.pick(flowOf('10.0.0.1:40000', '10.9.9.9', 51)), 'HGFEDCBA'[39 >> 5], 'AH has no ports')
  const without = new Pool(sh)
  for (const name of 'ABCDEFGH') without.add(name, 32)
  t.equal(without.pick(flowOf('10.0.0.1:40000', '10.9.9.9', TCP)), 'HGFEDCBA'[39 >> 5])
})

t.test('through random stories it chooses as a slow reader, whatever its flags', async t => {
  for (const schedFlags of [0, 1, 2, 3, 4])
    t.strictSame(
      duel(sh, flags => new Slow(flags), { schedFlags, seeds: 60 }),
      [],
      `flags ${schedFlags}`,
    )
})
