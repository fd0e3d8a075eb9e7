import t from 'tap'
import { DataPlane } from '../../src/plane/data-plane.js'
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
