import t from 'tap'
import { seededRandom } from '../../src/director/random.js'

t.test('the same seed gives the same unsigned 32-bit numbers', async t => {
  for (const seed of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
    const [a, b] = [seededRandom(seed), seededRandom(seed)]
    const numbers = Array.from({ length: 1000 }, a)
    t.strictSame(numbers, Array.from({ length: 1000 }, b), `seed ${seed}`)
    t.ok(numbers.every(n => Number.isInteger(n) && n >= 0 && n <= 0xffffffff))
    t.equal(new Set(numbers).size, 1000, 'no short cycle')
  }
})

t.test('other seeds give others, and every bit is set half of the time', async t => {
  t.not(seededRandom(1)(), seededRandom(2)())
  const random = seededRandom(7)
  const ones = Array.from({ length: 32 }, () => 0)
  for (let i = 0; i < 10_000; i++) {
    const n = random()
    for (let bit = 0; bit < 32; bit++) ones[bit]! += (n >>> bit) & 1
  }
  for (const [bit, count] of ones.entries()) t.ok(count > 4700 && count < 5300, `bit ${bit}: ${count}`)
})
