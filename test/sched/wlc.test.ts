import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import { wlc } from '../../src/sched/wlc.js'
import type { BoundScheduler, Flow } from '../../src/sched/scheduler.js'
import { Counters } from '../../src/service/counters.js'
import { DestinationTable, type Destination } from '../../src/service/destination.js'
import { Service } from '../../src/service/service.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const VIP = (0xc6336401 | 0) as Ipv4Addr
const FLOW: Flow = { protocol: 6, caddr: 0x0a000001, cport: 40000, vaddr: VIP, vport: 80 }

/** A service and its scheduler, told of every change as the director tells it. */
class Pool {
  readonly service = new Service(6, VIP, 80, 0)
  readonly #scheduler: BoundScheduler
  readonly #names = new Map<Destination, string>()
  readonly #table = new DestinationTable(new Counters())

  constructor() {
    this.#scheduler = wlc.bind(this.service, seededRandom(1))
  }
  add(name: string, weight: number): void {
    const dest = this.#table.create(6, VIP, 80, (0x0a010000 + this.#names.size) as Ipv4Addr, 80)
    dest.weight = weight
    this.#names.set(dest, name)
    this.service.destinations.unshift(dest)
    this.#scheduler.added?.(dest)
  }
  edit(name: string, weight: number): void {
    const dest = this.service.destinations[this.#indexOf(name)]!
    dest.weight = weight
    this.#scheduler.edited?.(dest)
  }
  remove(name: string): void {
    const index = this.#indexOf(name)
    const [dest] = this.service.destinations.splice(index, 1)
    this.#scheduler.removed?.(dest!, index)
  }
  /** Sets the connections of a destination, active and inactive. */
  load(name: string, active: number, inactive: number): void {
    const dest = this.service.destinations[this.#indexOf(name)]!
    while (dest.activeConns < active) dest.countActive(1)
    while (dest.activeConns > active) dest.countActive(-1)
    while (dest.totalConns < active + inactive) dest.countConnections(1)
    while (dest.totalConns > active + inactive) dest.countConnections(-1)
  }
  /** The name of who gets the next connection, '-' for nobody. */
  pick(): string {
    const dest = this.#scheduler.schedule(FLOW, 0)
    return dest ? this.#names.get(dest)! : '-'
  }
  #indexOf(name: string): number {
    return this.service.destinations.findIndex(dest => this.#names.get(dest) === name)
  }
}

/** Destinations in list order, newest first: 'A=weight active+inactive, …'. Who gets the next connection. */
function choose(list: string): string {
  const pool = new Pool()
  for (const text of list.split(', ').toReversed()) {
    const [, name = '', weight, active, inactive] = /^(\w)=(\d+) (\d+)\+(\d+)$/.exec(text) ?? []
    pool.add(name, Number(weight))
    pool.load(name, Number(active), Number(inactive))
  }
  return pool.pick()
}

const product = (load: number, weight: number) => BigInt(load) * BigInt(weight)

/** The first of those that may be chosen beside whom nobody has less for its weight. */
function slowly(list: { name: string; weight: number; load: number }[]): string {
  const may = list.filter(dest => dest.weight > 0)
  return (
    may.find(dest => may.every(other => product(other.load, dest.weight) >= product(dest.load, other.weight)))?.name ??
    '-'
  )
}

t.test('it is called wlc', async t => {
  t.equal(wlc.name, 'wlc')
})

t.test('the least loaded for its weight is chosen', async t => {
  for (const [list, expected] of [
    ['A=1 0+0', 'A'],
    ['A=1 1+0, B=3 2+0', 'B'],
    ['A=1 1+0, B=3 4+0', 'A'],
    ['A=1 1+0, B=2 1+0', 'B'],
    ['A=2 0+255, B=1 0+127', 'B'],
    ['A=2 0+253, B=1 0+127', 'A'],
    ['A=1 1+0, B=1 0+255', 'B'],
    ['A=3 1+0, B=2 0+171, C=1 0+85', 'C'],
    ['A=3 1+0, B=2 0+170, C=1 0+86', 'B'],
  ] as const) {
    t.equal(choose(list), expected, list)
  }
})

t.test('the first in the list, which is the newest, wins a tie', async t => {
  for (const [list, expected] of [
    ['A=1 0+0, B=5 0+0, C=1 0+0', 'A'],
    ['A=1 1+0, B=2 2+0', 'A'],
    ['B=2 2+0, A=1 1+0', 'B'],
    ['A=1 1+0, B=2 1+0, C=4 2+0', 'B'],
    ['A=1 1+0, B=1 0+256', 'A'],
  ] as const) {
    t.equal(choose(list), expected, list)
  }
})

t.test('weight 0 is never chosen, first or later in the list', async t => {
  t.equal(choose('A=0 0+0, B=1 9+9'), 'B')
  t.equal(choose('A=1 9+9, B=0 0+0'), 'A')
  t.equal(choose('A=1 9+9, B=0 0+0, C=1 1+0'), 'C')
  t.equal(choose('A=0 0+0, B=0 0+0'), '-')
  t.equal(new Pool().pick(), '-', 'nor anybody where nobody is')
})

t.test('products that a double cannot hold are compared exactly', async t => {
  // 8388609 × 2139095041 = 8388608 × 2139095296 + 1, beyond 2^53: as doubles they are equal.
  t.equal((256 * 32768 + 1) * 2139095041, 256 * 32768 * 2139095296)
  t.equal(choose('A=2139095296 32768+1, B=2139095041 32768+0'), 'B')
  t.equal(choose('B=2139095041 32768+0, A=2139095296 32768+1'), 'B')
})

t.test('it follows edits, additions, removals and connections at once', async t => {
  const pool = new Pool()
  pool.add('A', 1)
  pool.add('B', 1)
  t.equal(pool.pick(), 'B')
  pool.load('A', 1, 0)
  pool.load('B', 2, 0)
  t.equal(pool.pick(), 'A')
  pool.edit('B', 3)
  t.equal(pool.pick(), 'B')
  pool.edit('B', 0)
  t.equal(pool.pick(), 'A')
  pool.add('C', 1)
  t.equal(pool.pick(), 'C')
  pool.remove('C')
  t.equal(pool.pick(), 'A')
})

t.test('over random lists it chooses as a slow reader', async t => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed)
    const pool = new Pool()
    const list: { name: string; weight: number; load: number }[] = []
    for (let i = random() % 8; i > 0; i--) {
      const name = String.fromCodePoint(64 + i)
      const weight = [0, 1, 2, 3, 100, 2 ** 31 - 1, 2 ** 31 - 2][random() % 7]!
      const [active, inactive] = [random() % [2, 4, 300][random() % 3]!, random() % [2, 4, 600][random() % 3]!]
      pool.add(name, weight)
      pool.load(name, active, inactive)
      list.unshift({ name, weight, load: 256 * active + inactive })
    }
    t.equal(pool.pick(), slowly(list), `seed ${seed}: ${list.map(d => `${d.name}=${d.weight} ${d.load}`).join(', ')}`)
  }
})
