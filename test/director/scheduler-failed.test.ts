import t from 'tap'
import { execute } from '../../src/control/operations/execute.js'
import type { Scheduler } from '../../src/sched/scheduler.js'
import { BenchDirector, fromClient, on, toServer, VIP } from '../support/bench-director.js'
import { tcp4 } from '../support/frames.js'
import { serviceSettings } from '../support/settings.js'

const broken: Scheduler = {
  name: 'broken',
  bind: () => ({
    schedule() {
      throw new TypeError('a bug in a scheduler')
    },
  }),
}

const syn = (port: number): Uint8Array => tcp4(`10.99.1.10:40000 > ${VIP}:${port}`, fromClient)

t.test(
  'verdict drop-scheduler-failed: a scheduler that throws costs its own service a packet, nobody else',
  async t => {
    const bench = new BenchDirector({ schedulers: [broken] })
    bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
    bench.serveBy('broken', 'tcp', `${VIP}:81`, '10.99.2.12:80')
    bench.changes()
    t.strictSame(bench.turn('c', syn(81)), ['drop-scheduler-failed'])
    t.strictSame(bench.changes(), { 'drop-scheduler-failed': 1 })
    t.strictSame(bench.turn('c', syn(80)), [
      'balanced',
      on('r', tcp4('10.99.1.10:40000 > 10.99.2.11:80', { ...toServer(), ttl: 63 })),
    ])
  },
)

t.test('a scheduler that will not have a service: EINVAL, and a line of why', async t => {
  const problems: string[] = []
  const unwilling: Scheduler = {
    name: 'unwilling',
    bind() {
      throw new RangeError('no room')
    },
  }
  const bench = new BenchDirector({ schedulers: [unwilling], report: problem => problems.push(problem) })
  const service = { protocol: 'tcp', address: VIP, port: 80 } as const
  const settings = serviceSettings('unwilling')
  t.match(execute(bench.director, { op: 'add-service', service, settings }), { ok: false, refusal: 'EINVAL' })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  t.match(execute(bench.director, { op: 'edit-service', service, settings }), { ok: false, refusal: 'EINVAL' })
  t.match(bench.services(service), [{ scheduler: 'rr' }], 'as before')
  t.strictSame(problems, Array(2).fill(`scheduler unwilling of TCP ${VIP}:80: no room`))
})
