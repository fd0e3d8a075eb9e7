import t from 'tap'
import { rr } from '../../src/sched/rr.js'
import { duel, eligible, type Server, type Twin } from './duel.js'
import { play } from './pool.js'

/** ipvs-behaviour.md §3.2, word for word. */
class Slow implements Twin {
  /** Nothing: the head of the list. */
  #position: Server | undefined

  changed(what: string, list: readonly Server[], who: Server, index: number): void {
    if (what === 'removed' && who === this.#position) this.#position = list[index - 1]
  }
  pick(list: readonly Server[]): string {
    const after = this.#position ? list.indexOf(this.#position) + 1 : 0
    const found = [...list.slice(after), ...list.slice(0, after)].find(eligible)
    if (found) this.#position = found
    return found?.name ?? '-'
  }
}

t.test('it is called rr', async t => {
  t.equal(rr.name, 'rr')
})

t.test('it goes round from the newest on, as in the kernel', async t => {
  // ipvs-behaviour.md §3.2 and §15.2.
  t.equal(play(rr, '+A=1 +B=1 +C=1 7'), 'CBACBAC')
  t.equal(play(rr, '+A=1 +B=1 +C=1 4 -C 3 +E=1 5 ~B=0 5'), 'CBACBABAEBAEAEAEA')
})

t.test('weights count only as 0 or not', async t => {
  t.equal(play(rr, '+A=1 +B=1000 +C=3 6'), 'CBACBA')
  t.equal(play(rr, '+A=1 +B=0 +C=3 4'), 'CACA')
  t.equal(play(rr, '+A=0 +B=2147483647 +C=0 3'), 'BBB')
})

t.test('with nobody to choose it chooses nobody, and keeps its place', async t => {
  t.equal(play(rr, '2'), '--')
  t.equal(play(rr, '+A=0 +B=0 3'), '---')
  t.equal(play(rr, '+A=1 +B=1 +C=1 2 ~A=0 ~B=0 ~C=0 2 ~A=1 ~B=1 ~C=1 3'), 'CB--ACB')
  t.equal(play(rr, '+A=1 2 -A 2 +B=1 2'), 'AA--BB')
})

t.test('the last choice is the last candidate, and may be chosen again', async t => {
  t.equal(play(rr, '+A=1 +B=1 +C=1 2 ~A=0 ~C=0 3'), 'CBBBB')
  t.equal(play(rr, '+A=1 3'), 'AAA')
})

t.test('a new one waits for the next time round, wherever the place is', async t => {
  t.equal(play(rr, '+A=1 +B=1 +C=1 1 +D=1 5'), 'CBADCB')
  t.equal(play(rr, '+A=1 +B=1 +C=1 2 +D=1 5'), 'CBADCBA')
  t.equal(play(rr, '+A=1 +B=1 +C=1 3 +D=1 5'), 'CBADCBAD')
  t.equal(play(rr, '+A=1 +B=1 +C=1 +D=1 5'), 'DCBAD')
})

t.test('who is removed leaves its place to who stood before it', async t => {
  for (const [removed, expected] of [
    ['A', 'CBCBC'],
    ['B', 'CBACA'],
    ['C', 'CBABA'],
  ]) {
    t.equal(play(rr, `+A=1 +B=1 +C=1 2 -${removed} 3`), expected, `${removed}, after two choices`)
  }
  t.equal(play(rr, '+A=1 +B=1 +C=1 1 -C 4'), 'CBABA', 'the first, having been chosen')
  t.equal(play(rr, '+A=1 +B=1 +C=1 3 -A 4'), 'CBACBCB', 'the last, having been chosen')
  t.equal(play(rr, '+A=1 +B=1 +C=1 1 -C +D=1 3'), 'CDBA', 'the first, and another in its stead')
})

t.test('an overloaded one loses its turn, not its place in the list', async t => {
  t.equal(play(rr, '+A=1 +B=1 +C=1 !B 4 ?B 4'), 'CACACBAC')
  t.equal(play(rr, '+A=1 +B=1 2 !A !B 2 ?A ?B 2'), 'BA--BA', 'and with all of them the place is kept')
})

t.test('through random stories it chooses as a slow list', async t => {
  t.strictSame(
    duel(rr, () => new Slow()),
    [],
  )
})
