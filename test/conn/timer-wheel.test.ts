import t from 'tap'
import { after, type Jiffies } from '../../src/conn/jiffies.js'
import { NONE, RECORD_WORDS, TIMER_AT, TIMER_NEXT, type ConnIndex } from '../../src/conn/record.js'
import { RECORD_WORK, TimerWheel } from '../../src/conn/timer-wheel.js'
import { seededRandom } from '../../src/director/random.js'

/** Jiffies of a turn. */
const TURN = 16_384
const PLENTY = 1_000_000
/** Where jiffies begin: a plain number, right before the sign turns, and right before they begin anew. */
const STARTS = [0, 123_456, 2 ** 31 - 50, -(2 ** 31), -40]

const record = (row: number) => (row * RECORD_WORDS) as ConnIndex

/** A wheel and who has come due, in order. Times are counted from the start, so that cases read alike for every start. */
class Rig {
  readonly words = new Int32Array(64 * RECORD_WORDS)
  readonly wheel: TimerWheel
  readonly start: number
  /** Rows come due. */
  fired: number[] = []
  /** Row → when its timer really fires: one that comes due before is put back, as conn-timers.ts does. */
  readonly expires = new Map<number, number>()
  now = 0

  constructor(start: number) {
    this.start = start
    this.wheel = new TimerWheel(this.words, this.at(0))
  }
  at(time: number): Jiffies {
    return after(this.start as Jiffies, time)
  }
  schedule(row: number, time: number): void {
    this.expires.set(row, time)
    this.wheel.schedule(record(row), this.at(time))
  }
  cancel(row: number): void {
    this.expires.delete(row)
    this.wheel.cancel(record(row))
  }
  advance(now: number, budget = PLENTY): boolean {
    this.now = now
    return this.wheel.advance(this.at(now), budget, this)
  }
  due(conn: ConnIndex): void {
    const row = conn / RECORD_WORDS
    const time = this.expires.get(row)!
    if (time > this.now) {
      this.wheel.schedule(conn, this.at(time))
      return
    }
    this.fired.push(row)
    this.expires.delete(row)
  }
}

t.test('each comes due in its jiffy, not before, in whatever order they were put', async t => {
  for (const start of STARTS) {
    const rig = new Rig(start)
    const times = [30, 1, 100, 2, 60, 5, 41, 99, 40, 39]
    for (const [row, time] of times.entries()) rig.schedule(row, time)
    for (let now = 0; now <= 100; now++) {
      rig.fired = []
      t.equal(rig.advance(now), true, `from ${start}, jiffy ${now}: caught up`)
      t.strictSame(
        rig.fired,
        times.flatMap((time, row) => (time === now ? [row] : [])),
        `from ${start}, jiffy ${now}`,
      )
    }
  }
})

t.test('after a pause all that are due come, the earlier before the later', async t => {
  for (const start of STARTS) {
    const rig = new Rig(start)
    for (const [row, time] of [70, 3, 45, 101, 20].entries()) rig.schedule(row, time)
    rig.advance(100)
    t.strictSame(rig.fired, [1, 4, 2, 0], `from ${start}`)
    rig.advance(101)
    t.strictSame(rig.fired, [1, 4, 2, 0, 3], `from ${start}: and the last`)
  }
})

t.test('many may be due in one jiffy', async t => {
  const rig = new Rig(-3)
  for (let row = 0; row < 40; row++) rig.schedule(row, 7)
  rig.advance(6)
  t.strictSame(rig.fired, [])
  rig.advance(7)
  t.strictSame(
    rig.fired.toSorted((a, b) => a - b),
    Array.from({ length: 40 }, (_, row) => row),
  )
})

t.test('what is due already comes with the next jiffy', async t => {
  for (const start of STARTS) {
    const rig = new Rig(start)
    rig.advance(10)
    for (const [row, time] of [10, 9, 0, -5].entries()) rig.schedule(row, time)
    t.equal(rig.words[record(0) + TIMER_AT], rig.at(11), `from ${start}: looked at in jiffy 11`)
    rig.advance(11)
    t.strictSame(rig.fired.toSorted(), [0, 1, 2, 3], `from ${start}`)
  }
})

t.test('timers beyond a turn are looked at within it, put back, and come due in their jiffy', async t => {
  for (const start of STARTS) {
    const rig = new Rig(start)
    const times = [TURN - 2, TURN - 1, TURN, TURN + 1, 2 * TURN, 3 * TURN + 5, 90_000]
    for (const [row, time] of times.entries()) {
      rig.schedule(row, time)
      const ahead = (rig.words[record(row) + TIMER_AT]! - start) | 0
      t.equal(ahead, Math.min(time, TURN - 1), `from ${start}: ${time} ahead is looked at after ${ahead}`)
    }
    for (const [row, time] of times.entries()) {
      rig.fired = []
      rig.advance(time - 1)
      t.strictSame(rig.fired, [], `from ${start}: not before ${time}`)
      rig.advance(time)
      t.strictSame(rig.fired, [row], `from ${start}: at ${time}`)
    }
  }
})

t.test('who was restarted for later is looked at in the old jiffy and comes due in the new one', async t => {
  const rig = new Rig(2 ** 31 - 50)
  rig.schedule(0, 30)
  rig.expires.set(0, 80)
  rig.advance(79)
  t.strictSame(rig.fired, [])
  t.equal(rig.words[record(0) + TIMER_AT], rig.at(80))
  rig.advance(80)
  t.strictSame(rig.fired, [0])
})

t.test('one that is moved to an earlier jiffy comes due then', async t => {
  for (const start of STARTS) {
    const rig = new Rig(start)
    for (const row of [0, 1, 2]) rig.schedule(row, 90)
    rig.cancel(1)
    rig.schedule(1, 45)
    rig.advance(44)
    t.strictSame(rig.fired, [], `from ${start}`)
    rig.advance(45)
    t.strictSame(rig.fired, [1], `from ${start}`)
    rig.advance(90)
    t.strictSame(rig.fired.toSorted(), [0, 1, 2], `from ${start}`)
  }
})

t.test('records are taken out of any place of a slot, and the others stay in it', async t => {
  for (const victims of [[0], [1], [2], [3], [0, 1], [1, 2], [2, 3], [3, 0], [0, 2], [1, 3], [2, 1, 0], [3, 2, 1, 0]]) {
    const rig = new Rig(-4)
    for (const row of [0, 1, 2, 3]) rig.schedule(row, 9)
    for (const row of victims) rig.cancel(row)
    rig.advance(20)
    const left = [0, 1, 2, 3].filter(row => !victims.includes(row))
    t.strictSame(rig.fired.toSorted(), left, `without ${victims.join(' ')}`)
  }
})

t.test('slots 0 and last, and record 0 in them, are like any other', async t => {
  for (const time of [0, TURN - 1]) {
    const rig = new Rig(0)
    rig.schedule(0, time)
    rig.cancel(0)
    rig.schedule(1, time)
    rig.schedule(0, time)
    rig.cancel(1)
    rig.advance(time)
    t.strictSame(rig.fired, [0], `slot ${time}`)
  }
})

t.test('a call visits no more than its budget, slots and records together, and the next goes on', async t => {
  const rig = new Rig(-10)
  for (let row = 0; row < 25; row++) rig.schedule(row, row < 20 ? 3 : 30)
  const calls: [boolean, number][] = []
  for (let call = 0; call < 20 && calls.at(-1)?.[0] !== true; call++) {
    rig.fired = []
    calls.push([rig.advance(40, 8 * RECORD_WORK), rig.fired.length])
  }
  // 0 to 2 are empty, three slots of work; then 8 records at the most each time: the last of the first 20, 27 slots, one of 5.
  const fired = [8, 8, 5, 4]
  t.strictSame(
    calls,
    fired.map((count, call) => [call === 3, count]),
  )
  t.strictSame([...rig.expires.keys()], [], 'all have come due')
})

t.test('a budget of 0 visits nothing, and the answer is whether there was anything to visit', async t => {
  const rig = new Rig(5)
  rig.schedule(0, 0)
  t.equal(rig.advance(0, 0), false)
  t.strictSame(rig.fired, [])
  t.equal(rig.advance(0), true)
  t.strictSame(rig.fired, [0])
  t.equal(rig.advance(0, 0), true, 'the jiffy is done')
})

t.test('while it is behind, what is put in still comes due', async t => {
  const rig = new Rig(2 ** 31 - 20)
  for (let row = 0; row < 10; row++) rig.schedule(row, 2)
  t.equal(rig.advance(1000, 7), false, 'behind')
  rig.schedule(20, 1001)
  rig.schedule(21, 1000 + TURN)
  rig.schedule(22, 999)
  while (!rig.advance(1000, 7)) t.ok(rig.fired.length <= 11, 'no more than are due')
  t.strictSame(
    rig.fired.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 22],
  )
  rig.advance(1001)
  t.equal(rig.fired.at(-1), 20)
  rig.advance(999 + TURN)
  t.equal(rig.fired.at(-1), 20)
  rig.advance(1000 + TURN)
  t.equal(rig.fired.at(-1), 21)
})

t.test('time that stands still or goes back visits nothing twice', async t => {
  const rig = new Rig(0)
  rig.schedule(0, 5)
  rig.advance(5)
  rig.schedule(1, 6)
  t.equal(rig.advance(5), true)
  t.equal(rig.advance(2), true)
  t.strictSame(rig.fired, [0])
  rig.advance(6)
  t.strictSame(rig.fired, [0, 1])
})

t.test('over 20 000 random steps they come due as a slow list says', async t => {
  for (const start of STARTS) {
    const random = seededRandom(start)
    const rig = new Rig(start)
    const due = new Map<number, number>()
    const wrong: string[] = []
    let now = 0
    rig.advance(0)
    for (let step = 0; step < 4_000; step++) {
      const row = random() % 64
      const time = now + 1 + (random() % [3, 50, 500, 40_000][random() % 4]!)
      if (!due.has(row)) rig.schedule(row, time)
      else if (random() % 2 === 0) rig.cancel(row)
      else if (time >= ((rig.words[record(row) + TIMER_AT]! - start) | 0)) rig.expires.set(row, time)
      else {
        rig.cancel(row)
        rig.schedule(row, time)
      }
      if (rig.expires.has(row)) due.set(row, rig.expires.get(row)!)
      else due.delete(row)
      now += random() % 3 === 0 ? random() % 200 : 0
      rig.fired = []
      rig.advance(now)
      const expected = [...due].filter(([, time]) => time <= now).map(([row]) => row)
      for (const row of expected) due.delete(row)
      if (rig.fired.toSorted().join() !== expected.toSorted().join()) wrong.push(`step ${step}: ${rig.fired.join(' ')}`)
    }
    t.strictSame(wrong, [], `from ${start}`)
  }
})

t.test('it says how long there is nothing to do, looking a second ahead', async t => {
  for (const start of STARTS) {
    const rig = new Rig(start)
    rig.advance(0)
    t.equal(rig.wheel.idleJiffies(), 100, `from ${start}: with nothing in it`)
    for (const ahead of [1, 2, 50, 99, 100, 101, 5000]) {
      rig.schedule(0, ahead)
      t.equal(rig.wheel.idleJiffies(), Math.min(ahead, 100), `from ${start}: the next in ${ahead}`)
      rig.cancel(0)
    }
    rig.schedule(0, 60)
    rig.schedule(1, 20)
    t.equal(rig.wheel.idleJiffies(), 20, `from ${start}: the nearer of two`)
  }
})

t.test('cleared, nobody comes due, and it goes on from the jiffy given', async t => {
  const rig = new Rig(0)
  for (const row of [0, 1, 2]) rig.schedule(row, 10 * row)
  rig.wheel.clear(rig.at(500))
  t.equal(rig.advance(1000), true)
  t.strictSame(rig.fired, [])
  rig.schedule(4, 1001)
  t.equal(rig.words[record(4) + TIMER_NEXT], NONE, 'alone in its slot')
  rig.advance(1001)
  t.strictSame(rig.fired, [4])
})
