import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import { wrr } from '../../src/sched/wrr.js'
import { duel, type Server, type Twin } from './duel.js'
import { flowOf, play, Pool } from './pool.js'

/** ipvs-behaviour.md §3.3, word for word: every level is walked. */
class Slow implements Twin {
  /** Nothing: the head of the list. */
  #p: Server | undefined
  #cw = 0
  #mw = 0
  #di = 1

  changed(_what: string, list: readonly Server[]): void {
    const weights = list.map(server => server.weight).filter(weight => weight > 0)
    const greatest = Math.max(0, ...weights)
    this.#di = 1
    for (let divisor = 1; divisor <= greatest; divisor++)
      if (weights.length > 0 && weights.every(weight => weight % divisor === 0)) this.#di = divisor
    this.#mw = greatest === 0 ? 0 : greatest - (this.#di - 1)
    this.#p = undefined
    if (this.#cw > this.#mw || this.#cw === 0) this.#cw = this.#mw
    else if (this.#di > 1) this.#cw = Math.floor(this.#cw / this.#di) * this.#di + 1
  }
  pick(list: readonly Server[]): string {
    if (this.#mw === 0) return '-'
    const start = this.#p
    let isWhole = start === undefined
    let wrappedInPart = false
    for (;;) {
      this.#p = list[this.#p ? list.indexOf(this.#p) + 1 : 0]
      if (this.#p === undefined) {
        this.#cw -= this.#di
        if (this.#cw <= 0) {
          this.#cw = this.#mw
          // The whole list has been asked for the lowest level.
          if (isWhole) return '-'
          wrappedInPart = true
        }
        isWhole = true
      } else if (!this.#p.overloaded && this.#p.weight >= this.#cw) return this.#p.name
      else if (wrappedInPart && this.#p === start && this.#cw <= this.#di) return '-'
    }
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
    t.equal(play(wrr, script), picks, script)
  }
})

t.test('over a cycle each has as many as its weight, whatever the weights', async t => {
  for (const weights of [[1], [5], [3, 2, 1], [10, 1], [7, 7, 7], [12, 8, 4], [100, 0, 50], [9, 6], [1, 0, 0, 4]]) {
    const adds = weights.map((weight, i) => `+${String.fromCodePoint(65 + i)}=${weight}`).join(' ')
    const divisor = [...Array(101).keys()].slice(1).findLast(d => weights.every(weight => weight % d === 0))!
    const cycle = weights.reduce((sum, weight) => sum + weight) / divisor
    const picks = play(wrr, `${adds} ${cycle * 3}`)
    for (const [i, weight] of weights.entries()) {
      const count = picks.split(String.fromCodePoint(65 + i)).length - 1
      t.equal(count, (3 * weight) / divisor, `${adds}: destination ${i}`)
    }
  }
})

t.test('bound to a service that has destinations, it begins at the highest level', async t => {
  const pool = new Pool(wrr)
  for (const [name, weight] of [
    ['A', 3],
    ['B', 2],
    ['C', 1],
  ] as const)
    pool.add(name, weight)
  const late = wrr.bind(pool.service, seededRandom(1))
  const picks = Array.from({ length: 8 }, () => late.schedule(flowOf(), 0)!.weight)
  // §3.3: levels 3, 2, 1 over the list C, B, A; here by their weights 1, 2, 3.
  t.strictSame(picks, [3, 2, 3, 1, 2, 3, 3, 2])
})

t.test('weight 0 is never chosen, and with nothing but it nobody is', async t => {
  t.equal(play(wrr, '3'), '---')
  t.equal(play(wrr, '+A=0 +B=0 3'), '---')
  t.equal(play(wrr, '+A=0 +B=1 +C=0 3'), 'BBB')
  t.equal(play(wrr, '+A=2 2 ~A=0 2 ~A=2 2'), 'AA--AA')
  t.equal(play(wrr, '+A=1 1 -A 2 +B=3 2'), 'A--BB')
})

t.test('the greatest weights are walked level by level of their greatest common divisor', async t => {
  t.equal(play(wrr, '+A=2147483647 4'), 'AAAA')
  t.equal(play(wrr, '+A=2147483646 +B=1073741823 6'), 'BAABAA')
})

t.test('when all are overloaded it gives up, and goes on from where the kernel would', async t => {
  for (const [script, picks, what] of [
    ['!A !B 1 ?A ?B 3', '-BAB', 'from the head: the head, and the highest level'],
    ['1 !A !B 1 ?A ?B 3', 'B-ABA', 'from the middle, after the whole of the lowest level'],
    ['2 !A !B 1 ?A ?B 3', 'BA-BAB', 'from the last'],
  ] as const)
    t.equal(play(wrr, `+A=1 +B=1 ${script}`), picks, `equal weights, ${what}`)
  for (let taken = 0; taken < 20; taken++)
    t.equal(
      play(wrr, `+A=3 +B=2 +C=1 ${taken} !A !B !C 2 ?A ?B ?C 12`),
      playSlowly([1, 2, 3], taken, 2, 12),
      `after ${taken} of weights 3, 2, 1`,
    )
})

/** What the slow twin picks: some, some with everybody overloaded, some more. Weights newest first; A is the oldest. */
function playSlowly(weights: readonly number[], taken: number, refused: number, after: number): string {
  const slow = new Slow()
  const list: Server[] = []
  for (const [index, weight] of weights.toReversed().entries()) {
    const name = String.fromCodePoint(65 + index)
    const counts = { active: 0, inactive: 0, overloaded: false, available: true }
    list.unshift({ name, addr: 0, port: 0, weight, lastWeight: weight, ...counts })
    slow.changed('added', list)
  }
  const picks = (count: number) => Array.from({ length: count }, () => slow.pick(list)).join('')
  let all = picks(taken)
  for (const server of list) server.overloaded = true
  all += picks(refused)
  for (const server of list) server.overloaded = false
  return all + picks(after)
}

t.test('huge weights cost no walk of their levels, overloaded or not', async t => {
  const started = process.cpuUsage()
  t.equal(play(wrr, '+A=1 +B=2147483647 +C=2147483646 1 !B !C 5 !A 3 ?A 3 ?B 4'), 'CAAAAA---AAABBBB')
  t.equal(play(wrr, '+A=2147483647 +B=1 !A 3 !B 2 ?A 2 ?B 2'), 'BBB--AAAA')
  t.ok(process.cpuUsage(started).user < 1_000_000, 'in no time of the CPU')
})

t.test('through random stories it chooses as a slow list', async t => {
  const weights = [0, 1, 2, 3, 4, 6, 9, 10, 100]
  t.strictSame(
    duel(wrr, () => new Slow(), { seeds: 150, weights }),
    [],
  )
  t.strictSame(
    duel(wrr, () => new Slow(), { seeds: 100, weights: [0, 4, 6, 8, 12], servers: 3 }),
    [],
    'a divisor above 1',
  )
})
