import { execFileSync } from 'node:child_process'
import { PerformanceObserver } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { Director } from '../../src/director/director.js'
import { HEADROOM, slabOver, VNET_LEN } from '../../src/packet/frame.js'
import { Verdict } from '../../src/packet/verdict.js'
import { execute } from '../../src/control/execute.js'
import { DIP_C, DIP_R, fromGateway, fromServer, GATEWAY_MAC, serverMac, VIP } from '../support/bench-director.js'
import { tcp4, udp4 } from '../support/frames.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

/*
 * A million packets of open connections, both ways, TCP and UDP, of a thousand clients behind a gateway: NAT, and FULLNAT with PROXY headers. Run in a
 * process of its own whose young generation is so large that no garbage is collected meanwhile: what the heap has grown
 * by is then all that was allocated.
 */
const CLIENTS = 1000
const PACKETS = 1_000_000
const BATCH = 256
const CHILD = 'measure'
const FULLNAT = 'fullnat'
const LIP = '10.99.2.201'
const GIVEN = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64']

interface Measured {
  grown: number
  collections: number
  balanced: number
}

async function measure(isFullnat: boolean): Promise<Measured> {
  const director = new Director({
    ports: [
      { name: 'c', mac: { hi: 0x0200, lo: 0x0101 }, mtu: 1500 },
      { name: 'r', mac: { hi: 0x0200, lo: 0x0201 }, mtu: 1500 },
    ],
    egress: { transmit: () => true },
    addresses: [`${DIP_C}/24@c`, `${DIP_R}/24@r`],
    routes: ['default=10.99.1.254'],
    neighbours: [`10.99.1.254=${GATEWAY_MAC}@c`, `10.99.2.11=${serverMac(11)}@r`],
    maxConnections: 4096,
    seed: 1,
    now: 0,
  })
  const method = isFullnat ? 'fullnat' : 'masq'
  for (const [protocol, port] of [
    ['tcp', 80],
    ['udp', 53],
  ] as const) {
    const service = { protocol, address: VIP, port }
    const clientAddress = protocol === 'udp' ? 'none' : 'proxy-v1'
    execute(director, { op: 'add-service', service, settings: serviceSettings('wlc', { clientAddress }) })
    execute(director, { op: 'add-local-address', service, address: LIP })
    const destination = { address: '10.99.2.11', port: 8080 }
    execute(director, { op: 'add-destination', service, destination, settings: destinationSettings(1, { method }) })
  }
  const [c, r] = [director.ports[0]!, director.ports[1]!]
  const slab = slabOver(new ArrayBuffer(4096))
  const at = HEADROOM + VNET_LEN
  let now = 0
  let balanced = 0
  const first = (frame: Uint8Array): void => {
    slab.bytes.set(frame, at)
    director.receive(c, slab, at, frame.length)
  }
  const flows = Array.from({ length: CLIENTS }, (_, i) => {
    const client = `203.0.${i >> 8}.${i & 255}:${10_000 + i}`
    const tcp = `${client} > ${VIP}:80`
    const udp = `${client} > ${VIP}:53`
    /** Where the real server sees the client. */
    const seen = (): string => (isFullnat ? `${LIP}:${slab.view.getUint16(at + 34)}` : client)
    first(tcp4(tcp, { ...fromGateway, seq: 1000 }))
    const byTcp = seen()
    first(udp4(udp, fromGateway))
    const byUdp = seen()
    return {
      frames: [
        tcp4(tcp, { ...fromGateway, flags: 'A', seq: 1001, payload: 10 }),
        tcp4(`10.99.2.11:8080 > ${byTcp}`, { ...fromServer(), flags: 'PA', ack: 1100, payload: 100 }),
        udp4(udp, { ...fromGateway, payload: 20 }),
        udp4(`10.99.2.11:8080 > ${byUdp}`, { ...fromServer(), payload: 30 }),
      ],
    }
  })
  const run = (packets: number): void => {
    for (let sent = 0; sent < packets;) {
      for (let i = 0; i < CLIENTS; i++) {
        const { frames } = flows[i]!
        for (let way = 0; way < 4; way++) {
          const frame = frames[way]!
          slab.bytes.set(frame, at)
          if (director.receive((way & 1) === 0 ? c : r, slab, at, frame.length) === Verdict.BALANCED) balanced++
          if (++sent % BATCH === 0) director.poll((now += 1))
        }
      }
    }
  }
  run(400_000)
  let collections = 0
  const observer = new PerformanceObserver(list => (collections += list.getEntries().length))
  globalThis.gc!()
  balanced = 0
  observer.observe({ entryTypes: ['gc'] })
  const before = process.memoryUsage().heapUsed
  run(PACKETS)
  const grown = process.memoryUsage().heapUsed - before
  await new Promise(resolve => setTimeout(resolve, 50))
  observer.disconnect()
  return { grown, collections, balanced }
}

if (process.argv[2] === CHILD) {
  process.stdout.write(JSON.stringify(await measure(process.argv[3] === FULLNAT)))
} else {
  const { default: t } = await import('tap')
  for (const method of ['masq', FULLNAT])
    t.test(`${method}: a million packets of open connections make no garbage`, async t => {
      const args = [...GIVEN, fileURLToPath(import.meta.url), CHILD, method]
      const env = { PATH: process.env['PATH'] }
      const out = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 90_000, env })
      const { grown, collections, balanced } = JSON.parse(out) as Measured
      t.equal(balanced, PACKETS, 'every one was balanced')
      t.equal(collections, 0, 'nothing was collected meanwhile')
      t.ok(grown < 2 ** 20, `the heap grew by ${grown} bytes, ${(grown / PACKETS).toFixed(3)} a packet`)
    })
}
