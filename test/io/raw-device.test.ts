import t from 'tap'
import type { Device, FrameSink } from '../../src/packet/device.js'
import { mapMemory, SystemError } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { HEADROOM, VNET_LEN } from '../../src/packet/frame.js'
import { formatMac } from '../../src/wire/addr.js'
import { arp, concat, ethernet, partialHeader, tcp4, udp4, virtioHeader } from '../support/frames.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'

const skip = ownNetwork()
const ETH = { eth: '02:00:00:00:00:0a > 02:00:00:00:00:0b' }
const GSO = { gsoType: 1, gsoSize: 1448 }
const RING_SLOTS = 7936
/** A ring and some more, in fifties. */
const ROUND = 8000
/** Frames that do not fit a slot and are held at a time. */
const LARGE = 32
/** As packet-ring.ts lays it out; the kernel's header is struct tpacket2_hdr and struct sockaddr_ll. */
const BLOCK = 2 ** 20
const SLOT = 2112
const KERNEL_HEADER = 32 + 20

const memory = skip ? undefined : mapMemory(2 ** 20)

/** Sends a frame from memory that the kernel can read, where the next one will not overwrite it before the flush. */
let place = 0
function send(device: Device, frame: Uint8Array, header = virtioHeader()): boolean {
  const slab = memory!
  if (place + header.length + frame.length > slab.bytes.length) place = 0
  const at = place + header.length
  slab.bytes.set(header, place)
  slab.bytes.set(frame, at)
  place = at + frame.length
  return device.transmit(slab, at, frame.length)
}

/** What comes in within a bounded time, header and frame, until there are `count` of them. */
function received(device: Device, count: number, budget = 256, patience = 20_000): Uint8Array[] {
  const frames: Uint8Array[] = []
  const poller = new Poller(device.fds)
  const until = performance.now() + patience
  while (frames.length < count && performance.now() < until) {
    poller.wait(Math.min(50, patience))
    device.receive({ frame: (slab, at, len) => frames.push(slab.bytes.slice(at - 10, at + len)) }, budget)
    device.release()
  }
  return frames
}

/** Receives without a release until so many have come: a thread of the kernel may still be at it. How many came. */
function receiveUntil(device: Device, count: number, sink: FrameSink): number {
  let got = 0
  for (const end = performance.now() + 20_000; got < count && performance.now() < end;) got += device.receive(sink, 256)
  return got
}

/** Notes where frames lie: octets, offset and length of each. */
function noting(): { places: [Uint8Array, number, number][]; sink: FrameSink } {
  const places: [Uint8Array, number, number][] = []
  return { places, sink: { frame: ({ bytes }, at, len) => void places.push([bytes, at, len]) } }
}

/** Two devices on the two ends of a wire. All tests but the first share them: a device takes 18 MiB until the process ends. */
function wire(t: Pick<typeof import('tap').t, 'teardown'>, a = 'va', b = 'vb'): [RawDevice, RawDevice] {
  veth(a, b)
  const devices: [RawDevice, RawDevice] = [new RawDevice(a), new RawDevice(b)]
  t.teardown(() => {
    for (const device of devices) device.close()
    ip(`link del ${a}`)
  })
  return devices
}

t.test('raw device', { skip }, async t => {
  const [a, b] = wire(t)
  await t.test('it is what its interface is', async t => {
    veth('vc', 'vd')
    ip('link set vc mtu 1400 address 02:00:00:00:00:aa')
    const device = new RawDevice('vc')
    t.teardown(() => {
      device.close()
      ip('link del vc')
    })
    t.strictSame(
      [device.name, formatMac(device.mac), device.mtu, device.fds.length],
      ['vc', '02:00:00:00:00:aa', 1400, 2],
    )
    t.equal(device.dropped, 0)
  })

  await t.test('frames of every length go from one end to the other whole, and in order', async t => {
    const frames = [60, 61, 62, 63, 64, 590, 1513, 1514].map(len =>
      tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...ETH, payload: len - 54 }),
    )
    for (const frame of frames) t.ok(send(a, frame))
    a.flush()
    t.strictSame(
      received(b, frames.length),
      frames.map(frame => concat(virtioHeader(), frame)),
    )
    t.strictSame([a.dropped, b.dropped], [0, 0])
  })

  await t.test('nothing is sent before the flush; what we send ourselves does not come in', async t => {
    const frame = tcp4('10.0.0.1:1 > 10.0.0.2:2', ETH)
    send(a, frame)
    t.strictSame(b.receive({ frame: () => t.fail('a frame') }, 256), 0)
    a.flush()
    t.equal(received(b, 1).length, 1)
    t.equal(a.receive({ frame: () => t.fail('our own') }, 256), 0)
  })

  await t.test('a partial checksum travels with its header', async t => {
    const frames = [
      tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...ETH, payload: 100, partial: true }),
      udp4('10.0.0.1:1 > 10.0.0.2:2', { ...ETH, payload: 101, partial: true }),
    ]
    for (const frame of frames) send(a, frame, partialHeader(frame))
    a.flush()
    t.strictSame(
      received(b, 2),
      frames.map(frame => concat(partialHeader(frame), frame)),
    )
  })

  await t.test('a GSO frame of 60 000 octets goes through whole', async t => {
    const frame = tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...ETH, flags: 'PA', payload: 60_000 - 54, partial: true })
    const header = partialHeader(frame, { ...GSO, hdrLen: 54 })
    send(a, frame, header)
    a.flush()
    const [got] = received(b, 1)
    t.equal(got?.length, 60_010)
    t.ok(Buffer.compare(got!.slice(10), frame) === 0, 'every octet')
    t.strictSame([got![0], got![1]], [1, 1], 'NEEDS_CSUM, TCPv4')
    t.strictSame(got!.slice(4, 10), header.slice(4), 'gso_size, where the checksum is')
  })

  await t.test('frames go round the ring, none lost, none twice, in order', async t => {
    let next = 0
    for (let sent = 0; sent < ROUND;) {
      for (let i = 0; i < 50; i++, sent++)
        send(a, tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...ETH, seq: sent, payload: sent % 1400 }))
      a.flush()
      for (const frame of received(b, 50)) {
        const expected = concat(
          virtioHeader(),
          tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...ETH, seq: next, payload: next % 1400 }),
        )
        if (Buffer.compare(frame, expected) !== 0) t.strictSame(frame, expected, `frame ${next}`)
        next++
      }
    }
    t.equal(next, ROUND)
    t.strictSame([a.dropped, b.dropped], [0, 0])
  })

  await t.test('frames keep their place until the release, and what does not fit meanwhile is counted', async t => {
    const { places, sink } = noting()
    const sent = RING_SLOTS + 564 // fifties
    const before = b.dropped
    for (let i = 0; i < sent; i++) {
      send(a, tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...ETH, seq: i }))
      if (i % 50 === 49) a.flush()
    }
    // ksoftirqd may still be at it.
    const until = performance.now() + 20_000
    while (places.length + b.dropped < before + sent && performance.now() < until) b.receive(sink, 256)
    t.equal(places.length, RING_SLOTS)
    for (const [i, [bytes, at, len]] of places.entries()) {
      const expected = tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...ETH, seq: i })
      if (Buffer.compare(bytes.subarray(at, at + len), expected) !== 0) t.fail(`frame ${i} has changed`)
    }
    t.equal(b.dropped - before, sent - RING_SLOTS)
    t.equal(b.dropped - before, sent - RING_SLOTS, 'asked again: the same')
    b.release()
    send(a, tcp4('10.0.0.1:1 > 10.0.0.2:2', ETH))
    a.flush()
    t.equal(received(b, 1).length, 1, 'it goes on')
  })

  await t.test('there is room before every frame for an ICMP error’s headers, behind the kernel’s own', async t => {
    const places: number[] = []
    for (let i = 0; i < 30; i++) send(a, tcp4('10.0.0.1:1 > 10.0.0.2:2', ETH))
    a.flush()
    receiveUntil(b, 30, { frame: (_, at) => void places.push(at) })
    b.release()
    t.equal(places.length, 30)
    for (const at of places) {
      const inSlot = (at % BLOCK) % SLOT
      t.ok(inSlot >= KERNEL_HEADER + HEADROOM + VNET_LEN, `octet ${inSlot} of its slot`)
      t.ok(inSlot + 14 + 1500 <= SLOT, 'and for a packet of an MTU of 1500 behind')
    }
  })

  await t.test(
    'large and small frames come in order, large ones a bounded number a turn, and keep their place',
    async t => {
      const frames = Array.from({ length: 2 * (LARGE + 8) }, (_, i) =>
        tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...ETH, seq: i, payload: i % 2 === 0 ? 60_000 - i : i, partial: true }),
      )
      const before = b.dropped
      const { places, sink } = noting()
      const same = (from: number): void =>
        places.forEach(([bytes, at, len], i) => {
          if (Buffer.compare(bytes.subarray(at, at + len), frames[from + i]!) !== 0) t.fail(`frame ${from + i}`)
        })
      for (const frame of frames) {
        send(a, frame, partialHeader(frame, frame.length > 1514 ? { ...GSO, hdrLen: 54 } : {}))
        a.flush()
      }
      t.equal(receiveUntil(b, 2 * LARGE - 1, sink), 2 * LARGE - 1, 'until there is no place left')
      t.equal(b.receive(sink, 256), 0)
      same(0)
      b.release()
      places.length = 0
      const left = frames.length - 2 * LARGE + 1
      t.equal(receiveUntil(b, left, sink), left)
      same(2 * LARGE - 1)
      b.release()
      t.equal(b.dropped, before)
    },
  )

  await t.test('no more than the budget is handed over at once', async t => {
    for (let i = 0; i < 10; i++) send(a, tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...ETH, seq: i }))
    a.flush()
    const counts: number[] = []
    const end = performance.now() + 20_000
    for (let sum = 0; sum < 10 && performance.now() < end;) {
      const got = b.receive({ frame: () => {} }, 4)
      if (got > 0) counts.push(got)
      sum += got
    }
    t.equal(
      counts.reduce((sum, count) => sum + count, 0),
      10,
    )
    t.equal(Math.max(...counts), 4)
  })

  await t.test('ARP comes by its own socket; IPv6, VLANs and others do not come', async t => {
    const question = arp({
      operation: 'request',
      senderMac: '02:00:00:00:00:0a',
      senderAddr: '10.0.0.1',
      targetAddr: '10.0.0.2',
      padTo: 60,
    })
    const frames = [
      question,
      ethernet(0x86dd, new Uint8Array(60), ETH),
      ethernet(0x88cc, new Uint8Array(60), ETH),
      tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...ETH, payload: 10 }),
    ]
    for (const frame of frames) send(a, frame)
    a.flush()
    const got = received(b, 2)
    t.strictSame(
      new Set(got.map(frame => Buffer.from(frame.slice(10)).toString('hex'))),
      new Set([question, frames[3]!].map(frame => Buffer.from(frame).toString('hex'))),
    )
    t.equal(received(b, 1, 256, 300).length, 0, 'and no more')
  })

  await t.test('64 ARP frames a turn, each in a place of its own until the release', async t => {
    const questions = Array.from({ length: 70 }, (_, i) =>
      arp({ operation: 'request', senderMac: '02:00:00:00:00:0a', senderAddr: '10.0.0.1', targetAddr: `10.0.0.${i}` }),
    )
    for (const frame of questions) send(a, frame)
    a.flush()
    const { places, sink } = noting()
    // ARP is looked for in one turn of 32.
    t.equal(receiveUntil(b, 64, sink), 64)
    for (let turn = 0; turn < 32; turn++) t.equal(b.receive(sink, 256), 0)
    t.strictSame(
      places.map(([bytes, at, len]) => bytes.slice(at, at + len)),
      questions.slice(0, 64),
    )
    b.release()
    t.equal(receiveUntil(b, 6, sink), 6)
  })

  await t.test('an interface that goes down costs frames, not the director', async t => {
    ip('link set va down')
    t.ok(send(a, tcp4('10.0.0.1:1 > 10.0.0.2:2', ETH)))
    a.flush()
    t.equal(a.dropped, 1)
    a.receive({ frame: () => {} }, 256)
    ip('link set va up')
    // The carrier is back a little later; what is sent before is lost.
    let got = 0
    for (let tries = 0; got === 0 && tries < 50; tries++) {
      send(a, tcp4('10.0.0.1:1 > 10.0.0.2:2', ETH))
      a.flush()
      got = received(b, 1, 256, 40).length
    }
    t.ok(got > 0, 'up again')
  })

  await t.test('what cannot be opened is one line that says why', async t => {
    ip('link add vdown type veth peer name vdown2')
    t.teardown(() => ip('link del vdown'))
    t.throws(() => new RawDevice('vdown'), new SystemError('vdown', 100), 'down')
    t.throws(() => new RawDevice('vdown'), { message: 'vdown: the interface is down (ENETDOWN)' })
    t.throws(() => new RawDevice('nosuch'), { message: 'nosuch: there is no such interface (ENODEV)' })
    for (const name of ['', 'sixteen-letters-', 'a b', 'a/b', 'a:1', 'ääääääää'])
      t.throws(() => new RawDevice(name), new RangeError(`'${name}' is no interface's name`), `'${name}'`)
  })
})
