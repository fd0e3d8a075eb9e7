import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import { lc } from '../../src/sched/lc.js'
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
    this.#scheduler = lc.bind(this.service, seededRandom(1))
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

/** The first of those that may be chosen beside whom nobody has less. */
function slowly(list: { name: string; weight: number; load: number }[]): string {
  const may = list.filter(dest => dest.weight > 0)
  return may.find(dest => may.every(other => other.load >= dest.load))?.name ?? '-'
}

t.test('it is called lc', async t => {
  t.equal(lc.name, 'lc')
})

t.test('the least loaded is chosen, an active connection weighing as 256 inactive ones', async t => {
  for (const [list, expected] of [
    ['A=1 0+0', 'A'],
    ['A=1 2+0, B=1 1+0, C=1 3+0', 'B'],
    ['A=1 0+257, B=1 1+0', 'B'],
    ['A=1 1+0, B=1 0+255', 'B'],
    ['A=1 1+1, B=1 0+258', 'A'],
    ['A=1 5+0, B=1 4+300', 'A'],
  ] as const) {
    t.equal(choose(list), expected, list)
  }
})

t.test('the first in the list, which is the newest, wins a tie', async t => {
  for (const [list, expected] of [
    ['A=1 0+0, B=1 0+0, C=1 0+0', 'A'],
    ['A=1 1+0, B=1 0+7, C=1 0+7', 'B'],
    ['A=1 1+0, B=1 0+256', 'A'],
    ['B=1 0+256, A=1 1+0', 'B'],
  ] as const) {
    t.equal(choose(list), expected, list)
  }
})

t.test('weights but 0 do not count, and 0 is never chosen', async t => {
  t.equal(choose('A=100 1+0, B=1 0+255'), 'B')
  t.equal(choose('A=0 0+0, B=1 9+9'), 'B')
  t.equal(choose('A=1 9+9, B=0 0+0'), 'A')
  t.equal(choose('A=0 0+0, B=0 0+0'), '-')
  t.equal(new Pool().pick(), '-', 'nor anybody where nobody is')
})

t.test('it follows edits, additions, removals and connections at once', async t => {
  const pool = new Pool()
  pool.add('A', 1)
  pool.add('B', 1)
  t.equal(pool.pick(), 'B')
  pool.load('B', 1, 0)
  t.equal(pool.pick(), 'A')
  pool.edit('A', 0)
  t.equal(pool.pick(), 'B')
  pool.add('C', 1)
  t.equal(pool.pick(), 'C')
  pool.remove('C')
  t.equal(pool.pick(), 'B')
  pool.edit('A', 2)
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
