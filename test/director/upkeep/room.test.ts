import t from 'tap'
import { CLIENT, RS, Scene } from '../scene.js'
import { VIP } from '../../support/bench-director.js'

/* A full table: what is half open makes room after a second, all else stays. */

const SERVICE = `tcp ${VIP}:80`
const IDLE = 1100

t.test('half-open connections make room when nothing has come of them for a second', async t => {
  const scene = new Scene({ maxConnections: 8 })
  const key = scene.service(SERVICE, {}, `${RS[0]}:80`)
  for (let port = 1; port <= 8; port++) t.equal(scene.tcp(`${CLIENT}:${port}`), `${RS[0]}:80`)
  t.equal(scene.tcp(`${CLIENT}:9`), 'drop-table-full', 'they are new')
  scene.run(IDLE)
  for (let port = 11; port <= 18; port++) t.equal(scene.tcp(`${CLIENT}:${port}`), `${RS[0]}:80`)
  t.equal(scene.tcp(`${CLIENT}:19`), 'drop-table-full', 'now these are')
  t.equal(scene.director.conns.table.count, 8)
  t.equal(scene.counts(key, `${RS[0]}:80`), '8–0', 'those that ended are counted no more')
})

t.test('established and closed connections, and those with a packet since, stay in a full table', async t => {
  const scene = new Scene({ maxConnections: 4 })
  scene.service(SERVICE, {}, `${RS[0]}:80`)
  scene.connect(`${CLIENT}:1`)
  scene.connect(`${CLIENT}:2`)
  scene.tcp(`${CLIENT}:2`, undefined, 'FA')
  scene.tcp(`${CLIENT}:3`)
  scene.tcp(`${CLIENT}:4`)
  scene.run(IDLE)
  scene.tcp(`${CLIENT}:4`) // the SYN again
  t.equal(scene.tcp(`${CLIENT}:5`), `${RS[0]}:80`, 'in place of the third')
  t.equal(scene.tcp(`${CLIENT}:6`), 'drop-table-full')
  const ports = scene.connections().map(line => line.split(' ')[3]!.split(':')[1])
  t.strictSame(ports.toSorted(), ['1', '2', '4', '5'])
})

t.test('datagrams make no room for others, but get it from half-open connections', async t => {
  const scene = new Scene({ maxConnections: 2 })
  scene.service(SERVICE, {}, `${RS[0]}:80`)
  scene.service(`udp ${VIP}:53`, {}, `${RS[0]}:53`)
  scene.udp(`${CLIENT}:1`)
  scene.tcp(`${CLIENT}:1`)
  scene.run(IDLE)
  t.equal(scene.udp(`${CLIENT}:2`), `${RS[0]}:53`)
  scene.run(IDLE)
  t.equal(scene.udp(`${CLIENT}:3`), 'drop-table-full')
})

t.test('a persistent service has room made for the template too', async t => {
  const scene = new Scene({ maxConnections: 4 })
  scene.service(SERVICE, { persistence: 100 }, `${RS[0]}:80`)
  scene.service(`tcp ${VIP}:81`, {}, `${RS[0]}:81`)
  for (let port = 1; port <= 4; port++) scene.tcp(`${CLIENT}:${port}`, `${VIP}:81`)
  scene.run(IDLE)
  t.equal(scene.tcp(`${CLIENT}:9`), `${RS[0]}:80`)
  t.ok(
    scene.connections().some(line => line.includes(`${CLIENT}:0 `)),
    'the template is there',
  )
  t.equal(scene.director.conns.table.count, 4)
})

t.test('a record that has just become free is looked at again, and left', async t => {
  const scene = new Scene({ maxConnections: 2 })
  scene.service(SERVICE, { persistence: 100 }, `${RS[0]}:80`)
  scene.service(`tcp ${VIP}:81`, {}, `${RS[0]}:81`)
  scene.connect(`${CLIENT}:1`, `${VIP}:81`)
  scene.tcp(`${CLIENT}:2`, `${VIP}:81`)
  scene.run(IDLE)
  t.equal(scene.tcp(`${CLIENT}:9`), 'drop-table-full', 'there is room for one, and two are needed')
  t.equal(scene.director.conns.table.count, 2, 'the open one, and a template')
})

t.test('one that a new connection replaces is not what makes room for it', async t => {
  const scene = new Scene({ maxConnections: 1 })
  const key = scene.service(SERVICE, {}, `${RS[0]}:80`, `${RS[1]}:80`)
  scene.sysctl('expire_nodest_conn', 1)
  const first = scene.tcp(`${CLIENT}:1`)
  scene.editServer(key, `${first} 0`)
  scene.run(IDLE)
  t.equal(scene.tcp(`${CLIENT}:1`), 'drop-table-full', 'as without')
})
