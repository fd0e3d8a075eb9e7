import t from 'tap'
import { EventQueue } from '../../../native-free/simulate/event-queue.js'
import { Ledger } from '../../../native-free/simulate/ledger.js'
import { RandomValues } from '../../../native-free/simulate/random-values.js'
import { recoveriesOf } from '../../../native-free/simulate/recoveries.js'
import type { Distribution } from '../../../native-free/simulate/scenario/scenario.js'
import { Wires } from '../../../native-free/simulate/wires.js'
import { WorkQueue } from '../../../native-free/simulate/work-queue.js'

function drained(events: EventQueue): void {
  while (events.nextMs < Infinity) events.runNext()
}

t.test('events come by time, those of one time as they were added', async t => {
  const events = new EventQueue()
  const random = new RandomValues(1, 1)
  const seen: [number, number][] = []
  for (let i = 0; i < 2000; i++) {
    const at = random.below(100)
    events.at(at, () => seen.push([at, i]))
  }
  drained(events)
  t.equal(seen.length, 2000)
  t.strictSame(
    seen,
    seen.toSorted(([a, i], [b, j]) => a - b || i - j),
  )
})

t.test('distributions have their means', async t => {
  const random = new RandomValues(7, 3)
  const mean = (distribution: Distribution): number => {
    let sum = 0
    for (let i = 0; i < 40_000; i++) sum += random.of(distribution)
    return sum / 40_000
  }
  const near = (found: number, wanted: number, what: string): void => {
    t.ok(Math.abs(found / wanted - 1) < 0.05, `${what}: ${found}, ${wanted} is expected`)
  }
  near(mean({ kind: 'constant', value: 3 }), 3, 'constant')
  near(mean({ kind: 'uniform', from: 2, to: 6 }), 4, 'uniform')
  near(mean({ kind: 'exponential', mean: 20 }), 20, 'exponential')
  near(mean({ kind: 'pareto', least: 1, shape: 3 }), 1.5, 'pareto')
  near(mean({ kind: 'lognormal', median: 2, sigma: 0.5 }), 2 * Math.exp(0.125), 'lognormal')
  for (const kind of ['poisson', 'constant', 'uniform'] as const) {
    let sum = 0
    for (let i = 0; i < 40_000; i++) sum += random.gap({ kind, perSecond: 50 })
    near(sum / 40_000, 20, kind)
  }
})

t.test('links: delay, order, loss, reordering, cuts', async t => {
  const carried = (link: { delayMs: number; jitterMs: number; loss: number; reorder: number }) => {
    const [events, ledger] = [new EventQueue(), new Ledger()]
    const wires = new Wires(events, new RandomValues(1, 1), ledger)
    wires.attach('a', link)
    const order: number[] = []
    const late: number[] = []
    for (let i = 0; i < 1000; i++)
      events.at(i, () =>
        wires.carry('a', 'b', () => {
          order.push(i)
          late.push(events.nowMs - i)
        }),
      )
    drained(events)
    const overtaken = order.filter((i, at) => at > 0 && i < order[at - 1]!).length
    return {
      overtaken,
      least: Math.min(...late),
      most: Math.max(...late),
      lost: ledger.interval.lost.get('link-loss') ?? 0,
    }
  }
  t.strictSame(carried({ delayMs: 5, jitterMs: 0, loss: 0, reorder: 0 }), { overtaken: 0, least: 5, most: 5, lost: 0 })
  const jittery = carried({ delayMs: 5, jitterMs: 20, loss: 0, reorder: 0 })
  t.equal(jittery.overtaken, 0)
  t.ok(jittery.most > 15 && jittery.most <= 25, `${jittery.most} ms`)
  const { lost, overtaken } = carried({ delayMs: 5, jitterMs: 0, loss: 0.1, reorder: 0.1 })
  t.ok(lost > 60 && lost < 140, `${lost} of 1000 lost`)
  t.ok(overtaken > 50, `${overtaken} overtaken`)

  const [events, ledger] = [new EventQueue(), new Ledger()]
  const wires = new Wires(events, new RandomValues(1, 1), ledger)
  let arrived = 0
  wires.cut('a', 'b')
  wires.carry('b', 'a', () => arrived++)
  wires.mend('b', 'a')
  wires.carry('b', 'a', () => arrived++)
  drained(events)
  t.strictSame([arrived, ledger.interval.lost.get('link-partition')], [1, 1])
})

t.test('places, a queue, and what is refused', async t => {
  const events = new EventQueue()
  const work = new WorkQueue(events, 2, 3)
  const done: number[] = []
  const add = (): boolean => work.add({ arrivedMs: events.nowMs, workMs: 10, done: () => done.push(events.nowMs) })
  t.strictSame([add(), add(), add(), add(), add(), add()], [true, true, true, true, true, false])
  drained(events)
  t.strictSame(done, [10, 10, 20, 20, 30])
  t.strictSame([work.queueMost, work.queuedMsMost, work.busyMs, work.busy], [3, 20, 50, 0])
  add()
  work.clear()
  drained(events)
  t.equal(done.length, 5, 'what a failed real server worked at is never done')
})

t.test('how long something failed after an event', async t => {
  const failures = [
    { sinceMs: 900, atMs: 3000 },
    { sinceMs: 2500, atMs: 5500 },
    { sinceMs: 9900, atMs: 10_000 },
  ]
  const shocks = [
    { text: 'one', atMs: 1000 },
    { text: 'two', atMs: 6000 },
  ]
  t.strictSame(recoveriesOf(shocks, failures, 10_001, 1000), [
    { event: 'one', atMs: 1000, tookMs: 1500, failed: 2 },
    { event: 'two', atMs: 6000, tookMs: null, failed: 1 },
  ])
  t.match(recoveriesOf(shocks, [], 10_000, 1000), [{ tookMs: 0 }, { tookMs: 0 }])
})
