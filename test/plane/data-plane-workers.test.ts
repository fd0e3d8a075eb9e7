import t from 'tap'
import { allServices } from '../../src/control/protocol/all-services.js'
import { DataPlane, DataPlaneError, type DataPlaneOptions } from '../../src/plane/data-plane.js'
import type { ConnectionInfo, Operations, TotalsInfo } from '../../src/control/protocol/api.js'
import { mapMemory } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { ip, ownNetworkWithTap, silence, veth } from '../linux/own-network.js'
import { packetOf, tcp4, virtioHeader } from '../support/frames.js'
import { addrText, readU16 } from '../support/octets.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const skip = ownNetworkWithTap()
const MAC_C = '02:00:00:00:01:01'
const MAC_R = '02:00:00:00:02:01'
const VIP = '10.99.1.100'
const CLIENTS = Array.from({ length: 32 }, (_, i) => `10.99.1.${10 + i}`)
const clientMac = '02:00:00:00:01:10'
const serverMac = '02:00:00:00:02:11'

const raw: DataPlaneOptions['devices'] = [
  { kind: 'raw', name: 'dc' },
  { kind: 'raw', name: 'dr' },
]
const options: Omit<DataPlaneOptions, 'devices'> = {
  director: {
    addresses: ['10.99.1.1/24@dc', '10.99.2.1/24@dr'],
    neighbours: [...CLIENTS.map(client => `${client}=${clientMac}@dc`), `10.99.2.11=${serverMac}@dr`],
    maxConnections: 1023,
    seed: 1,
  },
  workers: 2,
}
const service = { protocol: 'tcp', address: VIP, port: 80 } as const
const fullnat = { ...service, port: 81 }

/** Flows `source > destination` of the IPv4 frames that come in until there are so many. */
function received(device: RawDevice, count: number): string[] {
  const flows: string[] = []
  const poller = new Poller(device.fds)
  for (const until = performance.now() + 30_000; flows.length < count && performance.now() < until;) {
    poller.wait(50)
    device.receive(
      {
        frame: ({ bytes }, at, len) => {
          if (bytes[at + 13] !== 0) return
          const packet = packetOf(bytes.slice(at, at + len))
          const end = (address: number, port: number): string =>
            `${addrText(packet.slice(address, address + 4))}:${readU16(packet, port)}`
          flows.push(`${end(12, 20)} > ${end(16, 22)}`)
        },
      },
      256,
    )
    device.release()
  }
  return flows.sort()
}
const slab = mapMemory(4096)
function send(device: RawDevice, frame: Uint8Array): void {
  slab.bytes.set(virtioHeader(), 0)
  slab.bytes.set(frame, 10)
  device.transmit(slab, 10, frame.length)
  device.flush()
}
function turned(flow: string): string {
  return flow.split(' > ').reverse().join(' > ')
}

// Starting threads takes seconds on a machine that is busy with other tests.
t.setTimeout(230_000)

/** Devices of the data plane, and who is at the other ends of the wires: known once the plane runs, where it makes them. */
const wires: Record<'raw' | 'tap', { devices: DataPlaneOptions['devices']; ends: [string, string] }> = {
  raw: { devices: raw, ends: ['c0', 'r0'] },
  tap: {
    devices: [
      { kind: 'tap', name: 'dtc', mac: { hi: 0x0200, lo: 0x0101 } },
      { kind: 'tap', name: 'dtr', mac: { hi: 0x0200, lo: 0x0201 } },
    ],
    ends: ['dtc', 'dtr'],
  },
}
function onWires(devices: DataPlaneOptions['devices']): DataPlaneOptions {
  const [c, r] = devices.map(({ name }) => name)
  const named = (text: string): string => text.replace(/@dc$/, `@${c}`).replace(/@dr$/, `@${r}`)
  const { addresses, neighbours = [] } = options.director
  const director = { ...options.director, addresses: addresses.map(named), neighbours: neighbours.map(named) }
  return { ...options, devices, director }
}

for (const [kind, { devices, ends }] of Object.entries(wires))
  t.test(
    `two workers on ${kind} devices share clients; what answers finds the worker of its connection`,
    { skip },
    async t => {
      if (kind === 'raw') {
        veth('c0', 'dc')
        veth('r0', 'dr')
        ip(`link set dc address ${MAC_C}`)
        ip(`link set dr address ${MAC_R}`)
      }
      const problems: string[] = []
      const plane = await DataPlane.start(onWires(devices), problem => problems.push(problem))
      ends.forEach(silence)
      const [client, server] = ends.map(name => new RawDevice(name)) as [RawDevice, RawDevice]
      t.teardown(() => {
        client.close()
        server.close()
      })
      t.equal(plane.threads.length, 2)
      for (const [key, method] of [
        [service, 'masq'],
        [fullnat, 'fullnat'],
      ] as const) {
        t.match(await plane.call({ op: 'add-service', service: key, settings: serviceSettings('wlc') }), { ok: true })
        const settings = destinationSettings(1, { method })
        const destination = { address: '10.99.2.11', port: 80 }
        t.match(await plane.call({ op: 'add-destination', service: key, destination, settings }), { ok: true })
      }
      await plane.call({ op: 'add-local-address', service: fullnat, address: '10.99.2.201' })
      for (const { port } of [service, fullnat]) {
        const flows = CLIENTS.map((from, i) => `${from}:${4000 + i} > ${VIP}:${port}`)
        for (const flow of flows) send(client, tcp4(flow, { eth: `${clientMac} > ${MAC_C}` }))
        const came = received(server, flows.length)
        t.equal(came.length, flows.length)
        if (port === 80) t.strictSame(came, CLIENTS.map((from, i) => `${from}:${4000 + i} > 10.99.2.11:80`).sort())
        else
          t.ok(
            new Set(came).size === flows.length && came.every(flow => flow.startsWith('10.99.2.201:')),
            'by its own port each',
          )
        for (const flow of came) send(server, tcp4(turned(flow), { flags: 'SA', eth: `${serverMac} > ${MAC_R}` }))
        t.strictSame(received(client, flows.length), flows.map(turned).sort(), 'every answer')
        for (const flow of flows) send(client, tcp4(flow, { flags: 'A', eth: `${clientMac} > ${MAC_C}` }))
        t.equal(received(server, flows.length).length, flows.length)
      }
      const totals: Operations['totals']['value'] = await must(plane, 'totals')
      t.match(totals.live, { conns: 64, inPkts: 128, outPkts: 64 })
      const { workers }: TotalsInfo = totals
      t.equal(workers.length, 2)
      for (const each of workers) {
        t.ok(each.conns > 15 && each.conns < 49, `${each.conns} connections`)
        t.equal(each.inPkts, 2 * each.conns, 'all of a connection came to its worker')
        t.equal(each.outPkts, each.conns)
      }
      t.match(await plane.call({ op: 'verdicts' }), {
        value: { balanced: 192, 'drop-no-destination': 0, forwarded: 0 },
      })
      const listed = await allServices(plane)
      t.match(listed, {
        ok: true,
        value: [{ destinations: [{ activeConns: 32, inactConns: 0 }] }, { destinations: [{ activeConns: 32 }] }],
      })
      const rows: ConnectionInfo[] = []
      for (let from: number | null = 0; from !== null;) {
        const page: Operations['connections']['value'] = await must(plane, 'connections', from)
        rows.push(...page.rows)
        from = page.next
      }
      t.equal(new Set(rows.map(({ caddr, vport }) => `${caddr} ${vport}`)).size, 64)
      t.match(await plane.call({ op: 'figures' }), {
        value: { connections: { capacity: 1023, open: 64 }, workers: [{ heap: {} }, { heap: {} }] },
      })
      t.strictSame(problems, [])
      await plane.stop()
      await t.resolves(plane.ended)
    },
  )

t.test('what they cannot start with is one line, and nothing is left open', { skip }, async t => {
  const nosuch: DataPlaneOptions['devices'] = [
    { kind: 'raw', name: 'dc' },
    { kind: 'raw', name: 'nosuch' },
  ]
  const broken = { ...onWires(raw), devices: nosuch }
  await t.rejects(DataPlane.start(broken), new DataPlaneError('nosuch: there is no such interface (ENODEV)'))
  const plane = await DataPlane.start({ ...onWires(raw), workers: 3 })
  t.equal(plane.threads.length, 3)
  await plane.stop()
})

async function must<O extends 'totals' | 'connections'>(
  plane: DataPlane,
  op: O,
  from = 0,
): Promise<Operations[O]['value']> {
  const reply = await plane.call(op === 'totals' ? { op: 'totals' } : { op: 'connections', from })
  if (!reply.ok) throw new Error(reply.message)
  return reply.value as Operations[O]['value']
}
