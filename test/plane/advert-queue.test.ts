import t from 'tap'
import { advertMemory, AdvertReader, AdvertWriter } from '../../src/plane/advert-queue.js'
import { forged } from '../keepalived/vrrp/forged.js'
import { slabOver } from '../../src/packet/frame.js'
import { seededRandom } from '../../src/director/random.js'

/** Both ends of a queue, as two threads have them. */
function queue() {
  const memory = advertMemory()
  const [writer, reader] = [new AdvertWriter(memory), new AdvertReader(memory)]
  const slab = slabOver(new ArrayBuffer(70_000))
  return {
    writer,
    reader,
    put(link: number, octets: Uint8Array): boolean {
      slab.bytes.set(octets, 100)
      return writer.take(link, slab, 100, octets.length)
    },
    read(most = Infinity): [number, ...number[]][] {
      const found: [number, ...number[]][] = []
      const take = (link: number, view: DataView, at: number, len: number): void =>
        void found.push([link, ...new Uint8Array(view.buffer, view.byteOffset + at, len)])
      const count = reader.read(take, most)
      if (count !== found.length) throw new Error(`${count} of ${found.length}`)
      return found
    },
  }
}

t.test('what is written is read, in order, at most so many', async t => {
  const { put, read } = queue()
  t.strictSame(read(), [])
  for (let i = 1; i <= 5; i++) t.ok(put(i, new Uint8Array(i).fill(i)))
  t.strictSame(read(2), [
    [1, 1],
    [2, 2, 2],
  ])
  t.strictSame(read(), [
    [3, 3, 3, 3],
    [4, 4, 4, 4, 4],
    [5, 5, 5, 5, 5, 5],
  ])
  t.strictSame(read(), [])
})

t.test('a full queue takes no more, until somebody reads', async t => {
  const { put, read, reader } = queue()
  const advert = forged({ vrid: 51 })
  let count = 0
  reader.open([51])
  while (put(0, advert)) if (++count > 10_000) throw new Error('it grows')
  t.ok(count > 2500, `${count} adverts`)
  t.notOk(put(0, advert))
  t.equal(read(1).length, 1)
  t.ok(put(7, advert))
  const rest = read()
  t.equal(rest.length, count)
  t.equal(rest.at(-1)?.[0], 7)
})

t.test('the second half of a queue is for adverts that somebody waits for', async t => {
  const { put, read, reader } = queue()
  reader.open([51, 200])
  const likely = forged({ vrid: 51 })
  let count = 0
  while (put(0, forged({ vrid: 52 }))) if (++count > 10_000) throw new Error('it grows')
  t.ok(count > 1000 && count < 2000, `${count} adverts`)
  for (const [why, advert] of [
    ['another VRID', forged({ vrid: 19 })],
    ['a TTL that a router has lowered', forged({ vrid: 51, ttl: 254 })],
    ['another version', forged({ vrid: 51, version: 4 })],
    ['cut', likely.slice(0, 21)],
    ['another VRID behind an AH', forged({ vrid: 52, ah: { sequence: 1, password: 'x' } })],
  ] as const)
    t.notOk(put(0, advert), why)
  for (const [why, advert] of [
    ['its own', likely],
    ['the other one', forged({ vrid: 200, version: 3 })],
    ['by unicast', forged({ vrid: 51, ttl: 64, destination: '192.0.2.1' })],
    ['behind an AH', forged({ vrid: 51, ah: { sequence: 1, password: 'x' } })],
  ] as const)
    t.ok(put(1, advert), why)
  t.equal(read().filter(([link]) => link === 1).length, 4)
  t.ok(put(0, forged({ vrid: 52 })), 'there is room again')
})

t.test('the end of a packet that is too long is cut off', async t => {
  const { put, read } = queue()
  t.ok(put(0, new Uint8Array(65_535).fill(9)))
  t.equal(read()[0]?.length, 1 + 2048)
})

t.test('closed: nobody listens, and nothing of before is read', async t => {
  const { writer, reader, put, read } = queue()
  t.notOk(writer.isOpen)
  reader.open([])
  t.ok(writer.isOpen)
  put(1, Uint8Array.of(1))
  reader.close()
  t.notOk(writer.isOpen)
  t.strictSame(read(), [])
})

t.test('many times round', async t => {
  const random = seededRandom(16)
  const { put, read, reader } = queue()
  reader.open([51])
  const waiting: [number, ...number[]][] = []
  let octets = 0
  for (let i = 0; i < 20_000; i++) {
    const advert = new Uint8Array(24 + (random() % (i % 7 === 0 ? 1500 : 60))).fill(random())
    advert.set([0x45, 0, 0, 0, 0, 0, 0, 0, 255, 112], 0)
    advert.set([0xe0, 0, 0, 18, 0x31, 51], 16)
    if (put(i & 3, advert)) waiting.push([i & 3, ...advert])
    octets += advert.length
    if (random() % 8 > 0) continue
    const most = random() % 20
    const found = read(most)
    const expected = waiting.splice(0, found.length)
    if (JSON.stringify(found) !== JSON.stringify(expected)) t.fail(`at ${i}`)
  }
  t.strictSame(read(), waiting)
  t.ok(octets > 10 * 2 ** 17)
})
