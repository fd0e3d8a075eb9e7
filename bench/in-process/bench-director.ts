import { execute } from '../../src/control/operations/execute.js'
import { Director } from '../../src/director/director.js'
import type { WorkerOptions } from '../../src/director/options.js'
import { LOCAL_PORTS } from '../../src/conn/local-ports.js'
import type { Egress } from '../../src/packet/frame.js'
import { makeResident } from '../../src/linux/huge-pages.js'
import { formatIpv4, parseIpv4, parseMac } from '../../src/wire/addr.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { NAT, type Mode } from './modes.js'
import { allocateWords } from './pages.js'

export const VIP = parseIpv4('10.0.0.100')!
export const MAC = parseMac('02:00:00:00:00:01')!
const FIRST_SERVER = parseIpv4('10.1.1.0')!
const FIRST_LOCAL = parseIpv4('10.1.128.0')!

const PLAIN = { persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }

export interface BenchDirectorOptions {
  mode?: Mode
  scheduler?: string
  servers?: number
  capacity: number
  egress: Egress
  now?: number
  worker?: WorkerOptions
}

/** A director between a client side and a server side, with known neighbours and real servers behind one service. */
export function benchDirector(options: BenchDirectorOptions): Director {
  const { mode = NAT, scheduler = 'rr', servers = 4, capacity, egress, now = 0, worker } = options
  const director = new Director({
    links: [
      { name: 'c', mac: MAC, mtu: 1500 },
      { name: 's', mac: MAC, mtu: 1500 },
    ],
    egress,
    addresses: ['10.0.0.1/24@c', '10.1.0.1/16@s'],
    routes: ['default=10.0.0.254'],
    neighbours: [
      '10.0.0.254=02:00:00:00:00:fe@c',
      ...Array.from({ length: servers }, (_, i) => `${server(i)}=02:00:00:00:01:01@s`),
    ],
    maxConnections: capacity,
    allocateWords,
    seed: 1,
    now,
    ...(worker && { worker }),
  })
  makeResident(director.conns.table.words)
  const { method, tunnel } = mode
  const service = { protocol: 'tcp', address: formatIpv4(VIP), port: 80 } as const
  execute(director, { op: 'add-service', service, settings: { scheduler, ...PLAIN } })
  const localAddresses = method === 'fullnat' ? Math.ceil(capacity / (LOCAL_PORTS * servers)) : 0
  for (let i = 0; i < localAddresses; i++)
    execute(director, { op: 'add-local-address', service, address: formatIpv4((FIRST_LOCAL + i) as Ipv4Addr) })
  for (let i = 0; i < servers; i++) {
    const port = method === 'masq' || method === 'fullnat' ? 8080 : 80
    const plain = { method, weight: (i % 64) + 1, upperThreshold: 0, lowerThreshold: 0 } as const
    const settings = tunnel === undefined ? plain : { ...plain, tunnel }
    execute(director, { op: 'add-destination', service, destination: { address: server(i), port }, settings })
  }
  director.poll(now + 1)
  return director
}

function server(i: number): string {
  return formatIpv4((FIRST_SERVER + i) as Ipv4Addr)
}
