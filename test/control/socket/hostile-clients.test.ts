import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { connectControl } from '../../../src/control/socket/client.js'
import { DataPlane } from '../../../src/plane/data-plane.js'
import { serveControl } from '../../../src/control/socket/server.js'
import { RawDevice } from '../../../src/io/raw-device.js'
import { mapMemory } from '../../../src/linux/libc.js'
import { ip, ownNetworkWithTap, veth } from '../../linux/own-network.js'
import { tcp4, virtioHeader } from '../../support/frames.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import { tempDir } from '../../support/temp.js'

const skip = ownNetworkWithTap()
const MAC_C = '02:00:00:00:01:01'
const service = { protocol: 'tcp', address: '10.99.1.100', port: 80 } as const
const FLUSHES = '{"v":1,"op":"verdicts"}\n'

/** mulberry32: the same clients every time. */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Hostile = (socket: Socket, random: () => number) => Promise<void>

/** What clients do that they should not; none of it changes the rules. */
const HOSTILE: Record<string, Hostile> = {
  async rubbish(socket, random) {
    for (let i = 0; i < 50; i++)
      socket.write(Buffer.from(Array.from({ length: random() * 2000 }, () => random() * 256)))
  },
  async 'almost requests'(socket, random) {
    const whole = '{"v":1,"id":1,"op":"delete-service","service":{"protocol":"udp","address":"10.99.1.100","port":9}}'
    for (let i = 0; i < 200; i++) {
      const at = Math.floor(random() * whole.length)
      socket.write(`${whole.slice(0, at)}${'{}[]",:\\\0é9'[Math.floor(random() * 11)]}${whole.slice(at + 1)}\n`)
    }
  },
  async 'deep nesting'(socket) {
    socket.write(`{"v":1,"op":"zero","service":${'['.repeat(60_000)}\n`)
  },
  async 'a line without end'(socket) {
    for (let i = 0; i < 20; i++) socket.write(Buffer.alloc(65_536, 'x'))
  },
  async 'half a line'(socket) {
    socket.write('{"v":1,"op":"ver')
  },
  async nothing() {},
  async 'octet by octet'(socket) {
    for (const octet of FLUSHES.repeat(3)) {
      socket.write(octet)
      await sleep(2)
    }
  },
  async 'deaf to many replies'(socket) {
    socket.pause()
    socket.write('{"v":1,"op":"sysctls"}\n'.repeat(5000))
  },
  async 'gone in the middle of replies'(socket, random) {
    socket.write(FLUSHES.repeat(200))
    await sleep(random() * 20)
    socket.destroy()
  },
  async 'gone at once'(socket) {
    socket.destroy()
  },
}

t.test('clients that do what they should not', { skip, timeout: 230_000 }, async t => {
  veth('c0', 'dc')
  veth('r0', 'dr')
  ip(`link set dc address ${MAC_C}`)
  const [client, server] = [new RawDevice('c0'), new RawDevice('r0')]
  const plane = await DataPlane.start({
    devices: [
      { kind: 'raw', name: 'dc' },
      { kind: 'raw', name: 'dr' },
    ],
    director: {
      addresses: ['10.99.1.1/24@dc', '10.99.2.1/24@dr'],
      neighbours: ['10.99.1.10=02:00:00:00:01:10@dc', '10.99.2.11=02:00:00:00:02:11@dr'],
      seed: 1,
    },
  })
  const path = `${tempDir(t)}/uvs.sock`
  const socketServer = await serveControl(path, plane)
  t.teardown(async () => {
    await socketServer.close()
    await plane.stop()
    client.close()
    server.close()
  })
  const good = connectControl(path)
  const destination = { address: '10.99.2.11', port: 80 }
  await good.call({ op: 'add-service', service, settings: serviceSettings('rr') })
  await good.call({ op: 'add-destination', service, destination, settings: destinationSettings(1) })

  const slab = mapMemory(4096)
  let sent = 0
  const send = (): void => {
    const frame = tcp4(`10.99.1.10:${10_000 + sent++} > 10.99.1.100:80`, { eth: `02:00:00:00:01:10 > ${MAC_C}` })
    slab.bytes.set(virtioHeader(), 0)
    slab.bytes.set(frame, 10)
    client.transmit(slab, 10, frame.length)
    client.flush()
  }

  const random = seeded(5)
  const sockets = new Set<Socket>()
  const names = Object.keys(HOSTILE)
  const until = performance.now() + Number(process.env['UVS_HOSTILE_SECONDS'] ?? 4) * 1000
  let connected = 0
  const attack = async (): Promise<void> => {
    while (performance.now() < until) {
      const socket = connect(path)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => sockets.delete(socket))
      sockets.add(socket)
      await Promise.race([once(socket, 'connect').catch(() => {}), sleep(100)])
      connected++
      socket.resume()
      await HOSTILE[names[connected % names.length]!]!(socket, random)
      await sleep(random() * 10)
      if (sockets.size > 120) for (const old of [...sockets].slice(0, 60)) old.destroy()
    }
  }
  const attacks = Promise.all(Array.from({ length: 5 }, attack))

  const tookMs: number[] = []
  while (performance.now() < until) {
    send()
    const from = performance.now()
    const reply = await good.call({ op: 'services', service })
    tookMs.push(performance.now() - from)
    if (!reply.ok) t.fail(reply.message)
    await sleep(20)
  }
  await attacks
  for (const socket of sockets) socket.destroy()
  tookMs.sort((a, b) => a - b)
  const p90 = tookMs[Math.floor(tookMs.length * 0.9)]!
  t.ok(
    p90 < 3000,
    `${connected} hostile clients; a good one's ${tookMs.length} requests took ${p90} ms at most, but a tenth`,
  )
  t.ok(connected > 50, `${connected} clients`)

  const services = await good.call({ op: 'services' })
  t.match(
    services,
    { ok: true, value: { rows: [{ ...service, destinations: [destination] }] } },
    'the rules are what they were',
  )
  t.equal(services.ok && services.value.rows.length, 1)
  const verdicts = await good.call({ op: 'verdicts' })
  t.match(verdicts, { value: { balanced: sent } }, 'every frame was balanced')
  good.close()
})
