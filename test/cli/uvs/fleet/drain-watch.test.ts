import t from 'tap'
import { type Look, watchDrain } from '../../../../src/cli/uvs/fleet/drain-watch.js'
import type { FleetSession } from '../../../../src/cli/uvs/fleet/fleet-session.js'
import { EtcdError } from '../../../../src/etcd/etcd-error.js'

const END: Look = { text: '', directors: [], end: { state: 'drained', message: 'd1 has stopped' } }

function session(): FleetSession {
  let now = 0
  const world = { now: () => now, wait: async (ms: number) => void (now += ms) }
  return { world } as unknown as FleetSession
}

t.test('etcd without a leader for a moment does not end the looking', async t => {
  let looks = 0
  const look = async (): Promise<Look> => {
    if (++looks < 5) throw new EtcdError('unreachable', 'http://h:1: no leader')
    return END
  }
  t.equal(await watchDrain(session(), look, 60, true), 0)
  t.equal(looks, 5)
})

t.test('one that stays away does, in its words', async t => {
  const look = t.captureFn(() => Promise.reject(new EtcdError('unreachable', 'http://h:1: connect ECONNREFUSED')))
  await t.rejects(watchDrain(session(), look, 60, true), { message: 'http://h:1: connect ECONNREFUSED' })
  t.ok(look.calls.length > 10, 'for 15 s')
})
