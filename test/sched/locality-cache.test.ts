import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import { LIMIT, LocalityCache } from '../../src/sched/locality-cache.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

interface Entry {
  addr: Ipv4Addr
  lastUse: number
}
const MINUTE = 60_000
const NEVER = 10 ** 12

function cacheOf(count: number, lastUse: (addr: number) => number = () => 0) {
  const gone: number[] = []
  const cache = new LocalityCache<Entry>(entry => gone.push(entry.addr))
  for (let addr = 0; addr < count; addr++) cache.add({ addr: addr as Ipv4Addr, lastUse: lastUse(addr) })
  return { cache, gone }
}
const bucketOf = (addr: number) => Number(((BigInt(addr >>> 0) * 0x61c88647n) & 0xffffffffn) >> 22n)

t.test('entries are found by their address, the newest first, until they are removed', async t => {
  const { cache, gone } = cacheOf(0)
  const random = seededRandom(4)
  const kept = new Map<Ipv4Addr, Entry>()
  for (let i = 0; i < 5000; i++) {
    const entry = { addr: (random() | 0) as Ipv4Addr, lastUse: i }
    cache.add(entry)
    kept.set(entry.addr, entry)
  }
  t.equal(cache.count, 5000)
  t.ok([...kept.values()].every(entry => cache.find(entry.addr) === entry))
  t.equal(cache.find(0x7f000001 as Ipv4Addr), undefined)
  const twin = { addr: [...kept.keys()][7]!, lastUse: 0 }
  cache.add(twin)
  t.equal(cache.find(twin.addr), twin)
  cache.remove(twin)
  t.equal(cache.find(twin.addr), kept.get(twin.addr))
  t.strictSame(gone, [twin.addr], 'who removes is told')
  cache.clear()
  t.equal(cache.count, 0)
  t.equal(gone.length, 5001)
  t.equal(cache.find(twin.addr), undefined)
})

t.test('there is room for 24 576', async t => {
  t.equal(LIMIT, 24_576)
  const { cache } = cacheOf(24_575)
  t.equal(cache.hasRoom, true)
  cache.add({ addr: -1 as Ipv4Addr, lastUse: 0 })
  t.equal(cache.hasRoom, false)
  cache.remove(cache.find(-1 as Ipv4Addr)!)
  t.equal(cache.hasRoom, true)
})

t.test('up to 16 384 entries are looked at only by each 30th sweep, whatever their age', async t => {
  const { cache, gone } = cacheOf(16_384)
  for (let minute = 1; minute <= 29; minute++) cache.sweep(minute * MINUTE, 0)
  t.equal(gone.length, 0, '29 sweeps')
  cache.sweep(30 * MINUTE, 30 * MINUTE + 1)
  t.equal(gone.length, 0, 'the 30th: used a millisecond too late')
  for (let minute = 31; minute <= 58; minute++) cache.sweep(minute * MINUTE, 0)
  cache.sweep(59 * MINUTE, 59 * MINUTE)
  t.equal(gone.length, 0, 'the counter begins with 1 again: the next full one is 30 sweeps later')
  cache.sweep(60 * MINUTE, 60 * MINUTE)
  t.equal(gone.length, 16_384, 'of exactly that age: all')
})

t.test('with more, a sweep takes four thirds of what is too much, of what was idle for 6 minutes', async t => {
  for (const [count, goal] of [
    [16_385, 1],
    [16_387, 4],
    [16_984, 800],
    [22_528, 8192],
    [24_576, 8192],
  ] as const) {
    const { cache, gone } = cacheOf(count)
    cache.sweep(359_999, NEVER)
    t.equal(gone.length, 0, `${count}: nobody idle for long enough`)
    cache.sweep(360_000, NEVER)
    // Whole buckets go, so that the last one may bring more than the goal: about 20 entries.
    t.ok(gone.length >= goal && gone.length < goal + 40, `${count}: ${gone.length} for a goal of ${goal}`)
    const buckets = [...new Set(gone.map(bucketOf))]
    // The first sweep has been round once and is where it began: bucket 0, so that the next is bucket 1.
    t.equal(buckets[0], 1, `${count}: from the bucket after the last on`)
    t.ok(
      buckets.every((bucket, index) => bucket === (index + 1) % 1024),
      `${count}: one after the other`,
    )
  }
})

t.test('a partial sweep goes on behind the last bucket that one saw, and passes over who was used', async t => {
  const { cache, gone } = cacheOf(16_390, addr => (addr % 2 === 0 ? 0 : 400_000))
  cache.sweep(400_000, NEVER)
  const first = new Set(gone.map(bucketOf))
  t.ok(gone.every(addr => addr % 2 === 0))
  const last = Math.max(...first)
  for (let addr = 100_000; cache.count <= 16_384; addr++) cache.add({ addr: addr as Ipv4Addr, lastUse: 400_000 })
  gone.length = 0
  cache.sweep(400_000, NEVER)
  t.ok(gone.length > 0)
  t.equal(bucketOf(gone[0]!), last + 1)
})

t.test('partial sweeps do not bring the full one nearer', async t => {
  const { cache, gone } = cacheOf(16_400, () => NEVER)
  for (let minute = 1; minute <= 100; minute++) cache.sweep(minute * MINUTE, 0)
  t.equal(gone.length, 0)
  for (let addr = 0; addr < 16; addr++) cache.remove(cache.find(addr as Ipv4Addr)!)
  gone.length = 0
  for (let i = 1; i <= 29; i++) cache.sweep(NEVER * 2, 1)
  t.equal(gone.length, 0, '29 whole sweeps')
  cache.sweep(NEVER * 2, 1)
  t.equal(gone.length, 16_384, 'the 30th')
})
