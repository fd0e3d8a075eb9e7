import t from 'tap'
import { Counter, Counters, TOTALS } from '../../src/service/counters.js'

/** The row's five numbers as shown: conns, packets in and out, octets in and out. */
function shown(counters: Counters, row: number): number[] {
  return [Counter.CONNS, Counter.IN_PKTS, Counter.OUT_PKTS, Counter.IN_BYTES, Counter.OUT_BYTES].map(counter =>
    counters.shown(row, counter),
  )
}

t.test('connections, packets and octets are counted, each in its place and row', async t => {
  const counters = new Counters()
  const [first, second] = [counters.allocate(), counters.allocate()]
  counters.connection(first)
  counters.inbound(first, 60)
  counters.inbound(first, 1500)
  counters.outbound(first, 52)
  counters.outbound(second, 40)
  counters.inbound(TOTALS, 28)
  counters.snapshot()
  t.strictSame(shown(counters, first), [1, 2, 1, 1560, 52])
  t.strictSame(shown(counters, second), [0, 0, 1, 0, 40])
  t.strictSame(shown(counters, TOTALS), [0, 1, 0, 28, 0])
})

t.test('what is shown stands still between two snapshots', async t => {
  const counters = new Counters()
  const row = counters.allocate()
  counters.inbound(row, 100)
  t.strictSame(shown(counters, row), [0, 0, 0, 0, 0], 'nothing before the first')
  counters.snapshot()
  t.strictSame(shown(counters, row), [0, 1, 0, 100, 0])
  counters.inbound(row, 100)
  t.strictSame(shown(counters, row), [0, 1, 0, 100, 0], 'still')
  counters.snapshot()
  t.strictSame(shown(counters, row), [0, 2, 0, 200, 0])
})

t.test('zeroed, what has come since the last snapshot shows again with the next', async t => {
  const counters = new Counters()
  const [row, other] = [counters.allocate(), counters.allocate()]
  for (const each of [row, other]) {
    counters.connection(each)
    counters.inbound(each, 100)
    counters.outbound(each, 10)
  }
  counters.snapshot()
  counters.inbound(row, 7)
  counters.zero(row)
  t.strictSame(shown(counters, row), [0, 0, 0, 0, 0], 'at once')
  t.strictSame(shown(counters, other), [1, 1, 1, 100, 10], 'this row alone')
  counters.snapshot()
  t.strictSame(shown(counters, row), [0, 1, 0, 7, 0], 'what came after that snapshot')
  counters.zero(row)
  counters.outbound(row, 3)
  counters.snapshot()
  t.strictSame(shown(counters, row), [0, 0, 1, 0, 3], 'zeroed again')
})

t.test('zeroing before any snapshot hides nothing', async t => {
  const counters = new Counters()
  counters.inbound(TOTALS, 9)
  counters.zero(TOTALS)
  counters.snapshot()
  t.strictSame(shown(counters, TOTALS), [0, 1, 0, 9, 0])
})

t.test('hundreds of rows keep their numbers apart while room is made for more', async t => {
  const counters = new Counters()
  const rows: number[] = []
  for (let i = 0; i < 300; i++) {
    const row = counters.allocate()
    rows.push(row)
    for (let n = 0; n <= i; n++) counters.connection(row)
    counters.inbound(row, 1000 + i)
    counters.outbound(row, 2 ** 40 + i)
    if (i % 2 === 0) {
      counters.snapshot()
      counters.zero(row)
    }
  }
  t.equal(new Set(rows).size, 300, 'a row each')
  t.notOk(rows.includes(TOTALS), 'none of them that of the totals')
  counters.snapshot()
  for (const [i, row] of rows.entries()) {
    const expected = i % 2 === 0 ? [0, 0, 0, 0, 0] : [i + 1, 1, 1, 1000 + i, 2 ** 40 + i]
    t.strictSame(shown(counters, row), expected, `row ${i}`)
  }
  t.strictSame(shown(counters, TOTALS), [0, 0, 0, 0, 0])
})

t.test('a released row is used again, and begins with zeros, even those of the zero point', async t => {
  const counters = new Counters()
  const row = counters.allocate()
  counters.connection(row)
  counters.inbound(row, 100)
  counters.snapshot()
  counters.zero(row)
  counters.inbound(row, 100)
  counters.snapshot()
  counters.release(row)
  t.equal(counters.allocate(), row)
  t.strictSame(shown(counters, row), [0, 0, 0, 0, 0], 'at once')
  counters.snapshot()
  t.strictSame(shown(counters, row), [0, 0, 0, 0, 0], 'after a snapshot')
  counters.outbound(row, 5)
  counters.snapshot()
  t.strictSame(shown(counters, row), [0, 0, 1, 0, 5])
})

t.test('no two holders ever have the same row', async t => {
  const counters = new Counters()
  const held = new Set<number>()
  for (let i = 0; i < 500; i++) {
    const row = counters.allocate()
    t.notOk(held.has(row), `allocation ${i}: row ${row}`)
    held.add(row)
    if (i % 3 === 0) {
      const [oldest] = held
      counters.release(oldest!)
      held.delete(oldest!)
    }
  }
})

t.test('octets are counted exactly far beyond 32 bits', async t => {
  const counters = new Counters()
  counters.inbound(TOTALS, 2 ** 53 - 10)
  counters.inbound(TOTALS, 9)
  counters.snapshot()
  t.equal(counters.shown(TOTALS, Counter.IN_BYTES), 2 ** 53 - 1)
})

t.test('cleared, all rows are free and all numbers 0', async t => {
  const counters = new Counters()
  const first = counters.allocate()
  const second = counters.allocate()
  counters.release(second)
  for (const row of [TOTALS, first]) {
    counters.inbound(row, 9)
    counters.snapshot()
    counters.zero(row)
    counters.inbound(row, 9)
  }
  counters.snapshot()
  counters.clear()
  t.strictSame(shown(counters, TOTALS), [0, 0, 0, 0, 0], 'the totals')
  t.equal(counters.allocate(), first, 'rows from the first again')
  t.equal(counters.allocate(), second)
  t.strictSame(shown(counters, first), [0, 0, 0, 0, 0])
  counters.snapshot()
  t.strictSame(shown(counters, TOTALS), [0, 0, 0, 0, 0], 'nothing comes back')
})
