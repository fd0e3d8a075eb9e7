import t from 'tap'
import type { FleetShown } from '../../../src/control/dashboard/fleet.js'
import { BenchDirector } from '../../support/bench-director.js'
import { ask, post, serveDashboard } from './serve.js'

const FLEET: FleetShown = { self: 'lb1', revision: 7, directors: [{ name: 'lb1', state: '?' }], faults: ['x'] }

t.test('the fleet, read once for all who look', async t => {
  const { control } = new BenchDirector()
  t.strictSame((await ask(await serveDashboard(t, { control }), '/api/fleet')).json, {}, 'in none')
  let reads = 0
  const port = await serveDashboard(t, {
    control,
    fleet: async () => {
      reads++
      return FLEET
    },
  })
  const answers = await Promise.all([1, 2, 3].map(() => ask(port, '/api/fleet')))
  for (const { json } of answers) t.strictSame(json, { fleet: FLEET })
  t.equal(reads, 1)
  t.equal((await post(port, '/api/fleet', {})).status, 405)
  t.equal((await ask(port, '/api/fleet', { headers: { origin: 'http://evil.example' } })).status, 403)
})

t.test('an etcd that does not answer is named', async t => {
  const { control } = new BenchDirector()
  const port = await serveDashboard(t, { control, fleet: () => Promise.reject(new Error('etcd does not answer')) })
  for (let i = 0; i < 2; i++)
    t.match(await ask(port, '/api/fleet'), { status: 503, json: { message: 'etcd does not answer' } })
})
