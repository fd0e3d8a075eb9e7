import t from 'tap'
import { serviceInfo } from '../../../src/control/operations/listing.js'
import { findService } from '../../../src/control/operations/keys.js'
import { VIP } from '../../support/bench-director.js'
import { CLIENT, RS, Scene } from '../../director/scene.js'

t.test('a service is listed with all that was given, its servers newest first', async t => {
  const scene = new Scene()
  const settings = { scheduler: 'mh', persistence: 60, netmask: '255.255.0.0', onePacket: true, schedFlags: 3 }
  const key = scene.service('mark 9', settings, `${RS[0]}:0 5 7 3`, `${RS[1]}:80 0`)
  const stats = { conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 }
  const rates = { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 }
  const server = { method: 'masq', activeConns: 0, inactConns: 0, persistConns: 0, stats, rates }
  t.strictSame(serviceInfo(scene.director, findService(scene.director, key)), {
    mark: 9,
    ...settings,
    stats,
    rates,
    destinations: [
      { address: RS[1], port: 80, weight: 0, upperThreshold: 0, lowerThreshold: 0, ...server },
      { address: RS[0], port: 0, weight: 5, upperThreshold: 7, lowerThreshold: 3, ...server },
    ],
  })
})

t.test('counts are as they are, statistics as of the last two seconds', async t => {
  const scene = new Scene()
  const key = scene.service(`tcp ${VIP}:80`, { persistence: 60 }, `${RS[0]}:80`)
  scene.connect(`${CLIENT}:1`)
  scene.tcp(`${CLIENT}:2`)
  scene.tcp(`${CLIENT}:2`, undefined, 'F')
  const info = () => serviceInfo(scene.director, findService(scene.director, key))
  const [before] = info().destinations
  t.strictSame([before!.activeConns, before!.inactConns, before!.persistConns, before!.stats.conns], [1, 1, 1, 0])
  scene.run(2000)
  t.strictSame(info().stats, { conns: 2, inPkts: 4, outPkts: 1, inBytes: 160, outBytes: 40 })
  t.strictSame(info().destinations[0]!.stats, info().stats)
})
