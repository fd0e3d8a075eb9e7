import { execFileSync } from 'node:child_process'
import { PerformanceObserver } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { Director } from '../../src/director/director.js'
import { HEADROOM, slabOver, VNET_LEN } from '../../src/packet/frame.js'
import { Verdict } from '../../src/packet/verdict.js'
import { execute } from '../../src/control/operations/execute.js'
import { DIP_C, DIP_R, fromGateway, fromServer, GATEWAY_MAC, serverMac, VIP } from '../support/bench-director.js'
import type { MethodName, TunnelInfo } from '../../src/control/protocol/api.js'
import { partialHeader, tcp4, udp4, virtioHeader } from '../support/frames.js'
import { inPieces } from '../support/pieces.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

/*
 * A million packets of open connections, both ways, TCP and UDP, of a thousand clients behind a gateway. Run in a
 * process of its own whose young generation is so large that no garbage is collected meanwhile: what the heap has grown
 * by is then all that was allocated.
 */
const CLIENTS = 1000
const BATCH = 256
const CHILD = 'measure'
const GIVEN = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64']
const TCPV4 = 1
const LIP = '10.99.2.201'

interface Kind {
  packets: number
  /** Bytes that the heap may grow by for each packet that comes in, 1 MiB apart: a view or two where one is copied. */
  most: number
  method: MethodName
  tunnel?: TunnelInfo
  /** Of a client: what comes in, and by which link. The real server sees it as these, by TCP and by UDP. */
  frames(client: string, byTcp: string, byUdp: string): Given[]
}
interface Given {
  link: 'c' | 'r'
  frame: Uint8Array
  header?: Uint8Array
  /** No packet of a connection before others have come. */
  isHeld?: boolean
}

const inbound = (client: string): Given[] => [
  { link: 'c', frame: tcp4(`${client} > ${VIP}:80`, { ...fromGateway, flags: 'A', payload: 10 }) },
  { link: 'c', frame: udp4(`${client} > ${VIP}:53`, { ...fromGateway, payload: 20 }) },
]
function gso(client: string): Given[] {
  const options = { ...fromGateway, flags: 'A', payload: 4380, partial: true }
  const frame = tcp4(`${client} > ${VIP}:80`, options)
  return [{ link: 'c', frame, header: partialHeader(frame, { gsoType: TCPV4, gsoSize: 1400 }) }]
}
const KINDS: Record<string, Kind> = {
  NAT: {
    packets: 1_000_000,
    most: 0,
    method: 'masq',
    frames: client => [
      ...inbound(client),
      {
        link: 'r',
        frame: tcp4(`10.99.2.11:8080 > ${client}`, { ...fromServer(), flags: 'PA', payload: 100 }),
      },
      { link: 'r', frame: udp4(`10.99.2.11:8080 > ${client}`, { ...fromServer(), payload: 30 }) },
    ],
  },
  'FULLNAT with PROXY headers': {
    packets: 1_000_000,
    most: 0,
    method: 'fullnat',
    frames: (client, byTcp, byUdp) => [
      { link: 'c', frame: tcp4(`${client} > ${VIP}:80`, { ...fromGateway, flags: 'A', seq: 1001, payload: 10 }) },
      { link: 'c', frame: udp4(`${client} > ${VIP}:53`, { ...fromGateway, payload: 20 }) },
      {
        link: 'r',
        frame: tcp4(`10.99.2.11:8080 > ${byTcp}`, { ...fromServer(), flags: 'PA', ack: 1100, payload: 100 }),
      },
      { link: 'r', frame: udp4(`10.99.2.11:8080 > ${byUdp}`, { ...fromServer(), payload: 30 }) },
    ],
  },
  DR: { packets: 1_000_000, most: 0, method: 'direct', frames: inbound },
  TUN: { packets: 1_000_000, most: 0, method: 'tunnel', frames: inbound },
  'TUN by GUE with checksum': {
    packets: 1_000_000,
    most: 0,
    method: 'tunnel',
    tunnel: { type: 'gue', port: 6080, checksum: 'full' },
    frames: inbound,
  },
  'DR, GSO frames': { packets: 300_000, most: 0, method: 'direct', frames: gso },
  'TUN, GSO frames': { packets: 20_000, most: 1000, method: 'tunnel', frames: gso },
  'datagrams in pieces': {
    packets: 50_000,
    most: 500,
    method: 'masq',
    frames(client) {
      const whole = udp4(`${client} > ${VIP}:53`, { ...fromGateway, payload: 56, df: false })
      const [first, second] = inPieces(whole, 0, 32)
      return [
        { link: 'c', frame: first!, isHeld: true },
        { link: 'c', frame: second! },
      ]
    },
  },
}

interface Measured {
  grown: number
  collections: number
  wrong: number
}

async function measure({ packets, method, tunnel, frames }: Kind): Promise<Measured> {
  const director = new Director({
    links: [
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
  for (const [protocol, port] of [
    ['tcp', 80],
    ['udp', 53],
  ] as const) {
    const service = { protocol, address: VIP, port }
    const isProxied = method === 'fullnat' && protocol === 'tcp'
    const clientAddress = isProxied ? 'proxy-v1' : 'none'
    execute(director, { op: 'add-service', service, settings: serviceSettings('wlc', { clientAddress }) })
    execute(director, { op: 'add-local-address', service, address: LIP })
    const isMapped = method === 'masq' || method === 'fullnat'
    const destination = { address: '10.99.2.11', port: isMapped ? 8080 : port }
    const settings = destinationSettings(1, { method, ...(tunnel ? { tunnel } : {}) })
    execute(director, { op: 'add-destination', service, destination, settings })
  }
  const [c, r] = [director.links[0]!, director.links[1]!]
  const slab = slabOver(new ArrayBuffer(16_384))
  const at = HEADROOM + VNET_LEN
  const none = virtioHeader()
  let now = 0
  let wrong = 0
  /** Opens a connection; answers where the real server sees the client. */
  const open = (client: string, frame: Uint8Array): string => {
    slab.bytes.set(none, at - VNET_LEN)
    slab.bytes.set(frame, at)
    director.receive(c, slab, at, frame.length)
    return method === 'fullnat' ? `${LIP}:${slab.view.getUint16(at + 34)}` : client
  }
  const flows = Array.from({ length: CLIENTS }, (_, i) => {
    const client = `203.0.${i >> 8}.${i & 255}:${10_000 + i}`
    const byTcp = open(client, tcp4(`${client} > ${VIP}:80`, { ...fromGateway, seq: 1000 }))
    return frames(client, byTcp, open(client, udp4(`${client} > ${VIP}:53`, fromGateway)))
  })
  const run = (most: number): void => {
    for (let sent = 0; sent < most;) {
      for (let i = 0; i < CLIENTS; i++) {
        const given = flows[i]!
        for (let n = 0; n < given.length; n++) {
          const { link, frame, header, isHeld } = given[n]!
          slab.bytes.set(header ?? none, at - VNET_LEN)
          slab.bytes.set(frame, at)
          const verdict = director.receive(link === 'c' ? c : r, slab, at, frame.length)
          if (verdict !== (isHeld ? Verdict.HELD : Verdict.BALANCED)) wrong++
          if (++sent % BATCH === 0) director.poll((now += 1))
        }
      }
    }
  }
  run(packets / 2)
  let collections = 0
  const observer = new PerformanceObserver(list => (collections += list.getEntries().length))
  globalThis.gc!()
  observer.observe({ entryTypes: ['gc'] })
  const before = process.memoryUsage().heapUsed
  run(packets)
  const grown = process.memoryUsage().heapUsed - before
  await new Promise(resolve => setTimeout(resolve, 50))
  observer.disconnect()
  return { grown, collections, wrong }
}

if (process.argv[2] === CHILD) {
  process.stdout.write(JSON.stringify(await measure(KINDS[process.argv[3]!]!)))
} else {
  const { default: t } = await import('tap')
  for (const [name, { packets, most }] of Object.entries(KINDS))
    t.test(`${packets} packets of open connections, ${most} bytes of garbage each at the most: ${name}`, async t => {
      const args = [...GIVEN, fileURLToPath(import.meta.url), CHILD, name]
      const env = { PATH: process.env['PATH'] }
      const out = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 200_000, env })
      const { grown, collections, wrong } = JSON.parse(out) as Measured
      t.equal(wrong, 0, 'every one was balanced')
      t.equal(collections, 0, 'nothing was collected meanwhile')
      const told = `the heap grew by ${grown} bytes, ${(grown / packets).toFixed(3)} a packet`
      t.ok(grown < 2 ** 20 + most * packets, told)
    })
}
