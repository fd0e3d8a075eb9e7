import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import { overhead, productExceeds } from '../../src/sched/overhead.js'
import { lc } from '../../src/sched/lc.js'
import { Pool } from './pool.js'

t.test('an active connection weighs as 256 inactive ones', async t => {
  for (const [active, inactive] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 255],
    [2, 0],
    [3, 1000],
  ] as const) {
    const pool = new Pool(lc)
    pool.add('A', 1)
    pool.load('A', active, inactive)
    t.equal(overhead(pool.dest('A')), 256 * active + inactive, `${active} active, ${inactive} inactive`)
  }
})

const exceeds = (a: number, b: number, c: number, d: number) => BigInt(a) * BigInt(b) > BigInt(c) * BigInt(d)

t.test('products are compared exactly at the edges of what numbers hold', async t => {
  const loads = [0, 1, 255, 256, 2 ** 21 - 1, 2 ** 21, 2 ** 22 + 1, 2 ** 31, 2 ** 32, 2 ** 40 + 1]
  loads.push(2 ** 42 - 1, 2 ** 42, 2 ** 43 - 1, 2 ** 43)
  const weights = [1, 2, 3, 255, 2 ** 16, 2 ** 21 - 1, 2 ** 21, 2 ** 30 + 1, 2 ** 31 - 2, 2 ** 31 - 1, 2 ** 31]
  for (const a of loads) {
    const wrong: string[] = []
    for (const b of weights) {
      for (const c of loads) {
        for (const d of weights) {
          if (productExceeds(a, b, c, d) !== exceeds(a, b, c, d)) wrong.push(`${a} × ${b} > ${c} × ${d}`)
        }
      }
    }
    t.strictSame(wrong, [], `a = ${a}`)
  }
})

t.test('products that differ by little, or not at all, are compared exactly', async t => {
  const random = seededRandom(9)
  const upTo = (limit: number) => Math.floor(((random() * 2 ** 21 + (random() >>> 11)) / 2 ** 53) * limit)
  const wrong: string[] = []
  for (let i = 0; i < 50_000; i++) {
    const [a, b] = [upTo(2 ** 43), 1 + upTo(2 ** 31 - 1)]
    const d = 1 + upTo(2 ** 31 - 1)
    // The c for which c × d is next to a × b, if it is not too great; its neighbours; and any other.
    const near = Number((BigInt(a) * BigInt(b)) / BigInt(d))
    for (const c of [near - 1, near, near + 1, upTo(2 ** 43), a]) {
      if (c < 0 || c > 2 ** 43) continue
      if (productExceeds(a, b, c, d) !== exceeds(a, b, c, d)) wrong.push(`${a} × ${b} > ${c} × ${d}`)
      if (productExceeds(c, d, a, b) !== exceeds(c, d, a, b)) wrong.push(`${c} × ${d} > ${a} × ${b}`)
    }
    if (productExceeds(a, b, a, b)) wrong.push(`${a} × ${b} > itself`)
  }
  t.strictSame(wrong, [])
})

t.test('swapped factors give equal products, none exceeding, beyond 2^53 too', async t => {
  const random = seededRandom(10)
  for (let i = 0; i < 200; i++) {
    const [a, b, k] = [random() >>> 5, 1 + (random() >>> 3), 1 + (random() % 60)]
    t.equal(
      productExceeds(a * k, b, a, b * k <= 2 ** 31 ? b * k : b),
      exceeds(a * k, b, a, b * k <= 2 ** 31 ? b * k : b),
    )
  }
  t.equal(productExceeds(2 ** 40, 3 * 2 ** 20, 3 * 2 ** 40, 2 ** 20), false)
  t.equal(productExceeds(2 ** 40 + 1, 3 * 2 ** 20, 3 * 2 ** 40, 2 ** 20), true)
  t.equal(productExceeds(2 ** 40, 3 * 2 ** 20, 3 * 2 ** 40 + 1, 2 ** 20), false)
})
