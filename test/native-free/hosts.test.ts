import t from 'tap'
import { VirtualHost } from '../../native-free/virtual-host.js'
import { HttpLoad } from '../../native-free/http-load.js'
import { HttpServer } from '../../native-free/http-server.js'
import { MemoryDevice } from '../../native-free/memory-device.js'
import { Network, type Station } from '../../native-free/network.js'
import { Ping } from '../../native-free/ping.js'
import { Switch } from '../../native-free/switch.js'
import type { TcpHandler } from '../../native-free/tcp-connection.js'
import { TcpEndpoint } from '../../native-free/tcp-endpoint.js'
import { UdpEcho } from '../../native-free/udp-echo.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const SERVER = 0x0a000002 as Ipv4Addr
const SLOT = 66 * 1024

/** A client, 10.0.0.1, and a server, 10.0.0.2, with `between` on the wire if given. */
function pair({
  offload = false,
  between,
}: { offload?: boolean; between?: (a: MemoryDevice, b: MemoryDevice) => Station } = {}) {
  const [c, s, x, y] = ['c', 's', 'x', 'y'].map(
    (name, i) => new MemoryDevice({ name, mac: { hi: 0x0200, lo: i + 1 }, slotSize: SLOT, slots: 256 }),
  ) as [MemoryDevice, MemoryDevice, MemoryDevice, MemoryDevice]
  const network = new Network()
  if (between) {
    MemoryDevice.link(c, x)
    MemoryDevice.link(y, s)
    network.add(between(x, y))
  } else MemoryDevice.link(c, s)
  const client = new VirtualHost({ name: 'client', device: c, address: '10.0.0.1/24', offload })
  const server = new VirtualHost({ name: 'server', device: s, address: '10.0.0.2/24', offload })
  network.add(client, server)
  return {
    network,
    client,
    server,
    tcp: client.speak(new TcpEndpoint(client, 1)),
    serverTcp: server.speak(new TcpEndpoint(server, 2)),
  }
}

/** Reads whatever comes, closes when the peer has. */
function reader(): { handler: TcpHandler; got: () => Buffer; over: () => string } {
  const parts: Buffer[] = []
  let over = ''
  return {
    got: () => Buffer.concat(parts),
    over: () => over,
    handler: {
      data: (_, octets) => void parts.push(Buffer.from(octets)),
      ended: conn => conn.end(),
      closed: () => (over = 'closed'),
      reset: () => (over = 'reset'),
    },
  }
}

for (const offload of [false, true]) {
  const how = offload ? 'with offload' : 'with whole checksums'

  t.test(`a client fetches from a server, ${how}`, async t => {
    const { network, client, server, tcp, serverTcp } = pair({ offload })
    const http = new HttpServer('rs1\n')
    serverTcp.listen(80, http.accept)
    const load = new HttpLoad(tcp, { addr: SERVER, port: 80, requests: 500, concurrency: 20 })
    network.add(load)
    t.ok(
      network.run(() => load.done && tcp.open + serverTcp.open === 0, 10_000),
      'every connection is over',
    )
    t.strictSame([load.answered, load.failed, http.answered], [500, 0, 500])
    t.strictSame([...load.bodies], [['rs1\n', 500]])
    t.strictSame(client.errors, { checksum: 0, malformed: 0, stray: 0 })
    t.strictSame(server.errors, { checksum: 0, malformed: 0, stray: 0 })
    t.equal(tcp.retransmits + serverTcp.retransmits, 0)
  })

  t.test(`a megabyte goes each way, ${how}`, async t => {
    const { network, client, server, tcp, serverTcp } = pair({ offload })
    const megabyte = Buffer.from(Uint8Array.from({ length: 1_000_001 }, (_, i) => (i * 31) >> 3))
    const down = reader()
    const up = reader()
    serverTcp.listen(7, () => ({ ...up.handler, opened: conn => conn.write(megabyte) }))
    tcp.connect(SERVER, 7, { ...down.handler, opened: conn => (conn.write(megabyte), conn.end()) })
    t.ok(network.run(() => down.over() === 'closed' && up.over() === 'closed', 60_000))
    t.ok(down.got().equals(megabyte))
    t.ok(up.got().equals(megabyte))
    t.equal(client.errors.checksum + server.errors.checksum, 0)
    t.equal(tcp.retransmits + serverTcp.retransmits, 0)
  })
}

t.test('a port where nobody listens answers with RST', async t => {
  const { network, tcp, serverTcp } = pair()
  const seen = reader()
  tcp.connect(SERVER, 81, seen.handler)
  t.ok(network.run(() => seen.over() === 'reset', 100))
  t.equal(serverTcp.refused, 1)
  t.equal(tcp.open, 0)
})

t.test('hosts answer ping and echo datagrams', async t => {
  const { network, client, server } = pair()
  const ping = client.speak(new Ping(client))
  server.speak(new Ping(server))
  const udp = client.speak(new UdpEcho(client))
  server.speak(new UdpEcho(server, 7))
  ping.ping(SERVER, 'odd')
  udp.send(SERVER, 7, 4000, 'hello')
  network.pass(10)
  t.equal(ping.answers.get(SERVER), 1)
  t.strictSame(udp.heard, [{ src: SERVER, port: 7, text: 'hello' }])
})

t.test('a host counts what it may not believe: a planted fault in IP, TCP, UDP and ICMP checksums', async t => {
  for (const at of [24, 36, 40, 44, 60]) {
    const { network, client, server, tcp } = pair({ between: (a, b) => faulty(a, b, at) })
    const ping = client.speak(new Ping(client))
    server.speak(new Ping(server))
    server.speak(new UdpEcho(server, 7))
    tcp.connect(SERVER, 80, {})
    ping.ping(SERVER, 'some more octets than forty')
    new UdpEcho(client).send(SERVER, 7, 4000, 'some more octets than forty')
    network.pass(10)
    // Octet 60 lies behind a SYN's 54; in its padding nothing is checked.
    t.equal(server.errors.checksum, at === 60 ? 2 : 3, `octet ${at}`)
  }
})

t.test('what is lost is sent again', async t => {
  let n = 0
  const { network, tcp, serverTcp } = pair({ between: (a, b) => passing(a, b, () => ++n % 5 !== 0) })
  serverTcp.listen(80, new HttpServer('rs1\n').accept)
  const load = new HttpLoad(tcp, { addr: SERVER, port: 80, requests: 20, concurrency: 2, timeoutMs: 30_000 })
  network.add(load)
  t.ok(network.run(() => load.done, 120_000))
  t.equal(load.answered, 20)
  t.ok(tcp.retransmits + serverTcp.retransmits > 0)
})

t.test('a request that nobody answers fails in time', async t => {
  const { network, tcp } = pair({ between: (a, b) => passing(a, b, () => false) })
  const load = new HttpLoad(tcp, { addr: SERVER, port: 80, requests: 3, concurrency: 2, timeoutMs: 500 })
  network.add(load)
  t.ok(network.run(() => load.done, 1100))
  t.strictSame([load.answered, load.failed], [0, 3])
})

t.test('a switch sends a frame where its destination was seen, and everywhere before that', async t => {
  const inside: MemoryDevice[] = []
  const outside = [1, 2, 3].map(lo => {
    const mac = { hi: 0x0200, lo }
    const end = new MemoryDevice({ name: `out${lo}`, mac })
    inside.push(new MemoryDevice({ name: `in${lo}`, mac }))
    MemoryDevice.link(end, inside.at(-1)!)
    return end
  })
  const between = new Switch(inside)
  const counts = () =>
    outside.map(device => {
      const frames = device.receive({ frame: () => {} }, 9)
      device.release()
      return frames
    })
  const send = (from: number, to: number) => {
    const bytes = new Uint8Array(80)
    bytes.set([2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from], 16)
    const slab = { bytes, view: new DataView(bytes.buffer), address: 0 }
    outside[from - 1]!.transmit(slab, 16, 60)
    outside[from - 1]!.flush()
    between.turn()
    return counts()
  }
  t.strictSame(send(1, 2), [0, 1, 1], '2 has not been seen')
  t.strictSame(send(2, 1), [1, 0, 0], '1 has')
  t.strictSame(send(1, 2), [0, 1, 0], '2 has')
  t.strictSame(send(1, 1), [0, 0, 0], 'a frame to its own port goes nowhere')
})

/** Passes frames from `a` to `b` and back while `pass` says so. */
function passing(a: MemoryDevice, b: MemoryDevice, pass: () => boolean): Station {
  return {
    turn: () => {
      const frames = [a, b].map(from => {
        const to = from === a ? b : a
        return from.receive({ frame: (slab, at, len) => void (pass() && to.transmit(slab, at, len)) }, 99)
      })
      for (const device of [a, b]) device.flush()
      for (const device of [a, b]) device.release()
      return frames.length
    },
  }
}

/** Passes frames, and turns one bit of octet `octet` in every IP frame from `a` to `b`. */
function faulty(a: MemoryDevice, b: MemoryDevice, octet: number): Station {
  return {
    turn: () => {
      a.receive(
        {
          frame: (slab, at, len) => {
            if (slab.view.getUint16(at + 12) === 0x0800 && octet < len) slab.bytes[at + octet]! ^= 4
            b.transmit(slab, at, len)
          },
        },
        99,
      )
      b.receive({ frame: (slab, at, len) => void a.transmit(slab, at, len) }, 99)
      for (const device of [a, b]) device.flush()
      for (const device of [a, b]) device.release()
      return 0
    },
  }
}
