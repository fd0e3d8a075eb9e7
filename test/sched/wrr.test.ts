import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import { wrr } from '../../src/sched/wrr.js'
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
    this.#scheduler = wrr.bind(this.service, seededRandom(1))
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
  /** The name of who gets the next connection, '-' for nobody. */
  pick(): string {
    const dest = this.#scheduler.schedule(FLOW, 0)
    return dest ? this.#names.get(dest)! : '-'
  }
  #indexOf(name: string): number {
    return this.service.destinations.findIndex(dest => this.#names.get(dest) === name)
  }
}

/** '+A=3 ~A=2 -A 5': adds, edits, removes, and picks five times. Answers the picks. */
function play(script: string): string {
  const pool = new Pool()
  return script
    .split(' ')
    .map(([what = '', name = '', ...rest]) => {
      const weight = Number(rest.slice(1).join(''))
      if (what === '+') pool.add(name, weight)
      else if (what === '~') pool.edit(name, weight)
      else if (what === '-') pool.remove(name)
      else return Array.from({ length: Number(what + name + rest.join('')) }, () => pool.pick()).join('')
      return ''
    })
    .join('')
}

/** A ring of links, the head among them: what comes after the last is the head, and after the head the first. */
interface Link {
  name: string
  weight: number
  next: Link
  prev: Link
}

function ring(): Link {
  const head = { name: 'head', weight: 0 } as Link
  head.next = head
  head.prev = head
  return head
}
function linkFirst(head: Link, name: string, weight: number): void {
  const link: Link = { name, weight, prev: head, next: head.next }
  link.next.prev = link
  head.next = link
}
function linkOf(head: Link, name: string): Link {
  let link = head.next
  while (link !== head && link.name !== name) link = link.next
  return link
}
function unlink(link: Link): void {
  link.prev.next = link.next
  link.next.prev = link.prev
}

/** ipvs-behaviour.md §3.3, word for word; nobody is overloaded. */
class Slow {
  readonly #head = ring()
  #p = this.#head
  #cw = 0
  #mw = 0
  #di = 1

  add(name: string, weight: number): void {
    linkFirst(this.#head, name, weight)
    this.#changed()
  }
  edit(name: string, weight: number): void {
    linkOf(this.#head, name).weight = weight
    this.#changed()
  }
  remove(name: string): void {
    unlink(linkOf(this.#head, name))
    this.#changed()
  }
  pick(): string {
    if (this.#mw === 0) return '-'
    for (;;) {
      this.#p = this.#p.next
      if (this.#p === this.#head) {
        this.#cw -= this.#di
        if (this.#cw <= 0) this.#cw = this.#mw
      } else if (this.#p.weight >= this.#cw) return this.#p.name
    }
  }
  #changed(): void {
    const weights: number[] = []
    for (let link = this.#head.next; link !== this.#head; link = link.next)
      if (link.weight > 0) weights.push(link.weight)
    const greatest = Math.max(0, ...weights)
    this.#di = 1
    for (let divisor = 1; divisor <= greatest; divisor++) {
      if (weights.every(weight => weight % divisor === 0)) this.#di = divisor
    }
    this.#mw = greatest === 0 ? 0 : greatest - (this.#di - 1)
    this.#p = this.#head
    if (this.#cw > this.#mw || this.#cw === 0) this.#cw = this.#mw
    else if (this.#di > 1) this.#cw = Math.floor(this.#cw / this.#di) * this.#di + 1
  }
}

t.test('it is called wrr', async t => {
  t.equal(wrr.name, 'wrr')
})

t.test('it chooses as the kernel: the vectors of ipvs-behaviour.md §15.2', async t => {
  for (const [script, picks] of [
    ['+A=3 +B=2 +C=1 13', 'CBAABACBAABAC'],
    ['+A=1 +B=2 +C=3 13', 'CBACCBCBACCBC'],
    ['+A=4 +B=2 7', 'BAABAAB'],
    ['+A=100 +B=100 4', 'BABA'],
    ['+A=3 +B=2 +C=1 2 ~B=4 14', 'CBCBABBABACBABBA'],
    ['+A=6 +B=4 1 10', 'BAABABAABAB'],
    ['+A=1 +B=1 +C=1 4 -C 3 +E=1 5 ~B=0 5', 'CBACBABEBAEBEAEAE'],
  ] as const) {
    t.equal(play(script), picks, script)
  }
})

t.test('over a cycle each has as many as its weight, whatever the weights', async t => {
  for (const weights of [[1], [5], [3, 2, 1], [10, 1], [7, 7, 7], [12, 8, 4], [100, 0, 50], [9, 6], [1, 0, 0, 4]]) {
    const adds = weights.map((weight, i) => `+${String.fromCodePoint(65 + i)}=${weight}`).join(' ')
    const divisor = [...Array(101).keys()].slice(1).findLast(d => weights.every(weight => weight % d === 0))!
    const cycle = weights.reduce((sum, weight) => sum + weight) / divisor
    const picks = play(`${adds} ${cycle * 3}`)
    for (const [i, weight] of weights.entries()) {
      const count = picks.split(String.fromCodePoint(65 + i)).length - 1
      t.equal(count, (3 * weight) / divisor, `${adds}: destination ${i}`)
    }
  }
})

t.test('bound to a service that has destinations, it begins at the highest level', async t => {
  const pool = new Pool()
  for (const [name, weight] of [
    ['A', 3],
    ['B', 2],
    ['C', 1],
  ] as const)
    pool.add(name, weight)
  const late = wrr.bind(pool.service, seededRandom(1))
  const picks = Array.from({ length: 8 }, () => late.schedule(FLOW, 0)!.weight)
  // §3.3: levels 3, 2, 1 over the list C, B, A; here by their weights 1, 2, 3.
  t.strictSame(picks, [3, 2, 3, 1, 2, 3, 3, 2])
})

t.test('weight 0 is never chosen, and with nothing but it nobody is', async t => {
  t.equal(play('3'), '---')
  t.equal(play('+A=0 +B=0 3'), '---')
  t.equal(play('+A=0 +B=1 +C=0 3'), 'BBB')
  t.equal(play('+A=2 2 ~A=0 2 ~A=2 2'), 'AA--AA')
  t.equal(play('+A=1 1 -A 2 +B=3 2'), 'A--BB')
})

t.test('the greatest weights are walked level by level of their greatest common divisor', async t => {
  t.equal(play('+A=2147483647 4'), 'AAAA')
  t.equal(play('+A=2147483646 +B=1073741823 6'), 'BAABAA')
})

t.test('over random adding, editing, removing and picking it chooses as a slow list', async t => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed)
    const [pool, slow] = [new Pool(), new Slow()]
    const names: string[] = []
    const story: string[] = []
    let right = true
    const weight = () => [0, 1, 2, 3, 4, 6, 9, 10][random() % (seed % 2 ? 8 : 4)]!
    for (let step = 0; step < 120 && right; step++) {
      const kind = random() % 10
      if (kind === 0 && names.length < 7) {
        const name = String.fromCodePoint(65 + step)
        names.push(name)
        const w = weight()
        story.push(`+${name}=${w}`)
        pool.add(name, w)
        slow.add(name, w)
      } else if (kind === 1 && names.length > 0) {
        const name = names[random() % names.length]!
        const w = weight()
        story.push(`~${name}=${w}`)
        pool.edit(name, w)
        slow.edit(name, w)
      } else if (kind === 2 && names.length > 0) {
        const [name = ''] = names.splice(random() % names.length, 1)
        story.push(`-${name}`)
        pool.remove(name)
        slow.remove(name)
      } else {
        const [got, expected] = [pool.pick(), slow.pick()]
        right = got === expected
        story.push(right ? got : `${got}, not ${expected}`)
      }
    }
    t.ok(right, `seed ${seed}: ${right ? `${story.length} steps` : story.join(' ')}`)
  }
})
