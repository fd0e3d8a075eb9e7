import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { MemoryDevice } from '../../native-free/memory-device.js'
import { HEADROOM, type Slab, slabOver, VNET_LEN } from '../../src/packet/frame.js'

const MAC = { hi: 0x0200, lo: 1 }

function wire({ slots = 4, slotSize = 2048 } = {}): [MemoryDevice, MemoryDevice] {
  const a = new MemoryDevice({ name: 'a', mac: MAC, slots, slotSize })
  const b = new MemoryDevice({ name: 'b', mac: MAC, slots, slotSize })
  MemoryDevice.link(a, b)
  return [a, b]
}

/** A slab with `len` octets of frame at 128, its virtio-net header before it, all of them telling where they are. */
function frameOf(len: number, first = 0): { slab: Slab; at: number } {
  const slab = slabOver(new ArrayBuffer(128 + len))
  for (let i = 128 - VNET_LEN; i < 128 + len; i++) slab.bytes[i] = first + i
  return { slab, at: 128 }
}

function received(
  device: MemoryDevice,
  budget = 99,
): { bytes: Uint8Array; vnet: Uint8Array; at: number; slab: Slab }[] {
  const frames: { bytes: Uint8Array; vnet: Uint8Array; at: number; slab: Slab }[] = []
  const frame = (slab: Slab, at: number, len: number) =>
    void frames.push({ bytes: slab.bytes.slice(at, at + len), vnet: slab.bytes.slice(at - VNET_LEN, at), at, slab })
  device.receive({ frame }, budget)
  return frames
}

t.test('a frame arrives whole, with its virtio-net header, at every length and alignment', async t => {
  const [a, b] = wire()
  for (const len of [0, 1, 2, 3, 59, 60, 61, 1513, 1514]) {
    for (const shift of [0, 1, 2, 3]) {
      const slab = slabOver(new ArrayBuffer(128 + len + 4))
      for (let i = 0; i < slab.bytes.length; i++) slab.bytes[i] = i * 7
      t.ok(a.transmit(slab, 100 + shift, len))
      a.flush()
      const [got] = received(b)
      const told = `${len} octets at ${100 + shift}`
      t.strictSame(got?.bytes, slab.bytes.slice(100 + shift, 100 + shift + len), told)
      t.strictSame(got?.vnet, slab.bytes.slice(90 + shift, 100 + shift), told)
      b.release()
    }
  }
})

t.test('frames arrive in order, and only when flushed', async t => {
  const [a, b] = wire()
  for (const first of [1, 2, 3]) {
    const { slab, at } = frameOf(60, first)
    a.transmit(slab, at, 60)
  }
  t.equal(received(b).length, 0)
  a.flush()
  t.strictSame(
    received(b, 2).map(f => f.bytes[0]! - 128),
    [1, 2],
  )
  t.strictSame(
    received(b, 2).map(f => f.bytes[0]! - 128),
    [3],
  )
  t.equal(received(b).length, 0)
})

t.test('the copy is made by flush: a change before it goes out, a change after it does not', async t => {
  const [a, b] = wire()
  const { slab, at } = frameOf(60)
  a.transmit(slab, at, 60)
  slab.bytes[at] = 0xa5
  a.flush()
  slab.bytes[at] = 0x5a
  t.equal(received(b)[0]?.bytes[0], 0xa5)
})

t.test('a received frame stays where it is until release, and has headroom before it', async t => {
  const [a, b] = wire({ slots: 2 })
  const { slab, at } = frameOf(60, 1)
  const other = frameOf(60, 2)
  a.transmit(slab, at, 60)
  a.flush()
  const [got] = received(b)
  a.transmit(other.slab, other.at, 60)
  a.flush()
  t.notOk(a.transmit(other.slab, other.at, 60), 'the slot is not free yet')
  t.strictSame(got?.slab.bytes.slice(got.at, got.at + 60), got?.bytes)
  got?.slab.bytes.fill(0xa5, got.at - VNET_LEN - HEADROOM, got.at)
  const [next] = received(b)
  t.strictSame(next?.bytes, other.slab.bytes.slice(128), 'filling the headroom touched no other frame')
  b.release()
  t.ok(a.transmit(other.slab, other.at, 60), 'two slots are free again')
  t.ok(a.transmit(other.slab, other.at, 60))
  t.notOk(a.transmit(other.slab, other.at, 60))
})

t.test('a full ring and a frame too long are refused and counted', async t => {
  const [a, b] = wire({ slots: 2, slotSize: 256 })
  const { slab, at } = frameOf(200)
  t.notOk(a.transmit(slab, at, 183), '74 octets of a slot come before the frame')
  t.equal(a.dropped, 1)
  t.ok(a.transmit(slab, at, 182))
  t.ok(a.transmit(slab, at, 60))
  t.notOk(a.transmit(slab, at, 60))
  t.equal(a.dropped, 2)
  t.equal(b.dropped, 0)
  a.flush()
  t.strictSame(
    received(b).map(f => f.bytes.length),
    [182, 60],
  )
})

t.test('the ring goes round many times', async t => {
  const [a, b] = wire({ slots: 4 })
  for (let i = 0; i < 1000; i++) {
    const { slab, at } = frameOf(60, i)
    t.ok(a.transmit(slab, at, 60))
    a.flush()
    if (received(b)[0]?.bytes[0] !== ((i + 128) & 0xff)) t.fail(`frame ${i}`)
    b.release()
  }
})

t.test('a frame can be passed on where it lies, from one wire to the next', async t => {
  const [a, b] = wire()
  const [c, d] = wire()
  const { slab, at } = frameOf(60)
  a.transmit(slab, at, 60)
  a.flush()
  b.receive({ frame: (s, p, len) => void c.transmit(s, p, len) }, 9)
  c.flush()
  b.release()
  t.strictSame(received(d)[0]?.bytes, slab.bytes.slice(at))
})

t.test('a 64 KiB frame passes where the slots are large enough', async t => {
  const [a, b] = wire({ slots: 2, slotSize: 66 * 1024 })
  const { slab, at } = frameOf(65549)
  t.ok(a.transmit(slab, at, 65549))
  a.flush()
  t.strictSame(received(b)[0]?.bytes, slab.bytes.slice(at))
})

t.test('closing either end takes the wire away', async t => {
  const [a, b] = wire()
  const { slab, at } = frameOf(60)
  a.transmit(slab, at, 60)
  b.close()
  a.flush()
  t.equal(received(b).length, 0)
  t.notOk(a.transmit(slab, at, 60))
  t.notOk(b.transmit(slab, at, 60))
})

t.test('a caller who asks for what cannot be is told', async t => {
  t.throws(() => new MemoryDevice({ name: 'x', mac: MAC, slots: 3 }), RangeError)
  t.throws(() => new MemoryDevice({ name: 'x', mac: MAC, slotSize: 100 }), RangeError)
  const [a] = wire()
  const b = new MemoryDevice({ name: 'b', mac: MAC })
  t.throws(() => MemoryDevice.link(a, b), RangeError)
  t.throws(() => MemoryDevice.link(b, b), RangeError)
})

t.test('a frame costs no memory', async t => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const [a, b] = wire({ slots: 64 })
  const { slab, at } = frameOf(1514)
  const sink = { frame: () => {} }
  const turn = () => {
    for (let i = 0; i < 32; i++) a.transmit(slab, at, 1514)
    a.flush()
    b.receive(sink, 64)
    b.release()
  }
  for (let i = 0; i < 2000; i++) turn()
  gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 2000; i++) turn()
  t.ok(process.memoryUsage().heapUsed - before < 64_000, 'under 1 byte a frame')
})
