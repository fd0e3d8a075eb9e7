import t from 'tap'
import { VIP } from '../../support/bench-director.js'
import { tcp4, udp4 } from '../../support/frames.js'
import { Chunk, sctp4 } from '../../support/sctp.js'
import { CLIENT, RS, Scene } from '../scene.js'

const TCP = `tcp ${VIP}:80`

t.test('of TCP a SYN opens a connection, with sloppy_tcp all but RST (ipvs-behaviour.md §4.4)', async t => {
  for (const sloppy of [0, 1])
    for (const [flags, opens] of [
      ['S', true],
      ['SA', true],
      ['SF', true],
      ['SPU', true],
      ['A', sloppy === 1],
      ['F', sloppy === 1],
      ['', sloppy === 1],
      ['PA', sloppy === 1],
      ['R', false],
      ['SR', false],
      ['RA', false],
    ] as const) {
      const scene = new Scene()
      scene.service(TCP, {}, `${RS[0]}:80`)
      scene.sysctl('sloppy_tcp', sloppy)
      const got = scene.tcp(`${CLIENT}:1`, undefined, flags)
      t.equal(got === `${RS[0]}:80`, opens, `sloppy_tcp ${sloppy}, ${flags}: ${got}`)
      t.equal(scene.connections().length, opens ? 1 : 0)
    }
})

t.test('of SCTP an INIT, with sloppy_sctp all but ABORT', async t => {
  for (const sloppy of [0, 1])
    for (let type = 0; type < 20; type++) {
      const scene = new Scene()
      scene.service(`sctp ${VIP}:9`, {}, `${RS[0]}:9`)
      scene.sysctl('sloppy_sctp', sloppy)
      const opens = type === Chunk.INIT || (sloppy === 1 && type !== Chunk.ABORT)
      const got = scene.sctp(`${CLIENT}:1`, `${VIP}:9`, [type])
      t.equal(got === `${RS[0]}:9`, opens, `sloppy_sctp ${sloppy}, chunk ${type}: ${got}`)
    }
})

t.test('from port 20 nothing is scheduled', async t => {
  const scene = new Scene()
  scene.service(TCP, {}, `${RS[0]}:80`)
  scene.service(`udp ${VIP}:53`, {}, `${RS[0]}:53`)
  t.equal(scene.tcp(`${CLIENT}:20`), 'answered')
  t.equal(scene.tcp(`${CLIENT}:21`), `${RS[0]}:80`)
  t.not(scene.udp(`${CLIENT}:20`), `${RS[0]}:53`)
  t.equal(scene.connections().length, 1)
})

t.test('where the connection goes: the destination’s port, or if that is 0 the packet’s', async t => {
  const scene = new Scene()
  scene.service(TCP, {}, `${RS[0]}:8080`)
  scene.service(`tcp ${VIP}:81`, {}, `${RS[0]}:0`)
  t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:80`), `${RS[0]}:8080`)
  t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:81`), `${RS[0]}:81`)
})

t.test('a service of port 0 that is not persistent serves nobody but port 0', async t => {
  const scene = new Scene()
  scene.service(`tcp ${VIP}:0`, {}, `${RS[0]}:80`)
  t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:80`), 'drop-no-destination')
  t.strictSame(scene.lastSent, [`c icmp 3/3 to ${CLIENT}`])
})

t.test('FTP’s data is left to the host, or if the service is persistent goes with its control connection', async t => {
  const scene = new Scene()
  scene.service(`tcp ${VIP}:21`, {}, `${RS[0]}:21`)
  t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:21`), `${RS[0]}:21`)
  t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:20000`), 'answered')
  const none = new Scene()
  none.service(`tcp ${VIP}:21`, { persistence: 9 }, `${RS[0]}:21 0`)
  t.equal(none.tcp(`${CLIENT}:1`, `${VIP}:21`), 'drop-no-destination')
  t.equal(none.tcp(`${CLIENT}:1`, `${VIP}:20000`), 'answered', 'nobody to serve: to the host too')
  const both = new Scene()
  both.service(`tcp ${VIP}:21`, { persistence: 9 }, `${RS[0]}:21`, `${RS[1]}:21`)
  t.equal(both.tcp(`${CLIENT}:1`, `${VIP}:21`), `${RS[1]}:21`)
  t.equal(both.tcp(`${CLIENT}:2`, `${VIP}:20000`), `${RS[1]}:20000`)
  t.equal(both.tcp(`${CLIENT}:3`, `${VIP}:20`), `${RS[1]}:20`)
})

t.test('the trace of §15.6 A', async t => {
  const scene = new Scene()
  const key = scene.service(TCP, {}, `${RS[0]}:8080`)
  const [client, server] = [`${CLIENT}:40000`, `${RS[0]}:8080`]
  for (const [way, flags, state, timeout, counted] of [
    ['>', 'S', 'SYN_RECV', 60, '1–0'],
    ['<', 'SA', 'SYN_RECV', 60, '1–0'],
    ['>', 'A', 'ESTABLISHED', 900, '1–0'],
    ['>', 'PA', 'ESTABLISHED', 900, '1–0'],
    ['<', 'PA', 'ESTABLISHED', 900, '1–0'],
    ['>', 'FA', 'CLOSE_WAIT', 60, '0–1'],
    ['<', 'A', 'CLOSE_WAIT', 60, '0–1'],
    ['<', 'FA', 'TIME_WAIT', 120, '0–1'],
    ['>', 'A', 'TIME_WAIT', 120, '0–1'],
  ] as const) {
    const got = way === '>' ? scene.tcp(client, undefined, flags) : scene.tcpAnswer(server, client, flags)
    t.equal(got, way === '>' ? server : `${VIP}:80`, `${way} ${flags}`)
    t.strictSame(scene.connections(), [`tcp ${state} ${timeout} ${client} ${VIP}:80 ${server}`], `${way} ${flags}`)
    t.equal(scene.counts(key, server), counted, `${way} ${flags}`)
  }
  scene.run(2000)
  const shown = scene.services()
  if (typeof shown === 'string') throw new Error(shown)
  const { conns, inPkts, outPkts } = shown[0]!.destinations[0]!.stats
  t.strictSame([conns, inPkts, outPkts], [1, 5, 4])
  t.equal(scene.tcp(client), server, '9b: taken up again')
  t.equal(scene.counts(key, server), '1–1')
  scene.run(10)
  t.equal(scene.counts(key, server), '1–0')
  scene.run(60_000)
  t.equal(scene.counts(key, server), '0–0', '9a: nothing for its time')
})

t.test('schedule_icmp: an error about an unknown flow opens a connection of 3 s', async t => {
  for (const [service, about, protocol] of [
    [TCP, tcp4(`${VIP}:80 > 192.0.2.9:5`), 'tcp'],
    [`udp ${VIP}:53`, udp4(`${VIP}:53 > 192.0.2.9:5`), 'udp'],
    [`sctp ${VIP}:9`, sctp4(`${VIP}:9 > 192.0.2.9:5`), 'sctp'],
  ] as const) {
    const scene = new Scene()
    const port = Number(service.split(':')[1])
    scene.service(service, {}, `${RS[0]}:8080`)
    t.equal(scene.error(about), 'consumed', 'without it the host takes it')
    scene.sysctl('schedule_icmp', 1)
    t.match(scene.error(about), RS[0])
    const state = protocol === 'udp' ? 'UDP' : 'NONE'
    const line = `192.0.2.9:5 ${VIP}:${port} ${RS[0]}:8080`
    t.strictSame(scene.connections(), [`${protocol} ${state} 3 ${line}`])
    scene.run(1000)
    scene.error(about)
    t.strictSame(scene.connections(), [`${protocol} ${state} 2 ${line}`], 'the next leaves the timer as it is')
    scene.run(2000)
    t.strictSame(scene.connections(), [])
  }
})

t.test('schedule_icmp with nobody to serve says nothing and drops', async t => {
  const scene = new Scene()
  scene.service(TCP, {}, `${RS[0]}:8080 0`)
  scene.sysctl('schedule_icmp', 1)
  t.equal(scene.error(tcp4(`${VIP}:80 > 192.0.2.9:5`)), 'drop-no-destination')
  t.strictSame(scene.lastSent, [])
})

t.test('schedule_icmp: dh goes by the client’s address, which stands where an answer’s destination is', async t => {
  const clients = Array.from({ length: 40 }, (_, index) => `192.0.2.${index + 1}`)
  const scene = new Scene()
  scene.service(TCP, { scheduler: 'dh' }, ...RS.map(addr => `${addr}:80`))
  scene.sysctl('schedule_icmp', 1)
  const slow = clients.map((_, index) => {
    const key = BigInt(0xc0000200 + index + 1)
    // The list is newest first.
    return RS.toReversed()[Number(((key * 0x61c88647n) % 2n ** 32n) >> 24n) % 3]
  })
  const got = clients.map(client => {
    scene.error(tcp4(`${VIP}:80 > ${client}:5`))
    return scene
      .connections()
      .find(line => line.includes(`${client}:5`))!
      .split(' ')[5]!
      .split(':')[0]
  })
  t.strictSame(got, slow)
})

t.test('nat_icmp_send: what a real server sends of no connection is refused, but not RST or ABORT', async t => {
  const scene = new Scene()
  scene.service(TCP, {}, `${RS[0]}:80`)
  scene.service(`sctp ${VIP}:9`, {}, `${RS[0]}:9`)
  const client = `${CLIENT}:40000`
  t.equal(scene.tcpAnswer(`${RS[0]}:80`, client, 'A'), 'forwarded', 'without it')
  scene.sysctl('nat_icmp_send', 1)
  for (const flags of ['A', 'SA', 'F', '']) {
    t.equal(scene.tcpAnswer(`${RS[0]}:80`, client, flags), 'drop-no-connection', flags)
    t.strictSame(scene.lastSent, [`r icmp 3/3 to ${RS[0]}`])
  }
  t.equal(scene.tcpAnswer(`${RS[0]}:80`, client, 'R'), 'forwarded')
  t.equal(scene.tcpAnswer(`${RS[0]}:80`, client, 'RA'), 'forwarded')
  t.equal(scene.tcpAnswer(`${RS[0]}:81`, client, 'A'), 'forwarded', 'another port')
  t.equal(scene.tcpAnswer(`${RS[1]}:80`, client, 'A'), 'forwarded', 'another host')
  t.equal(scene.udpAnswer(`${RS[0]}:80`, client), 'forwarded', 'another protocol')
  t.equal(scene.sctpAnswer(`${RS[0]}:9`, client, [Chunk.DATA]), 'drop-no-connection')
  t.equal(scene.sctpAnswer(`${RS[0]}:9`, client, [Chunk.ABORT]), 'forwarded')
  t.equal(scene.sctpAnswer(`${RS[0]}:9`, client, [Chunk.COOKIE_ACK, Chunk.ABORT]), 'drop-no-connection', 'not first')
  t.equal(scene.tcp(client), `${RS[0]}:80`)
  t.equal(scene.tcpAnswer(`${RS[0]}:80`, client, 'SA'), `${VIP}:80`, 'of a connection: translated')
})

t.test('nat_icmp_send: a deleted server is none any more; of a mark’s service, any protocol', async t => {
  const scene = new Scene()
  const key = scene.service(TCP, {}, `${RS[0]}:80`)
  scene.service('mark 3', {}, `${RS[1]}:80`)
  scene.sysctl('nat_icmp_send', 1)
  const client = `${CLIENT}:40000`
  for (const answer of [scene.tcpAnswer(`${RS[1]}:80`, client, 'A'), scene.udpAnswer(`${RS[1]}:80`, client)])
    t.equal(answer, 'drop-no-connection')
  scene.deleteServer(key, `${RS[0]}:80`)
  t.equal(scene.tcpAnswer(`${RS[0]}:80`, client, 'A'), 'forwarded')
  scene.addServer(key, `${RS[0]}:80`)
  t.equal(scene.tcpAnswer(`${RS[0]}:80`, client, 'A'), 'drop-no-connection')
  scene.must({ op: 'delete-service', service: key })
  t.equal(scene.tcpAnswer(`${RS[0]}:80`, client, 'A'), 'forwarded')
})

t.test('a scheduler of the user’s that fails costs its own connection, and is reported', async t => {
  const problems: string[] = []
  let mood = 'right'
  const mine = {
    name: 'mine',
    bind: (service: { destinations: readonly unknown[] }) => ({
      schedule() {
        if (mood === 'throws') throw new Error('out of ideas')
        return (mood === 'nonsense' ? {} : mood === 'none' ? undefined : service.destinations[0]) as never
      },
    }),
  }
  const scene = new Scene({ schedulers: [mine], report: problem => problems.push(problem) })
  for (const persistence of [0, 60]) {
    const port = 80 + persistence
    scene.service(`tcp ${VIP}:${port}`, { scheduler: 'mine', persistence }, `${RS[0]}:80`)
    mood = 'throws'
    t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:${port}`), 'drop-scheduler-failed')
    t.strictSame(problems.splice(0), [`scheduler mine of TCP ${VIP}:${port}: schedule() threw: out of ideas`])
    mood = 'nonsense'
    t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:${port}`), 'drop-scheduler-failed')
    t.equal(problems.splice(0).length, 1)
    mood = 'none'
    t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:${port}`), 'drop-no-destination')
    t.strictSame(scene.director.conns.table.count, persistence ? 1 : 0)
    mood = 'right'
    t.equal(scene.tcp(`${CLIENT}:1`, `${VIP}:${port}`), `${RS[0]}:80`)
    t.strictSame(problems, [])
  }
})

t.test('thresholds: a server is passed over at its upper one, and chosen again below the lower', async t => {
  const scene = new Scene()
  const key = scene.service(`udp ${VIP}:53`, {}, `${RS[0]}:53 1 2`, `${RS[1]}:53`)
  const to = () => scene.udp(`${CLIENT}:${port++}`).split(':')[0]
  let port = 1
  t.strictSame([to(), to(), to(), to()], [RS[1], RS[0], RS[1], RS[0]])
  t.strictSame([to(), to()], [RS[1], RS[1]], 'two are enough')
  scene.editServer(key, `${RS[0]}:53 1 3`)
  t.strictSame([to(), to()], [RS[0], RS[1]], 'raised')
  scene.editServer(key, `${RS[0]}:53 1 2`)
  t.equal(to(), RS[1], 'lowered: the flag that the third set stays')
  scene.editServer(key, `${RS[0]}:53 1 0`)
  t.equal(to(), RS[0], 'taken away')
})
