import t from 'tap'
import { execute } from '../../../src/control/operations/execute.js'
import type { ConnectionFilter, ConnectionInfo, ConnectionPage, Reply } from '../../../src/control/protocol/api.js'
import { CLIENT, RS, Scene } from '../../director/scene.js'
import { fromClient, VIP, type BenchDirector } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { FullnatBench } from '../../support/fullnat-bench.js'
import { Chunk } from '../../support/sctp.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'

/** The page, or with what it is refused. */
function page(bench: BenchDirector, from: number): ConnectionPage {
  const reply = execute(bench.director, { op: 'connections', from })
  return (reply.ok ? reply.value : reply.refusal) as ConnectionPage
}

/** All pages. */
function rows(scene: BenchDirector): ConnectionInfo[] {
  const all: ConnectionInfo[] = []
  for (let from: number | null = 0; from !== null;) {
    const { rows, next } = page(scene, from)
    all.push(...rows)
    from = next
  }
  return all
}

function line(row: ConnectionInfo): string {
  const ends = `${row.caddr}:${row.cport} ${row.vaddr}:${row.vport} ${row.daddr}:${row.dport}`
  return `${row.protocol} ${row.state} ${row.expires} ${ends}`
}

t.test('connections of every protocol, templates among them, with their states’ names', async t => {
  const scene = new Scene()
  scene.service(`tcp ${VIP}:80`, { persistence: 60 }, `${RS[0]}:8080`)
  scene.service(`udp ${VIP}:53`, { persistence: 70 }, `${RS[0]}:53`)
  scene.service(`sctp ${VIP}:9`, {}, `${RS[0]}:9`)
  scene.service('mark 258', { persistence: 80 }, `${RS[0]}:0`)
  scene.must({ op: 'add-mark', rule: { protocol: 'tcp', to: VIP, ports: [{ first: 443, last: 443 }], mark: 258 } })
  scene.connect(`${CLIENT}:1`)
  scene.udp(`${CLIENT}:2`)
  scene.udpAnswer(`${RS[0]}:53`, `${CLIENT}:2`)
  scene.sctp(`${CLIENT}:3`, `${VIP}:9`, [Chunk.INIT])
  scene.tcp(`${CLIENT}:4`, `${VIP}:443`)
  scene.run(1500)
  t.strictSame(rows(scene).map(line).toSorted(), [
    `ip NONE 78 ${CLIENT}:0 0.0.1.2:0 ${RS[0]}:0`,
    `sctp INIT1 2 ${CLIENT}:3 ${VIP}:9 ${RS[0]}:9`,
    `tcp ASSURED 58 ${CLIENT}:0 ${VIP}:80 ${RS[0]}:8080`,
    `tcp ESTABLISHED 898 ${CLIENT}:1 ${VIP}:80 ${RS[0]}:8080`,
    `tcp SYN_RECV 58 ${CLIENT}:4 ${VIP}:443 ${RS[0]}:443`,
    `udp ASSURED 68 ${CLIENT}:0 ${VIP}:53 ${RS[0]}:53`,
    `udp UDP 298 ${CLIENT}:2 ${VIP}:53 ${RS[0]}:53`,
  ])
})

t.test('a search: those that are as each field says', async t => {
  const scene = new Scene()
  scene.service(`tcp ${VIP}:80`, { persistence: 60 }, `${RS[0]}:8080`, `${RS[1]}:8081`)
  scene.service(`udp ${VIP}:53`, {}, `${RS[0]}:53`)
  scene.connect(`${CLIENT}:1`)
  scene.udp(`${CLIENT}:2`)
  scene.tcp('10.99.1.11:65535', `${VIP}:80`)
  const found = (where: ConnectionFilter): string[] => {
    const reply = execute(scene.director, { op: 'connections', from: 0, ...where }) as Reply<'connections'>
    return reply.ok
      ? reply.value.rows.map(row => `${row.protocol} ${row.state} ${row.cport}`).toSorted()
      : [reply.refusal]
  }
  const all = ['tcp ASSURED 0', 'tcp ESTABLISHED 1', 'tcp NONE 0', 'tcp SYN_RECV 65535', 'udp UDP 2']
  t.strictSame(found({}), all)
  t.strictSame(found({ caddr: '10.99.1.0/24', vaddr: `${VIP}/32` }), all)
  t.strictSame(found({ caddr: '10.99.1.11' }), ['tcp NONE 0', 'tcp SYN_RECV 65535'])
  t.strictSame(found({ cport: 65535 }), ['tcp SYN_RECV 65535'])
  t.strictSame(found({ protocol: 'udp' }), ['udp UDP 2'])
  t.strictSame(found({ vport: 53, dport: 53, daddr: RS[0]! }), ['udp UDP 2'])
  t.strictSame(found({ state: 'ESTABLISHED', protocol: 'tcp' }), ['tcp ESTABLISHED 1'])
  t.strictSame(found({ caddr: '0.0.0.0/0', cport: 1, state: 'NONE' }), [])
  t.strictSame(found({ protocol: 'ip' }), [])
})

t.test('a large table comes in pages, each connection once', async t => {
  const scene = new Scene({ maxConnections: 10_000 })
  scene.service(`udp ${VIP}:53`, {}, `${RS[0]}:53`)
  for (let port = 1; port <= 500; port++) scene.udp(`${CLIENT}:${port + 20}`)
  const pages: number[] = []
  for (let from: number | null = 0; from !== null;) {
    pages.push(from)
    from = page(scene, from).next
  }
  t.strictSame(pages, [0, 4096, 8192, 12_288, 16_384, 20_480, 24_576, 28_672])
  const ports = rows(scene).map(row => row.cport)
  t.equal(new Set(ports).size, 500)
  t.equal(ports.length, 500)
  t.strictSame(page(scene, 40_000), { rows: [], next: null }, 'beyond the last')
  for (const wrong of [-1, 1.5, NaN]) t.equal(page(scene, wrong), 'EINVAL', `${wrong}`)
})

t.test('a FULLNAT connection has its local address and port, no other has any', async t => {
  const bench = new FullnatBench()
  bench.serveFullnat('tcp', `${VIP}:80`)
  t.strictSame(rows(bench), [])
  const local = bench.localOf(tcp4(`${CLIENT}:9 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  t.match(local, /^10\.99\.2\.201:\d+$/)
  t.strictSame(
    rows(bench).map(row => `${row.laddr}:${row.lport}`),
    [local],
  )
  const scene = new Scene()
  for (const director of [bench, scene]) {
    const service = { protocol: 'tcp', address: VIP, port: 81 } as const
    director.must({ op: 'add-service', service, settings: serviceSettings('rr') })
    const destination = { address: RS[0], port: 81 }
    director.must({ op: 'add-destination', service, destination, settings: destinationSettings(1) })
    director.receive('c', tcp4(`${CLIENT}:9 > ${VIP}:81`, { ...fromClient, flags: 'S' }))
    const [nat, ...others] = rows(director).filter(row => row.vport === 81)
    t.strictSame([nat!.dport, 'laddr' in nat!, 'lport' in nat!, others], [81, false, false, []])
  }
})
