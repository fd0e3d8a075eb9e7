import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import { sipHash13 } from '../../src/sched/siphash.js'
import { slowHash, slowSipHash13 } from './slow-siphash.js'

const KEY1 = 2_654_435_761
const KEY2 = 2_654_446_892

t.test('the slow twin gives the self-check of ipvs-behaviour.md §15.1', async t => {
  const words = [0x050fc4dc, 0x7d57ca93, 0x4dc7d44d, 0xe7ddf7fb]
  for (const [length, word] of words.entries()) {
    const message = Array.from({ length }, (_, index) => index)
    t.equal(slowSipHash13(message, 0x0706050403020100n, 0x0f0e0d0c0b0a0908n), word, `${length} octets`)
  }
})

t.test('the hashes of ipvs-behaviour.md §15.1', async t => {
  for (const [value, first, second, slot, skip] of [
    [0x00000000, 0x1d5a77c2, 0xf882433f, 2495, 860],
    [0x00000001, 0x16ec66b2, 0x8210aad1, 979, 1822],
    [0x0a000001, 0x03080ce4, 0x48f9d0c1, 3711, 966],
    [0x0a000051, 0x439c0cbe, 0x97b3dc47, 3167, 700],
    [0xc0a80164, 0xc15d2cf8, 0x4f7edae2, 1341, 3983],
    [0xffffffff, 0x22c5d719, 0xf75a0f5d, 3432, 1370],
  ] as const) {
    t.equal(sipHash13(value, KEY1), first, `${value.toString(16)}: first key`)
    t.equal(sipHash13(value | 0, KEY2), second, `${value.toString(16)}: second key, the value signed`)
    t.equal(sipHash13(value, KEY1) % 4093, slot, `${value.toString(16)}: slot`)
    t.equal((sipHash13(value, KEY2) % 4092) + 1, skip, `${value.toString(16)}: skip`)
  }
})

t.test('it hashes as the slow twin does, whatever key and value', async t => {
  const random = seededRandom(3)
  const wrong: string[] = []
  for (let i = 0; i < 3000; i++) {
    const [value, key] = [random(), i % 3 === 0 ? KEY1 : random()]
    if (sipHash13(value, key) !== slowHash(value, key)) wrong.push(`${value} under ${key}`)
  }
  t.strictSame(wrong, [])
})
