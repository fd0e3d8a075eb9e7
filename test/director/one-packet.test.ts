import t from 'tap'
import { parseIpv4 } from '../../src/wire/addr.js'
import { VIP } from '../support/bench-director.js'
import { udp4 } from '../support/frames.js'
import { CLIENT, RS, Scene } from './scene.js'

const UDP = `udp ${VIP}:53`

function stats(scene: Scene): number[][] {
  scene.run(2000)
  const infos = scene.services()
  if (typeof infos === 'string') throw new Error(infos)
  return infos.flatMap(info => [info, ...info.destinations]).map(({ stats: s }) => [s.conns, s.inPkts, s.outPkts])
}

t.test('each packet is scheduled anew and leaves no connection', async t => {
  const scene = new Scene()
  const key = scene.service(UDP, { onePacket: true }, `${RS[0]}:53`, `${RS[1]}:53`)
  const to = Array.from({ length: 4 }, () => scene.udp(`${CLIENT}:1`))
  t.strictSame(to, [`${RS[1]}:53`, `${RS[0]}:53`, `${RS[1]}:53`, `${RS[0]}:53`])
  t.strictSame(scene.connections(), [])
  t.equal(scene.director.conns.table.count, 0)
  t.equal(scene.counts(key, `${RS[0]}:53`), '0–0')
  t.strictSame(stats(scene), [
    [4, 4, 0],
    [2, 2, 0],
    [2, 2, 0],
  ])
})

t.test('answers find no connection and leave as they are', async t => {
  const scene = new Scene()
  scene.service(UDP, { onePacket: true }, `${RS[0]}:53`)
  scene.udp(`${CLIENT}:1`)
  t.equal(scene.udpAnswer(`${RS[0]}:53`, `${CLIENT}:1`), 'forwarded')
  scene.sysctl('nat_icmp_send', 1)
  t.equal(scene.udpAnswer(`${RS[0]}:53`, `${CLIENT}:1`), 'drop-no-connection')
})

t.test('TCP of such a service has ordinary connections', async t => {
  const scene = new Scene()
  scene.service('mark 1', { onePacket: true }, `${RS[0]}:0`)
  scene.must({ op: 'add-vip', cidr: VIP })
  for (const protocol of ['tcp', 'udp', 'sctp'] as const)
    scene.must({ op: 'add-mark', rule: { protocol, to: VIP, ports: [], mark: 1 } })
  t.equal(scene.udp(`${CLIENT}:1`, `${VIP}:99`), `${RS[0]}:99`)
  t.strictSame(scene.connections(), [])
  t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:99`), `${RS[0]}:99`)
  t.equal(scene.sctp(`${CLIENT}:1`, `${VIP}:99`, [1]), `${RS[0]}:99`)
  t.equal(scene.connections().length, 2)
})

t.test('with persistence the template is kept, found and counted', async t => {
  const scene = new Scene()
  const key = scene.service(UDP, { onePacket: true, persistence: 100 }, `${RS[0]}:53`, `${RS[1]}:53`)
  for (let i = 0; i < 3; i++) t.equal(scene.udp(`${CLIENT}:${1 + i}`), `${RS[1]}:53`)
  t.strictSame(scene.connections(), [`udp NONE 100 ${CLIENT}:0 ${VIP}:53 ${RS[1]}:53`])
  t.equal(scene.counts(key, `${RS[1]}:53`), '0–0–1')
  const { conns } = scene.director
  const [network, vip] = [parseIpv4(CLIENT)!, parseIpv4(VIP)!]
  const template = conns.table.lookupTemplate(17, network, vip, 53)
  t.equal(conns.inboundOf(template), 3, 'the packets are counted there (§4.8)')
  t.equal(conns.childrenOf(template), 0)
  scene.run(50_000)
  scene.udp(`${CLIENT}:1`)
  t.match(scene.connections(), [/^udp NONE 100 /], 'and each gives it its time')
})

t.test('an open connection is found before the service is asked', async t => {
  const scene = new Scene()
  const key = scene.service(UDP, {}, `${RS[0]}:53`, `${RS[1]}:53`)
  t.equal(scene.udp(`${CLIENT}:1`), `${RS[1]}:53`)
  const settings = { scheduler: 'rr', persistence: 0, netmask: '255.255.255.255', onePacket: true, schedFlags: 0 }
  scene.must({ op: 'edit-service', service: key, settings })
  t.equal(scene.udp(`${CLIENT}:1`), `${RS[1]}:53`)
  t.equal(scene.udp(`${CLIENT}:2`), `${RS[0]}:53`)
  t.equal(scene.connections().length, 1)
})

t.test('thresholds see it only while its packet is handled; with nobody free it is refused', async t => {
  const scene = new Scene()
  const key = scene.service(UDP, { onePacket: true }, `${RS[0]}:53 1 1`)
  for (let i = 0; i < 3; i++) t.equal(scene.udp(`${CLIENT}:1`), `${RS[0]}:53`)
  scene.editServer(key, `${RS[0]}:53 0`)
  t.equal(scene.udp(`${CLIENT}:1`), 'drop-no-destination')
  t.strictSame(scene.lastSent, [`c icmp 3/3 to ${CLIENT}`])
})

t.test('in a full table there is no room for one packet either', async t => {
  const scene = new Scene({ maxConnections: 1 })
  scene.service(UDP, { onePacket: true }, `${RS[0]}:53`)
  scene.service(`tcp ${VIP}:80`, {}, `${RS[0]}:80`)
  scene.tcp(`${CLIENT}:1`)
  t.equal(scene.udp(`${CLIENT}:1`), 'drop-table-full')
})

t.test('schedule_icmp: an error about such a flow goes to a server, and leaves no connection either', async t => {
  for (const persistence of [0, 100]) {
    const scene = new Scene()
    const key = scene.service(UDP, { onePacket: true, persistence }, `${RS[0]}:53`)
    scene.sysctl('schedule_icmp', 1)
    t.match(scene.error(udp4(`${VIP}:53 > 192.0.2.9:5`)), RS[0])
    t.equal(scene.director.conns.table.count, persistence > 0 ? 1 : 0, 'but for the template')
    t.equal(scene.counts(key, `${RS[0]}:53`), persistence > 0 ? '0–0–1' : '0–0')
  }
})
