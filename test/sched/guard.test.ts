import t from 'tap'
import { guard, SchedulerFailure } from '../../src/sched/guard.js'
import { rr } from '../../src/sched/rr.js'
import type { BoundScheduler, Scheduler } from '../../src/sched/scheduler.js'
import { flowOf, Pool } from './pool.js'

function guarded(bound: unknown) {
  const problems: string[] = []
  const scheduler: Scheduler = { name: 'mine', bind: () => bound as BoundScheduler }
  const pool = new Pool(
    guard(
      scheduler,
      problem => problems.push(problem),
      () => 'FWM 7',
    ),
  )
  return { pool, problems }
}

/** The message of the SchedulerFailure that comes of asking; anything else is no good. */
function failureOf(pool: Pool): string {
  try {
    return pool.pick()
  } catch (error) {
    return error instanceof SchedulerFailure ? error.message : `not a SchedulerFailure: ${String(error)}`
  }
}
const NONSENSE = 'scheduler mine of FWM 7: schedule() returned no destination of the service'

t.test('one that does right is let through, with its name', async t => {
  const problems: string[] = []
  const scheduler = guard(
    rr,
    problem => problems.push(problem),
    () => 'FWM 7',
  )
  t.equal(scheduler.name, 'rr')
  const pool = new Pool(scheduler)
  t.equal(pool.pick(), '-')
  for (const name of 'ABC') pool.add(name, 1)
  t.equal(pool.pick() + pool.pick(), 'CB')
  pool.remove('B')
  pool.edit('C', 0)
  t.equal(pool.pick() + pool.pick(), 'AA', 'it is told of changes')
  pool.bound.tick!(1)
  pool.bound.unbound!()
  t.strictSame(problems, [])
})

t.test('what it answers must be a destination of the service, or nothing', async t => {
  let answer: unknown
  const { pool } = guarded({ schedule: () => answer })
  pool.add('A', 1)
  pool.add('B', 1)
  for (const nothing of [undefined, null]) {
    answer = nothing
    t.equal(pool.pick(), '-', String(nothing))
  }
  answer = pool.dest('A')
  t.equal(pool.pick(), 'A')
  pool.remove('A')
  t.equal(failureOf(pool), NONSENSE, 'one that was removed')
  for (const nonsense of [0, '', false, 'A', {}, [], NaN, Promise.resolve(pool.dest('B'))]) {
    answer = nonsense
    t.equal(failureOf(pool), NONSENSE, String(nonsense))
  }
  answer = new Pool(rr)
  t.equal(failureOf(pool), NONSENSE, 'an object of another kind')
})

t.test('what schedule() throws becomes a failure that says so', async t => {
  for (const [thrown, message] of [
    [new TypeError('no such thing'), 'scheduler mine of FWM 7: schedule() threw: no such thing'],
    ['text', 'scheduler mine of FWM 7: schedule() threw: text'],
    [undefined, 'scheduler mine of FWM 7: schedule() threw: undefined'],
  ] as const) {
    const { pool, problems } = guarded({
      schedule() {
        throw thrown
      },
    })
    t.equal(failureOf(pool), message)
    t.strictSame(problems, [], 'who asked reports it')
  }
})

const fail = (): never => {
  throw new Error('oh')
}

t.test('what the other calls throw is only reported', async t => {
  const { pool, problems } = guarded({
    schedule: () => undefined,
    added: fail,
    edited: fail,
    removed: fail,
    tick: fail,
    unbound: fail,
  })
  pool.add('A', 1)
  pool.edit('A', 2)
  pool.remove('A')
  pool.bound.tick!(0)
  pool.bound.unbound!()
  const calls = ['added', 'edited', 'removed', 'tick', 'unbound']
  t.strictSame(
    problems,
    calls.map(call => `scheduler mine of FWM 7: ${call}() threw: oh`),
  )
})

t.test('calls that it does not have are not missed', async t => {
  const { pool, problems } = guarded({ schedule: () => undefined })
  pool.add('A', 1)
  pool.edit('A', 2)
  pool.remove('A')
  pool.bound.tick!(0)
  pool.bound.unbound!()
  t.strictSame(problems, [])
})

t.test('it is called as a method, with the flow and the time', async t => {
  const seen: unknown[] = []
  class Mine {
    tag = 'mine'
    schedule(flow: unknown, now: number) {
      seen.push(this.tag, flow, now)
    }
  }
  const { pool } = guarded(new Mine())
  pool.now = 77
  const flow = flowOf('10.0.0.1:5')
  pool.pick(flow)
  t.strictSame(seen, ['mine', flow, 77])
})

t.test('bind() must answer an object with a schedule()', async t => {
  for (const nonsense of [undefined, null, 7, {}, { schedule: 1 }, () => undefined])
    t.throws(() => guarded(nonsense), TypeError, String(nonsense))
})
