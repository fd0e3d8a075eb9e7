import t from 'tap'
import { CLIENT, RS, Scene } from '../scene.js'
import { VIP } from '../../support/bench-director.js'

const TCP = `tcp ${VIP}:80`
const servers = (port: number, ...rest: number[]) =>
  [port, ...rest].flatMap(each => RS.slice(0, 2).map(addr => `${addr}:${each}`))

t.test('a template says what ipvs-behaviour.md §4.6 says, and where its connection goes', async t => {
  for (const [service, server, packet, template, to] of [
    // The service’s own port: the destination’s.
    [TCP, `${RS[0]}:8080`, ['tcp', 80], `tcp NONE 360 ${CLIENT}:0 ${VIP}:80 ${RS[0]}:8080`, 8080],
    [`udp ${VIP}:53`, `${RS[0]}:5353`, ['udp', 53], `udp NONE 360 ${CLIENT}:0 ${VIP}:53 ${RS[0]}:5353`, 5353],
    [TCP, `${RS[0]}:0`, ['tcp', 80], `tcp NONE 360 ${CLIENT}:0 ${VIP}:80 ${RS[0]}:0`, 80],
    // FTP: control and data together.
    [`tcp ${VIP}:21`, `${RS[0]}:2121`, ['tcp', 21], `tcp NONE 360 ${CLIENT}:0 ${VIP}:0 ${RS[0]}:0`, 2121],
    [`tcp ${VIP}:21`, `${RS[0]}:2121`, ['tcp', 5000], `tcp NONE 360 ${CLIENT}:0 ${VIP}:0 ${RS[0]}:0`, 5000],
    // Every port: the packet’s own.
    [`tcp ${VIP}:0`, `${RS[0]}:8080`, ['tcp', 443], `tcp NONE 360 ${CLIENT}:0 ${VIP}:0 ${RS[0]}:0`, 443],
    [`udp ${VIP}:0`, `${RS[0]}:8080`, ['udp', 99], `udp NONE 360 ${CLIENT}:0 ${VIP}:0 ${RS[0]}:0`, 99],
    // Port 0 itself, of a service of every port or of a mark, is the service’s own.
    [`tcp ${VIP}:0`, `${RS[0]}:8080`, ['tcp', 0], `tcp NONE 360 ${CLIENT}:0 ${VIP}:0 ${RS[0]}:8080`, 8080],
    ['mark 7', `${RS[0]}:8080`, ['tcp', 0], `tcp NONE 360 ${CLIENT}:0 ${VIP}:0 ${RS[0]}:8080`, 8080],
    // A mark: the mark in the address’s place.
    ['mark 7', `${RS[0]}:8080`, ['tcp', 443], `ip NONE 360 ${CLIENT}:0 0.0.0.7:0 ${RS[0]}:0`, 443],
    ['mark 4294967295', `${RS[0]}:0`, ['udp', 9], `ip NONE 360 ${CLIENT}:0 255.255.255.255:0 ${RS[0]}:0`, 9],
  ] as const) {
    const scene = new Scene()
    const key = scene.service(service, { persistence: 360 }, server)
    if ('mark' in key)
      for (const protocol of ['tcp', 'udp'] as const)
        scene.must({ op: 'add-mark', rule: { protocol, to: VIP, ports: [], mark: key.mark } })
    scene.must({ op: 'add-vip', cidr: VIP })
    const [protocol, port] = packet
    t.equal(scene[protocol](`${CLIENT}:40000`, `${VIP}:${port}`), `${RS[0]}:${to}`, `${service}, port ${port}`)
    t.ok(scene.connections().includes(template), `${service}, port ${port}: ${scene.connections().join(' | ')}`)
    t.equal(scene.connections().length, 2)
    t.match(scene.counts(key, server), /–1$/)
  }
})

t.test('a client network stays with its server, and the scheduler is not asked', async t => {
  const scene = new Scene()
  scene.service(TCP, { persistence: 360, netmask: '255.255.255.0' }, ...servers(8080))
  const first = scene.tcp('192.0.2.10:40000')
  for (const client of ['192.0.2.10:40001', '192.0.2.77:1', '192.0.2.255:2'])
    t.equal(scene.tcp(client), first, `${client}: of the network`)
  t.not(scene.tcp('192.0.3.10:40000'), first, 'another network')
  t.not(scene.tcp('192.0.1.255:40000'), scene.tcp('192.0.3.1:4'), 'and another')
  const templates = scene.connections().filter(line => line.includes(':0 '))
  t.strictSame(
    templates.map(line => line.split(' ')[3]),
    ['192.0.1.0:0', '192.0.2.0:0', '192.0.3.0:0'],
  )
})

t.test('a template serves though its server is overloaded or of weight 0', async t => {
  const scene = new Scene()
  const key = scene.service(TCP, { persistence: 360 }, `${RS[0]}:80 1 1`, `${RS[1]}:80`)
  t.equal(scene.tcp(`${CLIENT}:1`), `${RS[1]}:80`)
  t.equal(scene.tcp('10.99.1.11:1'), `${RS[0]}:80`)
  t.equal(scene.tcp('10.99.1.12:1'), `${RS[1]}:80`, 'the overloaded one is passed over')
  t.equal(scene.tcp('10.99.1.11:2'), `${RS[0]}:80`, 'but not by its clients')
  scene.editServer(key, `${RS[0]}:80 0`)
  t.equal(scene.tcp('10.99.1.11:3'), `${RS[0]}:80`)
  t.equal(scene.counts(key, `${RS[0]}:80`), '3–0–1')
})

t.test('with expire_quiescent_template a template of weight 0 is given up, and never found again', async t => {
  const scene = new Scene()
  const key = scene.service(TCP, { persistence: 360 }, ...servers(80))
  t.equal(scene.tcp(`${CLIENT}:1`), `${RS[1]}:80`)
  scene.editServer(key, `${RS[1]}:80 0`)
  scene.sysctl('expire_quiescent_template', 1)
  scene.run(100_000)
  t.equal(scene.tcp(`${CLIENT}:2`), `${RS[0]}:80`)
  scene.editServer(key, `${RS[1]}:80 1`)
  t.equal(scene.tcp(`${CLIENT}:3`), `${RS[0]}:80`, 'also when the old one is back')
  const templates = scene.connections().filter(line => line.includes('NONE'))
  t.strictSame(templates, [
    `tcp NONE 260 ${CLIENT}:0 ${VIP}:65535 ${RS[1]}:65535`,
    `tcp NONE 360 ${CLIENT}:0 ${VIP}:80 ${RS[0]}:80`,
  ])
  t.equal(scene.counts(key, `${RS[1]}:80`), '0–0–1', 'its connection is over, the template waits')
})

t.test('a template whose server was deleted is given up; the server added again, a new one is made', async t => {
  const scene = new Scene()
  const key = scene.service(TCP, { persistence: 360 }, ...servers(80))
  scene.tcp(`${CLIENT}:1`)
  scene.deleteServer(key, `${RS[1]}:80`)
  t.equal(scene.tcp(`${CLIENT}:2`), `${RS[0]}:80`)
  scene.addServer(key, `${RS[1]}:80`)
  t.equal(scene.tcp(`${CLIENT}:3`), `${RS[0]}:80`)
  t.equal(scene.counts(key, `${RS[1]}:80`), '1–0–1', 'found again with its counts')
})

t.test('a template not consulted meanwhile goes on when its server comes back', async t => {
  const scene = new Scene()
  const key = scene.service(TCP, { persistence: 360 }, ...servers(80))
  scene.tcp(`${CLIENT}:1`)
  scene.deleteServer(key, `${RS[1]}:80`)
  scene.addServer(key, `${RS[1]}:80`)
  scene.tcp('10.99.1.15:1')
  t.equal(scene.tcp(`${CLIENT}:2`), `${RS[1]}:80`)
})

t.test('only a new connection gives a template its time again', async t => {
  const scene = new Scene()
  scene.service(TCP, { persistence: 360 }, ...servers(80))
  const template = () =>
    scene
      .connections()
      .find(line => line.includes(`${CLIENT}:0 `))!
      .split(' ')
      .slice(1, 3)
      .join(' ')
  t.equal(scene.connect(`${CLIENT}:1`), `${RS[1]}:80`)
  t.equal(template(), 'ASSURED 360')
  scene.run(100_000)
  scene.tcp(`${CLIENT}:1`, undefined, 'A')
  t.equal(template(), 'ASSURED 260')
  scene.tcp(`${CLIENT}:2`)
  t.equal(template(), 'ASSURED 360')
})

t.test('an edited persistence time holds for templates to come', async t => {
  const scene = new Scene()
  const service = scene.service(TCP, { persistence: 360 }, ...servers(80))
  scene.tcp(`${CLIENT}:1`)
  const settings = { scheduler: 'rr', persistence: 100, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }
  scene.must({ op: 'edit-service', service, settings })
  scene.tcp(`${CLIENT}:2`)
  scene.tcp('10.99.1.11:1')
  const times = scene.connections().filter(line => line.includes(':0 '))
  t.strictSame(
    times.map(line => line.split(' ').slice(2, 4).join(' ')),
    ['100 10.99.1.11:0', `360 ${CLIENT}:0`],
  )
})

t.test('the trace of §15.6 C', async t => {
  const scene = new Scene()
  const key = scene.service(TCP, { persistence: 360, netmask: '255.255.255.0' }, ...servers(8080))
  const template = () => scene.connections().find(line => line.includes('192.0.2.0:0'))
  t.equal(scene.tcp('192.0.2.10:40000'), `${RS[1]}:8080`)
  t.equal(template(), `tcp NONE 360 192.0.2.0:0 ${VIP}:80 ${RS[1]}:8080`)
  t.equal(scene.counts(key, `${RS[1]}:8080`), '1–0–1')
  scene.tcpAnswer(`${RS[1]}:8080`, '192.0.2.10:40000')
  scene.tcp('192.0.2.10:40000', undefined, 'A')
  t.equal(template(), `tcp ASSURED 360 192.0.2.0:0 ${VIP}:80 ${RS[1]}:8080`)
  scene.run(100_000)
  t.equal(scene.connect('192.0.2.77:40000'), `${RS[1]}:8080`)
  t.equal(template(), `tcp ASSURED 360 192.0.2.0:0 ${VIP}:80 ${RS[1]}:8080`, 'its time again')
  scene.run(360_000)
  t.equal(template(), `tcp ASSURED 60 192.0.2.0:0 ${VIP}:80 ${RS[1]}:8080`, 'kept, with 60 s')
  scene.run(30_000)
  t.equal(scene.tcp('192.0.2.99:1'), `${RS[1]}:8080`)
  t.equal(template(), `tcp ASSURED 60 192.0.2.0:0 ${VIP}:80 ${RS[1]}:8080`, 'a new client: 60 s again')
  for (const client of ['192.0.2.10:40000', '192.0.2.77:40000', '192.0.2.99:1']) scene.tcp(client, undefined, 'R')
  scene.run(130_000)
  t.equal(template(), undefined, 'the last child gone, the next firing ends it')
  t.equal(scene.counts(key, `${RS[1]}:8080`), '0–0')
})

t.test('the trace of §15.6 D: two ports of a mark go to one server, each keeping its own', async t => {
  for (const port of [0, 8080]) {
    const scene = new Scene()
    scene.service('mark 7', { persistence: 360 }, ...servers(port))
    scene.must({ op: 'add-vip', cidr: VIP })
    const ports = [80, 443].map(each => ({ first: each, last: each }))
    scene.must({ op: 'add-mark', rule: { protocol: 'tcp', to: VIP, ports, mark: 7 } })
    t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:80`), `${RS[1]}:80`)
    t.equal(scene.tcp(`${CLIENT}:2`, `${VIP}:443`), `${RS[1]}:443`)
    t.equal(scene.connections().filter(line => line.startsWith('ip ')).length, 1)
  }
})

t.test('when the table is full the packet is dropped, with or without room for a template', async t => {
  for (const maxConnections of [1, 2, 3]) {
    const scene = new Scene({ maxConnections })
    const key = scene.service(TCP, { persistence: 360 }, `${RS[0]}:80`)
    const verdicts = [1, 2].map(port => scene.tcp(`${CLIENT}:${port}`))
    const expected = { 1: ['drop-table-full', 'drop-table-full'], 2: [`${RS[0]}:80`, 'drop-table-full'] }
    t.strictSame(verdicts, (expected as Record<number, string[]>)[maxConnections] ?? verdicts, `${maxConnections}`)
    t.equal(scene.director.conns.table.count, Math.min(maxConnections, 3))
    t.equal(scene.counts(key, `${RS[0]}:80`), ['', '0–0–1', '1–0–1', '2–0–1'][maxConnections])
  }
})

t.test('with nobody to choose there is no template either', async t => {
  const scene = new Scene()
  scene.service(TCP, { persistence: 360 }, `${RS[0]}:80 0`)
  t.equal(scene.tcp(`${CLIENT}:1`), 'drop-no-destination')
  t.strictSame(scene.lastSent, [`c icmp 3/3 to ${CLIENT}`])
  t.strictSame(scene.connections(), [])
})
