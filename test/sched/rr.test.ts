import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import { rr } from '../../src/sched/rr.js'
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
    this.#scheduler = rr.bind(this.service, seededRandom(1))
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

/** ipvs-behaviour.md §3.2, word for word. */
class Slow {
  readonly #head = ring()
  #position = this.#head

  add(name: string, weight: number): void {
    linkFirst(this.#head, name, weight)
  }
  edit(name: string, weight: number): void {
    linkOf(this.#head, name).weight = weight
  }
  remove(name: string): void {
    const link = linkOf(this.#head, name)
    if (link === this.#position) this.#position = link.prev
    unlink(link)
  }
  pick(): string {
    for (let link = this.#position.next; ; link = link.next) {
      if (link !== this.#head && link.weight > 0) {
        this.#position = link
        return link.name
      }
      if (link === this.#position) return '-'
    }
  }
}

t.test('it is called rr', async t => {
  t.equal(rr.name, 'rr')
})

t.test('it goes round from the newest on, as in the kernel', async t => {
  // ipvs-behaviour.md §3.2 and §15.2.
  t.equal(play('+A=1 +B=1 +C=1 7'), 'CBACBAC')
  t.equal(play('+A=1 +B=1 +C=1 4 -C 3 +E=1 5 ~B=0 5'), 'CBACBABAEBAEAEAEA')
})

t.test('weights count only as 0 or not', async t => {
  t.equal(play('+A=1 +B=1000 +C=3 6'), 'CBACBA')
  t.equal(play('+A=1 +B=0 +C=3 4'), 'CACA')
  t.equal(play('+A=0 +B=2147483647 +C=0 3'), 'BBB')
})

t.test('with nobody to choose it chooses nobody, and keeps its place', async t => {
  t.equal(play('2'), '--')
  t.equal(play('+A=0 +B=0 3'), '---')
  t.equal(play('+A=1 +B=1 +C=1 2 ~A=0 ~B=0 ~C=0 2 ~A=1 ~B=1 ~C=1 3'), 'CB--ACB')
  t.equal(play('+A=1 2 -A 2 +B=1 2'), 'AA--BB')
})

t.test('the last choice is the last candidate, and may be chosen again', async t => {
  t.equal(play('+A=1 +B=1 +C=1 2 ~A=0 ~C=0 3'), 'CBBBB')
  t.equal(play('+A=1 3'), 'AAA')
})

t.test('a new one waits for the next time round, wherever the place is', async t => {
  t.equal(play('+A=1 +B=1 +C=1 1 +D=1 5'), 'CBADCB')
  t.equal(play('+A=1 +B=1 +C=1 2 +D=1 5'), 'CBADCBA')
  t.equal(play('+A=1 +B=1 +C=1 3 +D=1 5'), 'CBADCBAD')
  t.equal(play('+A=1 +B=1 +C=1 +D=1 5'), 'DCBAD')
})

t.test('who is removed leaves its place to who stood before it', async t => {
  for (const [removed, expected] of [
    ['A', 'CBCBC'],
    ['B', 'CBACA'],
    ['C', 'CBABA'],
  ]) {
    t.equal(play(`+A=1 +B=1 +C=1 2 -${removed} 3`), expected, `${removed}, after two choices`)
  }
  t.equal(play('+A=1 +B=1 +C=1 1 -C 4'), 'CBABA', 'the first, having been chosen')
  t.equal(play('+A=1 +B=1 +C=1 3 -A 4'), 'CBACBCB', 'the last, having been chosen')
  t.equal(play('+A=1 +B=1 +C=1 1 -C +D=1 3'), 'CDBA', 'the first, and another in its stead')
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
