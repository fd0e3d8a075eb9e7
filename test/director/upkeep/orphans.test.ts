import t from 'tap'
import { VIP } from '../../support/bench-director.js'
import { CLIENT, RS, Scene } from '../scene.js'

const TCP = `tcp ${VIP}:80`

t.test('a deleted server’s connections stay; with expire_nodest_conn they are ended', async t => {
  for (const expire of [0, 1]) {
    const scene = new Scene()
    const key = scene.service(TCP, {}, `${RS[0]}:80`, `${RS[1]}:80`)
    for (let port = 1; port <= 10; port++) scene.connect(`${CLIENT}:${port}`)
    scene.sysctl('expire_nodest_conn', expire)
    scene.deleteServer(key, `${RS[1]}:80`)
    t.equal(scene.connections().length, 10, 'not at once')
    scene.run(20)
    t.equal(scene.connections().length, expire ? 5 : 10)
    t.ok(!expire || scene.connections().every(line => line.endsWith(`${RS[0]}:80`)))
    scene.addServer(key, `${RS[1]}:80`)
    t.equal(scene.counts(key, `${RS[1]}:80`), expire ? '0–0' : '5–0')
    t.equal(scene.counts(key, `${RS[0]}:80`), '5–0')
  }
})

t.test('templates go with their last connection, assured or not, those without any too', async t => {
  const scene = new Scene()
  const key = scene.service(TCP, { persistence: 360 }, `${RS[0]}:80`, `${RS[1]}:80`)
  t.equal(scene.connect(`${CLIENT}:1`), `${RS[1]}:80`)
  scene.connect(`${CLIENT}:2`)
  scene.tcp('10.99.1.11:1')
  scene.tcp('10.99.1.12:1')
  scene.tcp('10.99.1.12:1', undefined, 'R')
  scene.run(61_000)
  t.equal(scene.connections().filter(line => line.endsWith(`${RS[1]}:80`)).length, 4)
  scene.sysctl('expire_nodest_conn', 1)
  scene.deleteServer(key, `${RS[1]}:80`)
  scene.run(20)
  t.strictSame(
    scene.connections().map(line => line.split(' ')[5]),
    [`${RS[0]}:80`],
  )
  scene.addServer(key, `${RS[1]}:80`)
  t.equal(scene.counts(key, `${RS[1]}:80`), '0–0')
})

t.test('a deleted service’s connections are ended while there is another service', async t => {
  const scene = new Scene()
  scene.service(`udp ${VIP}:53`, {}, `${RS[0]}:53`)
  const key = scene.service(TCP, { persistence: 360 }, `${RS[0]}:80`)
  scene.connect(`${CLIENT}:1`)
  scene.udp(`${CLIENT}:1`)
  scene.sysctl('expire_nodest_conn', 1)
  scene.must({ op: 'delete-service', service: key })
  scene.run(20)
  t.strictSame(scene.connections(), [`udp UDP 299 ${CLIENT}:1 ${VIP}:53 ${RS[0]}:53`])
  scene.must({ op: 'flush' })
  scene.run(20)
  t.strictSame(scene.connections(), [])
})

// As recorded of Linux 6.1 (npm run conformance -- --live --seed 987654321, number 8).
t.test('a service that has no server left takes no connections with it', async t => {
  for (const op of ['delete-service', 'flush']) {
    const scene = new Scene()
    const key = scene.service(TCP, {}, `${RS[0]}:80`)
    scene.connect(`${CLIENT}:1`)
    scene.deleteServer(key, `${RS[0]}:80`)
    scene.sysctl('expire_nodest_conn', 1)
    scene.must(op === 'flush' ? { op } : { op: 'delete-service', service: key })
    scene.run(20)
    t.equal(scene.connections().length, 1, op)
  }
})

t.test(
  'a packet of a connection whose server is gone: dropped, or with expire_nodest_conn taken for a new one',
  async t => {
    for (const expire of [0, 1]) {
      const scene = new Scene()
      const key = scene.service(TCP, {}, `${RS[0]}:80`, `${RS[1]}:80`)
      scene.connect(`${CLIENT}:1`)
      scene.deleteServer(key, `${RS[1]}:80`)
      scene.sysctl('expire_nodest_conn', expire)
      scene.run(5000)
      if (!expire) {
        for (const flags of ['S', 'A']) t.equal(scene.tcp(`${CLIENT}:1`, undefined, flags), 'drop-destination-gone')
        t.match(scene.connections(), [/^tcp ESTABLISHED 895 /], 'state and timer are left')
        continue
      }
      t.equal(scene.tcp(`${CLIENT}:1`, undefined, 'A'), 'answered', 'an ACK: the host says RST')
      scene.run(20)
      t.strictSame(scene.connections(), [])
      scene.connect(`${CLIENT}:2`)
      t.equal(scene.tcp(`${CLIENT}:1`), `${RS[0]}:80`)
    }
  },
)

t.test('a large table is looked through in several turns', async t => {
  const scene = new Scene({ maxConnections: 65_536 })
  const key = scene.service(`udp ${VIP}:53`, {}, `${RS[0]}:53`)
  for (let port = 1; port <= 20_000; port++) scene.udp(`${CLIENT}:${port}`)
  scene.sysctl('expire_nodest_conn', 1)
  scene.deleteServer(key, `${RS[0]}:53`)
  const left: number[] = []
  for (let turn = 0; turn < 5; turn++) {
    scene.poll()
    left.push(scene.director.conns.table.count)
  }
  t.ok(left[0]! < 20_000 && left[0]! > 8000, `${left.join(' ')}: a share a turn`)
  t.strictSame(left.slice(3), [0, 0])
})
