import t from 'tap'
import { DataPlane, DataPlaneError, shareOf, type DataPlaneOptions } from '../../src/plane/data-plane.js'
import { UsageError } from '../../src/director/options.js'
import { mapMemory } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { ip, ownNetworkWithTap, veth } from '../linux/own-network.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'
import { hex, tcp4, virtioHeader } from '../support/frames.js'

const skip = ownNetworkWithTap()
const MAC_C = '02:00:00:00:01:01'
const MAC_R = '02:00:00:00:02:01'
const service = { protocol: 'tcp', address: '10.99.1.100', port: 80 } as const

const options: DataPlaneOptions = {
  devices: [
    { kind: 'raw', name: 'dc' },
    { kind: 'raw', name: 'dr' },
  ],
  director: {
    addresses: ['10.99.1.1/24@dc', '10.99.2.1/24@dr'],
    neighbours: ['10.99.1.10=02:00:00:00:01:10@dc', '10.99.2.11=02:00:00:00:02:11@dr'],
    maxConnections: 1024,
    seed: 1,
  },
}

t.test('of what all workers may hold together none holds much more than another', async t => {
  for (const [connections, of] of [
    [3, 2],
    [64, 64],
    [1000, 7],
    [2 ** 24, 64],
  ] as const) {
    const shares = Array.from({ length: of }, (_, index) => shareOf(connections, index, of))
    t.equal(
      shares.reduce((sum, share) => sum + share, 0),
      connections,
    )
    t.ok(Math.max(...shares) - Math.min(...shares) <= 1)
  }
})

/** Frames of IPv4 that come in on a device within a bounded time, until there is one. */
function received(device: RawDevice): string[] {
  const frames: string[] = []
  const poller = new Poller(device.fds)
  const until = performance.now() + 30_000
  while (frames.length === 0 && performance.now() < until) {
    poller.wait(50)
    device.receive(
      { frame: ({ bytes }, at, len) => void (bytes[at + 13] === 0 && frames.push(hex(bytes.slice(at, at + len)))) },
      256,
    )
    device.release()
  }
  return frames
}

function send(device: RawDevice, frame: Uint8Array): void {
  const slab = mapMemory(4096)
  slab.bytes.set(virtioHeader(), 0)
  slab.bytes.set(frame, 10)
  device.transmit(slab, 10, frame.length)
  device.flush()
}

const tap = (mac?: { hi: number; lo: number }): DataPlaneOptions => ({
  devices: [{ kind: 'tap', name: 'tp0', mac }],
  director: { addresses: ['10.99.3.1/24@tp0'], seed: 1 },
})

// Starting a thread takes seconds on a machine that is busy with other tests.
t.setTimeout(230_000)

t.test('data plane', { skip }, async t => {
  veth('c0', 'dc')
  veth('r0', 'dr')
  ip(`link set dc address ${MAC_C}`)
  ip(`link set dr address ${MAC_R}`)
  const [client, server] = [new RawDevice('c0'), new RawDevice('r0')]
  t.teardown(() => {
    client.close()
    server.close()
  })

  await t.test('it balances in its own thread, answers requests meanwhile, and stops', async t => {
    const plane = await DataPlane.start(options)
    t.strictSame(plane.devices, [
      { name: 'dc', mac: MAC_C, mtu: 1500 },
      { name: 'dr', mac: MAC_R, mtu: 1500 },
    ])
    t.match(await plane.call({ op: 'add-service', service, settings: serviceSettings('rr') }), { ok: true })
    const destination = { address: '10.99.2.11', port: 80 }
    t.match(await plane.call({ op: 'add-destination', service, destination, settings: destinationSettings(1) }), {
      ok: true,
    })
    t.strictSame(await plane.call({ op: 'delete-service', service: { ...service, port: 1 } }), {
      ok: false,
      refusal: 'ESRCH',
      message: 'no such service',
    })
    send(client, tcp4('10.99.1.10:40000 > 10.99.1.100:80', { eth: `02:00:00:00:01:10 > ${MAC_C}` }))
    t.strictSame(received(server), [
      hex(tcp4('10.99.1.10:40000 > 10.99.2.11:80', { eth: `${MAC_R} > 02:00:00:00:02:11`, ttl: 63 })),
    ])
    send(server, tcp4('10.99.2.11:80 > 10.99.1.10:40000', { flags: 'SA', eth: `02:00:00:00:02:11 > ${MAC_R}` }))
    t.strictSame(received(client), [
      hex(tcp4('10.99.1.100:80 > 10.99.1.10:40000', { flags: 'SA', eth: `${MAC_C} > 02:00:00:00:01:10`, ttl: 63 })),
    ])
    t.match(await plane.call({ op: 'verdicts' }), {
      ok: true,
      value: { balanced: 2, 'drop-device-dc': 0, 'drop-device-dr': 0 },
    })
    const many = await Promise.all(
      Array.from({ length: 500 }, (_, i) => plane.call({ op: 'services', service: { ...service, port: i } })),
    )
    t.strictSame(
      many.flatMap((reply, i) => (reply.ok ? [i] : [])),
      [80],
      'answers go to who asked',
    )
    await plane.stop()
    await t.resolves(plane.ended)
  })

  await t.test('idle, it waits for requests, frames and timers without turning: next to no processor time', async t => {
    const plane = await DataPlane.start(options)
    const before = process.cpuUsage()
    await new Promise(resolve => setTimeout(resolve, 1000))
    const { user, system } = process.cpuUsage(before)
    t.ok(user + system < 300_000, `${(user + system) / 1000} ms of a second`)
    const took: number[] = []
    for (let i = 0; i < 10; i++) {
      const asked = performance.now()
      await plane.call({ op: 'verdicts' })
      took.push(performance.now() - asked)
    }
    t.ok(Math.min(...took) < 300, `a request wakes it: ${took.join(', ')} ms`)
    // Timers go on without frames: a neighbour that does not answer is asked thrice and given up.
    send(client, tcp4('10.99.1.10:1 > 10.99.2.77:1', { eth: `02:00:00:00:01:10 > ${MAC_C}` }))
    t.equal(received(client).length, 1, 'the client is told')
    t.match(await plane.call({ op: 'verdicts' }), {
      value: { held: 1, 'drop-neighbour-failed': 1, 'icmp-errors-sent': 1 },
    })
    await plane.stop()
  })

  await t.test('requests that wait when it stops are answered', async t => {
    const plane = await DataPlane.start(options)
    const stopping = plane.stop()
    const late = plane.call({ op: 'verdicts' })
    await stopping
    t.strictSame(await late, { ok: false, refusal: 'EPROTO', message: 'the director has stopped' })
    const again = await DataPlane.start(options)
    await again.stop()
  })

  await t.test('a TAP device is made for it, and gone with it', async t => {
    const plane = await DataPlane.start(tap({ hi: 0x0200, lo: 0x42 }))
    t.strictSame(plane.devices, [{ name: 'tp0', mac: '02:00:00:00:00:42', mtu: 1500 }])
    await t.rejects(DataPlane.start(tap()), new DataPlaneError('TAP device tp0: another process holds it (EBUSY)'))
    await plane.stop()
    t.throws(() => ip('link show tp0'), 'gone with it')
  })

  await t.test('what it cannot start with is one line, and nothing is left open', async t => {
    const broken: [change: Partial<DataPlaneOptions>, error: Error][] = [
      [
        {
          devices: [
            { kind: 'raw', name: 'dc' },
            { kind: 'raw', name: 'nosuch' },
          ],
        },
        new DataPlaneError('nosuch: there is no such interface (ENODEV)'),
      ],
      [{ devices: [{ kind: 'raw', name: 'a/b' }] }, new UsageError("'a/b' is no interface's name")],
      [
        { director: { ...options.director, addresses: ['10.0.0.1/24@eth9'] } },
        new UsageError("--address: '10.0.0.1/24@eth9': there is no interface 'eth9' here, only dc, dr"),
      ],
      [
        { director: { ...options.director, maxConnections: 0 } },
        new UsageError('a connection table holds 1 to 16777216 connections, not 0'),
      ],
    ]
    for (const [change, error] of broken)
      await t.rejects(DataPlane.start({ ...options, ...change }), error, error.message)
    const plane = await DataPlane.start(options)
    await plane.stop()
  })
})
