import { EventEmitter, once } from 'node:events'
import t from 'tap'
import type { Control, Reply, Request } from '../../src/control/protocol/api.js'
import { executeInSteps } from '../../src/control/operations/execute.js'
import { connectControl } from '../../src/control/socket/client.js'
import { serveControl } from '../../src/control/socket/server.js'
import { memoryOf, RequestQueue } from '../../src/plane/request-queue.js'
import { BenchDirector, fromClient, VIP } from '../support/bench-director.js'
import { udp4 } from '../support/frames.js'
import { SimulatedFlows } from '../support/simulated-flows.js'
import { tempDir } from '../support/temp.js'
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

t.test('a long reading is overtaken by what is asked meanwhile, and gets on all the same', async t => {
  let clock = 0
  const begun: string[] = []
  const queue = new RequestQueue(function* ({ op }: Request): Generator<void, Reply> {
    begun.push(op)
    for (let step = 0; step < (op === 'offload' ? 10 : 2); step++) {
      clock++
      yield
    }
    return { ok: true, value: null }
  })
  const turn = (): number[] => queue.work(clock + 3, () => clock).map(({ id }) => id)
  queue.add([
    { id: 1, request: { op: 'timeouts' } },
    { id: 2, request: { op: 'offload' } },
  ])
  t.strictSame(turn(), [1])
  t.strictSame(begun, ['timeouts', 'offload'])
  queue.add([{ id: 3, request: { op: 'verdicts' } }])
  t.strictSame(turn(), [3], 'at once')
  let turns = 0
  const answered: number[] = []
  for (let id = 100; id < 200 && !answered.includes(2); id++, turns++) {
    queue.add([
      { id, request: { op: 'verdicts' } },
      { id: id + 1000, request: { op: 'verdicts' } },
    ])
    answered.push(...turn())
  }
  t.ok(answered.includes(2), 'the others leave it a step a turn')
  t.ok(turns <= 10, `${turns} turns`)
})

t.test('another client of the control socket is answered while the flows of a large table are counted', async t => {
  const bench = new BenchDirector({ offload: new SimulatedFlows(16), maxConnections: 8192 })
  bench.serve('udp', `${VIP}:53`, '10.99.2.11:53')
  for (let port = 1001; port <= 9000; port++) {
    bench.receive('c', udp4(`10.99.1.10:${port} > ${VIP}:53`, fromClient))
    bench.take()
  }
  const queue = new RequestQueue(request => executeInSteps(bench.director, request, {}))
  const asked: { request: Request; resolve(reply: Reply): void }[] = []
  const answered: string[] = []
  const turn = (until: number): void => {
    for (const { id, ...reply } of queue.work(until, () => 1)) {
      answered.push(asked[id]!.request.op)
      if ('json' in reply) asked[id]!.resolve(JSON.parse(reply.json) as Reply)
    }
  }
  /** The walk has begun when the other client's request comes. */
  const call = (request: Request): Promise<Reply> =>
    new Promise(resolve => {
      queue.add([{ id: asked.push({ request, resolve }) - 1, request }])
      turn(asked.length === 1 ? 0 : 2)
      begun.emit('begun')
    })
  const begun = new EventEmitter()
  const path = `${tempDir(t)}/uvs.sock`
  const server = await serveControl(path, { call } as Control)
  const [one, other] = [connectControl(path), connectControl(path)]
  t.teardown(async () => {
    one.close()
    other.close()
    await server.close()
  })
  const hasBegun = once(begun, 'begun')
  const counted = one.call({ op: 'offload' })
  await hasBegun
  t.match(await other.call({ op: 'verdicts' }), { ok: true })
  t.match(await counted, { ok: true, value: { here: { due: 2 * 8000 } } })
  t.strictSame(answered, ['verdicts', 'offload'])
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

t.test('what services come to goes to the other thread as numbers, and its memory with it', async t => {
  const bench = crowded()
  const queue = new RequestQueue(request => executeInSteps(bench.director, request, {}))
  queue.add([{ id: 3, request: { op: 'service-sums' } }])
  const answered = queue.work(Infinity, () => 0)
  const there = structuredClone(answered, { transfer: memoryOf(answered) })
  t.match(there, [{ id: 3, columns: { schedulers: ['rr'], keys: { length: 900 }, sums: { length: 1600 } } }])
  t.match(answered, [{ columns: { keys: { length: 0 }, sums: { length: 0 } } }], 'nothing was copied')
})
