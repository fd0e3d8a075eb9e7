import t from 'tap'
import { advertMemory, AdvertReader, AdvertWriter } from '../../src/plane/advert-queue.js'
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
  const { put, read } = queue()
  let count = 0
  while (put(0, new Uint8Array(40).fill(count & 255))) if (++count > 10_000) throw new Error('it grows')
  t.ok(count > 2500, `${count} adverts`)
  t.notOk(put(0, new Uint8Array(40)))
  t.equal(read(1).length, 1)
  t.ok(put(7, new Uint8Array(40)))
  const rest = read()
  t.equal(rest.length, count)
  t.equal(rest.at(-1)?.[0], 7)
})

t.test('the end of a packet that is too long is cut off', async t => {
  const { put, read } = queue()
  t.ok(put(0, new Uint8Array(65_535).fill(9)))
  t.equal(read()[0]?.length, 1 + 2048)
})

t.test('closed: nobody listens, and nothing of before is read', async t => {
  const { writer, reader, put, read } = queue()
  t.notOk(writer.isOpen)
  reader.open()
  t.ok(writer.isOpen)
  put(1, Uint8Array.of(1))
  reader.close()
  t.notOk(writer.isOpen)
  t.strictSame(read(), [])
})

t.test('many times round', async t => {
  const random = seededRandom(16)
  const { put, read } = queue()
  const waiting: [number, ...number[]][] = []
  let octets = 0
  for (let i = 0; i < 20_000; i++) {
    const advert = new Uint8Array(1 + (random() % (i % 7 === 0 ? 1500 : 60))).fill(random())
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
