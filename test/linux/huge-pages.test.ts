import { readFileSync } from 'node:fs'
import t from 'tap'
import { makeResident, mapWords } from '../../src/linux/huge-pages.js'

/** KiB of huge pages that this process has. */
function hugeKiB(): number {
  return Number(/^AnonHugePages: *(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))![1])
}

t.test('as many words as asked for, zeroed and writable to the last', async t => {
  for (const count of [1, 1000, 2 ** 19, 2 ** 19 + 1, 3_000_001]) {
    const words = mapWords(count)
    t.equal(words.length, count)
    t.ok(words.every(word => word === 0))
    words.fill(-1)
    t.ok(words.every(word => word === -1))
  }
})

t.test('tables do not share memory', async t => {
  const [a, b] = [mapWords(2 ** 20), mapWords(2 ** 20)]
  a.fill(1)
  b.fill(2)
  t.ok(a.every(word => word === 1))
})

const enabled = readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8')
const skip = /\[(madvise|always)\]/.test(enabled) ? false : `no transparent huge pages for who asks: ${enabled.trim()}`
t.test('large ones lie in huge pages', { skip }, async t => {
  const before = hugeKiB()
  const words = mapWords(2 ** 23)
  words.fill(1)
  t.ok(hugeKiB() - before >= 16 * 1024, `${hugeKiB() - before} KiB of 32768 in huge pages`)
})

function residentKiB(): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1])
}

t.test('a table above 64 MiB is made resident, a smaller one is not', async t => {
  const [small, large] = [mapWords(2 ** 24), mapWords(2 ** 24 + 2 ** 10)]
  const before = residentKiB()
  makeResident(small)
  makeResident(new Int32Array(10))
  t.ok(residentKiB() - before < 16_384, `${residentKiB() - before} KiB`)
  makeResident(large)
  // Of 64 MiB; what else the process had may have been given back meanwhile.
  t.ok(residentKiB() - before >= 60_000, `${residentKiB() - before} KiB`)
  t.ok(large.every(word => word === 0))
})
