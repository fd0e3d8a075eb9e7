import t from 'tap'
import type { ConnectionInfo } from '../../../src/control/protocol/api.js'
import { connectionPage, serviceInfo } from '../../../src/control/operations/listing.js'
import { Refused } from '../../../src/control/protocol/refused.js'
import { findService } from '../../../src/control/operations/keys.js'
import { fromClient, VIP, type BenchDirector } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { FullnatBench } from '../../support/fullnat-bench.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import { Chunk } from '../../support/sctp.js'
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

/** With what it is refused. */
function refusal(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    return error instanceof Refused ? error.refusal : error
  }
}

/** All pages. */
function rows(scene: BenchDirector): ConnectionInfo[] {
  const all: ConnectionInfo[] = []
  for (let from: number | null = 0; from !== null;) {
    const page = connectionPage(scene.director, from)
    all.push(...page.rows)
    from = page.next
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

t.test('a large table comes in pages, each connection once', async t => {
  const scene = new Scene({ maxConnections: 10_000 })
  scene.service(`udp ${VIP}:53`, {}, `${RS[0]}:53`)
  for (let port = 1; port <= 500; port++) scene.udp(`${CLIENT}:${port + 20}`)
  const pages: number[] = []
  for (let from: number | null = 0; from !== null;) {
    pages.push(from)
    from = connectionPage(scene.director, from).next
  }
  t.strictSame(pages, [0, 4096, 8192, 12_288, 16_384, 20_480, 24_576, 28_672])
  const ports = rows(scene).map(row => row.cport)
  t.equal(new Set(ports).size, 500)
  t.equal(ports.length, 500)
  t.strictSame(connectionPage(scene.director, 40_000), { rows: [], next: null }, 'beyond the last')
  for (const wrong of [-1, 1.5, NaN])
    t.equal(
      refusal(() => connectionPage(scene.director, wrong)),
      'EINVAL',
      `${wrong}`,
    )
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
