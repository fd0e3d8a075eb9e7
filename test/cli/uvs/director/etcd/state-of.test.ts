import t from 'tap'
import { allServices } from '../../../../../src/control/protocol/all-services.js'
import { AppliedServices } from '../../../../../src/cli/uvs/director/etcd/applied-services.js'
import { RecentLoad } from '../../../../../src/cli/uvs/director/etcd/recent-load.js'
import { stateOf } from '../../../../../src/cli/uvs/director/etcd/state-of.js'
import { uvsadm } from '../../../../../src/cli/uvsadm/run.js'
import { decodeState, encodeState, type DirectorState } from '../../../../../src/fleet/publish/director-state.js'
import { CLIENT, RS, Scene } from '../../../../director/scene.js'
import { destinationSettings, serviceSettings } from '../../../../support/settings.js'

async function seen(scene: Scene): Promise<DirectorState> {
  const all = await allServices(scene.control)
  const services = new AppliedServices(all.ok ? all.value : [])
  const status = { revision: 7, from: 'etcd', refused: undefined, brokenKeys: 0, isReachable: true } as const
  const load = await new RecentLoad(scene.control).get(0)
  return stateOf(scene.control, {
    name: 'd1',
    since: '2026-11-30T05:00:00Z',
    status,
    services,
    load,
    isDraining: false,
  })
}

async function rule(scene: Scene, line: string): Promise<void> {
  t.match(await uvsadm(line.split(' '), scene.control), { status: 0 }, line)
}

t.test('real servers of weight 0 that still have connections are named, until they have none', async t => {
  const scene = new Scene()
  await rule(scene, '-A -t 10.99.1.100:80 -s rr')
  for (const server of [RS[0], RS[1]]) await rule(scene, `-a -t 10.99.1.100:80 -r ${server}:80 -m -w 1`)
  for (let port = 1; port <= 6; port++) scene.tcp(`${CLIENT}:${port}`, '10.99.1.100:80')
  t.match(
    await seen(scene),
    { draining: [], health: { realServersDown: 0 } },
    'with a weight it is nothing to wait for',
  )

  await rule(scene, `-e -t 10.99.1.100:80 -r ${RS[1]}:80 -m -w 0`)
  const service = { protocol: 'tcp', address: '10.99.1.100', port: 80 }
  const state = await seen(scene)
  t.strictSame(state.draining, [{ service, address: RS[1], port: 80, connections: 3 }])
  t.match(state.health, { realServersDown: 1, servicesDown: 0 })
  t.strictSame(decodeState('k', encodeState(state)), state, 'and are read so')

  scene.run(200_000)
  t.strictSame((await seen(scene)).draining, [])
})

t.test('of too many it says nothing, rather than of some that they have none', async t => {
  const scene = new Scene()
  for (let port = 1001; port <= 1257; port++) {
    const vip = `10.99.1.100:${port}`
    const service = { protocol: 'tcp', address: '10.99.1.100', port } as const
    scene.must({ op: 'add-service', service, settings: serviceSettings('rr') })
    if (port === 1257) t.strictSame((await seen(scene)).draining, [], vip)
    scene.must({
      op: 'add-destination',
      service,
      destination: { address: RS[0], port: 80 },
      settings: destinationSettings(0),
    })
  }
  t.notOk('draining' in (await seen(scene)))
})
