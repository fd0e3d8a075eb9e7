import t from 'tap'
import type { Reply, Request } from '../../src/control/protocol/api.js'
import { executeInSteps } from '../../src/control/operations/execute.js'
import { RequestQueue } from '../../src/plane/request-queue.js'
import { BenchDirector } from '../support/bench-director.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const OK = '{"ok":true,"value":null}'

t.test('a turn has its time: what is left over goes on in the next, and in order', async t => {
  let clock = 0
  const begun: string[] = []
  const queue = new RequestQueue(function* ({ op }: Request): Generator<void, Reply> {
    begun.push(op)
    for (let step = 0; step < (op === 'flush' ? 10 : 1); step++) {
      clock++
      yield
    }
    return { ok: true, value: null }
  })
  t.ok(queue.isEmpty)
  queue.add([
    { id: 1, request: { op: 'flush' } },
    { id: 2, request: { op: 'verdicts' } },
  ])
  queue.add([{ id: 3, request: { op: 'timeouts' } }])
  const turns: unknown[] = []
  for (let turn = 0; !queue.isEmpty; turn++) turns.push(queue.work(clock + 4, () => clock).map(({ id }) => id))
  t.strictSame(turns, [[], [], [1, 2], [3]])
  t.strictSame(begun, ['flush', 'verdicts', 'timeouts'], 'none before the one ahead is done')
  t.strictSame(
    queue.work(clock + 4, () => clock),
    [],
  )
})

t.test('even without any time it gets on', async t => {
  const queue = new RequestQueue(function* (): Generator<void, Reply> {
    yield
    return { ok: true, value: null }
  })
  queue.add([{ id: 7, request: { op: 'flush' } }])
  t.strictSame(
    queue.work(0, () => 1),
    [],
  )
  t.strictSame(
    queue.work(0, () => 1),
    [{ id: 7, json: OK }],
  )
})

const service = (port: number) => ({ protocol: 'tcp', address: '10.99.1.100', port }) as const

/** 100 services, one of them with 500 real servers. */
function crowded(): BenchDirector {
  const bench = new BenchDirector()
  for (let port = 1; port <= 100; port++)
    bench.must({ op: 'add-service', service: service(port), settings: serviceSettings('rr') })
  for (let port = 1; port <= 500; port++) {
    const destination = { address: '10.99.2.11', port }
    bench.must({ op: 'add-destination', service: service(7), destination, settings: destinationSettings(1) })
  }
  return bench
}

t.test('what touches everything comes in steps, and the same comes of it', async t => {
  const cases: [request: Request, least: number, left: number][] = [
    [{ op: 'zero' }, 110, 100],
    [{ op: 'zero', service: service(7) }, 15, 100],
    [{ op: 'delete-service', service: service(7) }, 15, 99],
    [{ op: 'flush' }, 110, 0],
    [{ op: 'reset' }, 110, 0],
  ]
  for (const [request, least, left] of cases) {
    const bench = crowded()
    let steps = 1
    const running = executeInSteps(bench.director, request, {})
    let step = running.next()
    for (; !step.done; step = running.next()) {
      steps++
      bench.poll(1) // as frames and timers would come
    }
    t.strictSame(step.value, { ok: true, value: null }, request.op)
    t.ok(steps >= least, `${request.op}: ${steps} steps`)
    t.equal(bench.director.balancing.count, left, request.op)
    bench.must({ op: 'flush' })
    bench.must({ op: 'add-service', service: service(7), settings: serviceSettings('rr') })
  }
})
