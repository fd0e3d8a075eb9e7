import t from 'tap'
import { DataPlane, type DataPlaneOptions } from '../../src/plane/data-plane.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'

const skip = ownNetwork()

t.test('a data plane that has stopped says so to whoever asks, and may be stopped again', { skip }, async t => {
  veth('dc', 'c0')
  t.teardown(() => ip('link del dc'))
  const plane = await DataPlane.start({
    devices: [{ kind: 'raw', name: 'dc' }],
    director: { addresses: ['10.99.1.1/24@dc'], seed: 1, maxConnections: 256 },
  })
  await plane.stop()
  const stopped = { ok: false, refusal: 'EPROTO', message: 'the director has stopped' }
  t.strictSame(await plane.call({ op: 'verdicts' }).catch(String), stopped)
  t.equal(await plane.stop().catch(String), undefined)
})

t.test('a data plane that is to stop while its workers start starts no more of them', { skip }, async t => {
  veth('dc', 'c0')
  t.teardown(() => ip('link del dc'))
  const options: DataPlaneOptions = {
    devices: [{ kind: 'raw', name: 'dc' }],
    director: { addresses: ['10.99.1.1/24@dc'], seed: 1, maxConnections: 1023 },
    workers: 2,
  }
  const stop = new AbortController()
  const first = new Promise<void>(resolve => process.once('worker', () => resolve()))
  const starting = DataPlane.start(options, () => {}, stop.signal)
  await first
  stop.abort(new Error('enough'))
  await t.rejects(starting, { message: 'enough' })
  const again = await DataPlane.start(options)
  await again.stop() // the one worker that had started has left the interface: a second director on it would be refused
})
