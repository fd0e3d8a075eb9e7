import t from 'tap'
import { dh } from '../../src/sched/dh.js'
import type { Flow } from '../../src/sched/scheduler.js'
import { duel, eligible, type Server, type Twin } from './duel.js'
import { flowOf, Pool } from './pool.js'

/** ipvs-behaviour.md §3.6, word for word. */
class Slow implements Twin {
  #buckets: (Server | undefined)[] = []

  changed(what: string, list: readonly Server[]): void {
    if (what !== 'edited') this.#buckets = Array.from({ length: 256 }, (_, bucket) => list[bucket % list.length])
  }
  pick(_list: readonly Server[], flow: Flow): string {
    const h = Number(((BigInt(flow.vaddr >>> 0) * 0x61c88647n) % 2n ** 32n) >> 24n)
    const server = this.#buckets[h]
    return server && server.available && eligible(server) ? server.name : '-'
  }
}

/** Who the five virtual addresses of §15.1 get: buckets 39, 137, 89, 124, 158. */
function picks(pool: Pool): string {
  return ['10.0.0.1', '10.0.0.2', '192.168.1.100', '203.0.113.7', '255.255.255.255']
    .map(vaddr => pool.pick(flowOf('10.7.7.7:1', vaddr)))
    .join(' ')
}

t.test('it is called dh', async t => {
  t.equal(dh.name, 'dh')
})

t.test('a virtual address has one bucket, and the buckets are dealt round, one a server', async t => {
  const pool = new Pool(dh)
  t.equal(picks(pool), '- - - - -')
  pool.add('A', 1)
  t.equal(picks(pool), 'A A A A A')
  pool.add('B', 9)
  t.equal(picks(pool), 'A A A B B', 'weights do not matter: 39 137 89 | 124 158')
  pool.add('C', 1)
  t.equal(picks(pool), 'C A A B A', '39 mod 3 = 0, 137 and 89 and 158: 2, 124: 1')
  pool.remove('A')
  t.equal(picks(pool), 'B B B C C')
})

t.test('the client does not matter', async t => {
  const pool = new Pool(dh)
  for (const name of 'ABCDE') pool.add(name, 1)
  for (const client of ['10.0.0.1:1', '10.0.0.2:2', '172.16.3.4:5'])
    t.equal(pool.pick(flowOf(client, '10.0.0.1')), 'A', `${client}: 39 mod 5 = 4, the last in the list`)
})

t.test('weight 0 and an overload refuse; an edit deals nothing anew', async t => {
  const pool = new Pool(dh)
  pool.add('A', 1)
  pool.add('B', 1)
  pool.edit('B', 0)
  t.equal(picks(pool), 'A A A - -')
  pool.edit('B', 5)
  pool.overload('A')
  t.equal(picks(pool), '- - - B B')
})

t.test('through random stories it chooses as a slow reader', async t => {
  t.strictSame(
    duel(dh, () => new Slow()),
    [],
  )
})
