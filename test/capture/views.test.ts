import t from 'tap'
import { Views } from '../../src/capture/views.js'

t.test('parts of many places and lengths are the octets that stand there', async t => {
  const views = new Views()
  const sources = Array.from({ length: 40 }, (_, i) =>
    Uint8Array.from({ length: 5000 }, (_, at) => (at * 7 + i) & 0xff),
  )
  for (let i = 0; i < 20_000; i++) {
    const bytes = sources[i % (i % 3 === 0 ? 40 : 4)]!
    const [at, len] = [(i % 5) * 100, (i * 37) % 3000]
    const part = views.of(bytes, at, len)
    if (part.buffer !== bytes.buffer || part.byteOffset !== at || part.length !== len) throw new Error(`${i}`)
  }
  t.equal(views.of(sources[0]!, 0, 3).length, 3)
})

t.test('a place that is asked for often is remembered: its parts are the same objects', async t => {
  const views = new Views()
  const bytes = new Uint8Array(100)
  for (let i = 0; i < 1000; i++) {
    views.of(bytes, 10, 20)
    if (i % 10 === 0) views.of(new Uint8Array(50), 0, i % 50)
  }
  t.equal(views.of(bytes, 10, 20), views.of(bytes, 10, 20))
  t.strictSame(bytes.set(views.of(bytes, 10, 20), 0), undefined)
})
