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
  const [service, first, second] = [counters.allocate(), counters.allocate(), counters.allocate()]
  const [otherService, third] = [counters.allocate(), counters.allocate()]
  counters.connectionOf(first, service)
  counters.inboundOf(first, service, 60)
  counters.inboundOf(first, service, 1500)
  counters.outboundOf(first, service, 52)
  counters.outboundOf(second, service, 40)
  counters.inboundMany(second, service, 3, 210)
  counters.outboundMany(third, otherService, 5, 700)
  counters.inboundOf(third, otherService, 28)
  counters.tick(1)
  t.strictSame(shown(counters, first), [1, 2, 1, 1560, 52], 'a real server')
  t.strictSame(shown(counters, second), [0, 3, 1, 210, 40])
  t.strictSame(shown(counters, service), [1, 5, 2, 1770, 92], 'its service')
  t.strictSame(shown(counters, third), [0, 1, 5, 28, 700])
  t.strictSame(shown(counters, otherService), [0, 1, 5, 28, 700], 'another service')
  t.strictSame(shown(counters, TOTALS), [1, 6, 7, 1798, 792], 'all of them')
})

t.test('what is shown stands still between two ticks', async t => {
  const counters = new Counters()
  const [service, row] = [counters.allocate(), counters.allocate()]
  counters.inboundOf(row, service, 100)
  t.strictSame(shown(counters, row), [0, 0, 0, 0, 0], 'nothing before the first')
  counters.tick(1)
  t.strictSame(shown(counters, row), [0, 1, 0, 100, 0])
  counters.inboundOf(row, service, 100)
  t.strictSame(shown(counters, row), [0, 1, 0, 100, 0], 'still')
  counters.tick(1)
  t.strictSame(shown(counters, row), [0, 2, 0, 200, 0])
})

t.test('zeroed, what has come since the last tick shows again with the next', async t => {
  const counters = new Counters()
  const [service, row, other] = [counters.allocate(), counters.allocate(), counters.allocate()]
  for (const each of [row, other]) {
    counters.connectionOf(each, service)
    counters.inboundOf(each, service, 100)
    counters.outboundOf(each, service, 10)
  }
  counters.tick(1)
  counters.inboundOf(row, service, 7)
  counters.zero(row)
  t.strictSame(shown(counters, row), [0, 0, 0, 0, 0], 'at once')
  t.strictSame(shown(counters, other), [1, 1, 1, 100, 10], 'this row alone')
  counters.tick(1)
  t.strictSame(shown(counters, row), [0, 1, 0, 7, 0], 'what came after that tick')
  counters.zero(row)
  counters.outboundOf(row, service, 3)
  counters.tick(1)
  t.strictSame(shown(counters, row), [0, 0, 1, 0, 3], 'zeroed again')
})

t.test('zeroing before any tick hides nothing', async t => {
  const counters = new Counters()
  const [service, row] = [counters.allocate(), counters.allocate()]
  counters.inboundOf(row, service, 9)
  for (const each of [row, service, TOTALS]) counters.zero(each)
  counters.tick(1)
  for (const each of [row, service, TOTALS]) t.strictSame(shown(counters, each), [0, 1, 0, 9, 0], `row ${each}`)
})

t.test('hundreds of rows keep their numbers apart while room is made for more', async t => {
  const counters = new Counters()
  const service = counters.allocate()
  const rows: number[] = []
  for (let i = 0; i < 300; i++) {
    const row = counters.allocate()
    rows.push(row)
    for (let n = 0; n <= i; n++) counters.connectionOf(row, service)
    counters.inboundOf(row, service, 1000 + i)
    counters.outboundOf(row, service, 2 ** 40 + i)
    if (i % 2 === 0) {
      counters.tick(1)
      counters.zero(row)
    }
  }
  t.equal(new Set(rows).size, 300, 'a row each')
  t.notOk(rows.includes(TOTALS), 'none of them that of the totals')
  counters.tick(1)
  for (const [i, row] of rows.entries()) {
    const expected = i % 2 === 0 ? [0, 0, 0, 0, 0] : [i + 1, 1, 1, 1000 + i, 2 ** 40 + i]
    t.strictSame(shown(counters, row), expected, `row ${i}`)
  }
  const sums = [45_150, 300, 300, 300_000 + 44_850, 300 * 2 ** 40 + 44_850]
  for (const row of [service, TOTALS]) t.strictSame(shown(counters, row), sums, 'all of them together')
})

t.test('a released row is used again, and begins with zeros, even those of the zero point', async t => {
  const counters = new Counters()
  const [service, row] = [counters.allocate(), counters.allocate()]
  counters.connectionOf(row, service)
  counters.inboundOf(row, service, 100)
  counters.tick(1)
  counters.zero(row)
  counters.inboundOf(row, service, 100)
  counters.tick(1)
  counters.release(row)
  t.equal(counters.allocate(), row)
  t.strictSame(shown(counters, row), [0, 0, 0, 0, 0], 'at once')
  counters.tick(1)
  t.strictSame(shown(counters, row), [0, 0, 0, 0, 0], 'after a tick')
  counters.outboundOf(row, service, 5)
  counters.tick(1)
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
  const [service, row] = [counters.allocate(), counters.allocate()]
  counters.inboundOf(row, service, 2 ** 53 - 10)
  counters.inboundOf(row, service, 9)
  counters.tick(1)
  for (const each of [row, service, TOTALS]) t.equal(counters.shown(each, Counter.IN_BYTES), 2 ** 53 - 1)
})

t.test('cleared, all rows are free and all numbers 0', async t => {
  const counters = new Counters()
  const [first, service] = [counters.allocate(), counters.allocate()]
  const second = counters.allocate()
  counters.release(second)
  counters.inboundOf(first, service, 9)
  counters.tick(1)
  for (const row of [TOTALS, first]) counters.zero(row)
  counters.inboundOf(first, service, 9)
  counters.tick(1)
  counters.clear()
  t.strictSame(shown(counters, TOTALS), [0, 0, 0, 0, 0], 'the totals')
  t.equal(counters.allocate(), first, 'rows from the first again')
  t.equal(counters.allocate(), service)
  t.equal(counters.allocate(), second)
  t.strictSame(shown(counters, first), [0, 0, 0, 0, 0])
  counters.tick(1)
  t.strictSame(shown(counters, TOTALS), [0, 0, 0, 0, 0], 'nothing comes back')
})

/** Its five rates as shown. */
function rates(counters: Counters, row: number): number[] {
  return [Counter.CONNS, Counter.IN_PKTS, Counter.OUT_PKTS, Counter.IN_BYTES, Counter.OUT_BYTES].map(counter =>
    counters.rate(row, counter),
  )
}
/** What `read` answers after each of so many ticks, each after `count`. */
function series<T>(counters: Counters, ticks: number, count: () => void, read: () => T): T[] {
  return Array.from({ length: ticks }, () => {
    count()
    counters.tick(1)
    return read()
  })
}

t.test('rates follow the kernel’s estimator (ipvs-behaviour.md §15.3)', async t => {
  const counters = new Counters()
  const [service, row] = [counters.allocate(), counters.allocate()]
  const cps = () => counters.rate(row, Counter.CONNS)
  const twenty = () => {
    for (let i = 0; i < 20; i++) counters.connectionOf(row, service)
  }
  t.strictSame(series(counters, 12, twenty, cps), [2, 4, 6, 7, 8, 8, 9, 9, 9, 9, 10, 10], '10 connections a second')
  t.strictSame(
    series(counters, 11, () => {}, cps),
    [7, 5, 4, 3, 2, 2, 1, 1, 1, 1, 0],
    'and then none',
  )
  const inBps = () => counters.rate(row, Counter.IN_BYTES)
  const octets = series(counters, 8, () => counters.inboundOf(row, service, 3000), inBps)
  t.strictSame(octets, [375, 656, 867, 1025, 1144, 1233, 1300, 1350], '1500 octets a second')
})

/** The estimator in 64-bit integers, as it is described. */
function slowRate(before: bigint, difference: number, bits: bigint): bigint {
  return before + (((BigInt(difference) << bits) - before) >> 2n)
}

t.test('every rate is the same as with 64-bit integers and arithmetic shifts, whatever is counted', async t => {
  const counters = new Counters()
  const [service, row] = [counters.allocate(), counters.allocate()]
  let state = 1
  const random = (below: number): number => (state = (state * 48271) % 0x7fffffff) % below
  let [pkts, octets] = [0n, 0n]
  for (let tick = 0; tick < 500; tick++) {
    const frames = tick % 7 === 0 ? 0 : random(tick % 50 === 1 ? 20_000 : 30)
    const size = tick % 3 === 0 ? 2_000_000 + random(1000) : 40 + random(1460)
    for (let i = 0; i < frames; i++) counters.outboundOf(row, service, size)
    counters.tick(1)
    pkts = slowRate(pkts, frames, 9n)
    octets = slowRate(octets, frames * size, 4n)
    const wanted = [0, 0, Number((pkts + 511n) >> 10n), 0, Number((octets + 15n) >> 5n)]
    t.strictSame(rates(counters, row), wanted, `tick ${tick}: ${frames} of ${size}`)
  }
})

t.test('of ticks that come late the first has the difference, with the others the rates fall', async t => {
  for (const late of [2, 3, 7, 60, 1_000_000]) {
    const [punctual, tardy] = [new Counters(), new Counters()]
    for (const counters of [punctual, tardy]) {
      const [service, row] = [counters.allocate(), counters.allocate()]
      counters.inboundOf(row, service, 1_000_000_000)
      for (let i = 0; i < 500; i++) counters.connectionOf(row, service)
      counters.tick(1)
      counters.outboundOf(row, service, 70_000)
    }
    for (let i = 0; i < Math.min(late, 200); i++) punctual.tick(1)
    tardy.tick(late)
    t.strictSame(rates(tardy, TOTALS), rates(punctual, TOTALS), `${late} ticks`)
    t.strictSame(shown(tardy, TOTALS), shown(punctual, TOTALS), `${late} ticks: what is counted`)
    for (const counters of [punctual, tardy]) counters.tick(1)
    t.strictSame(rates(tardy, TOTALS), rates(punctual, TOTALS), `${late} ticks, and another`)
  }
})

t.test('zeroed, rates are 0 and begin anew with what has come since the last tick', async t => {
  const counters = new Counters()
  const [service, row, other] = [counters.allocate(), counters.allocate(), counters.allocate()]
  for (const each of [row, other]) counters.inboundOf(each, service, 8000)
  counters.tick(1)
  t.strictSame(rates(counters, row), [0, 0, 0, 1000, 0])
  counters.inboundOf(row, service, 16_000)
  counters.zero(row)
  t.strictSame(rates(counters, row), [0, 0, 0, 0, 0])
  t.strictSame(rates(counters, other), [0, 0, 0, 1000, 0], 'this row alone')
  counters.tick(1)
  t.strictSame(rates(counters, row), [0, 0, 0, 2000, 0])
  counters.release(row)
  t.strictSame(rates(counters, counters.allocate()), [0, 0, 0, 0, 0], 'and with the row’s next holder')
})

t.test('a row that is stopped keeps what it shows; started, its next tick takes what came since its last', async t => {
  const counters = new Counters()
  const [service, row] = [counters.allocate(), counters.allocate()]
  counters.inboundOf(row, service, 8000)
  counters.tick(1)
  counters.inboundOf(row, service, 80)
  counters.stop(row)
  counters.tick(3)
  t.strictSame(
    [rates(counters, row), shown(counters, row)],
    [
      [0, 0, 0, 1000, 0],
      [0, 1, 0, 8000, 0],
    ],
  )
  counters.start(row)
  t.strictSame(rates(counters, row), [0, 0, 0, 1000, 0])
  counters.tick(1)
  t.strictSame(
    [rates(counters, row), shown(counters, row)],
    [
      [0, 0, 0, 760, 0],
      [0, 2, 0, 8080, 0],
    ],
  )
})

t.test('a tick reaches many rows by and by, and at once whichever is looked at', async t => {
  const counters = new Counters()
  const service = counters.allocate()
  const rows = Array.from({ length: 20_000 }, () => counters.allocate())
  for (const row of rows) counters.inboundOf(row, service, 80)
  counters.tick(1)
  const [first = 0] = rows
  const [middle = 0, last = 0] = [rows[10_000], rows.at(-1)]
  t.strictSame(shown(counters, last), [0, 1, 0, 80, 0], 'the last, before its turn')
  counters.inboundOf(last, service, 80)
  t.strictSame(
    [shown(counters, last), rates(counters, last)],
    [
      [0, 1, 0, 80, 0],
      [0, 0, 0, 10, 0],
    ],
    'once only',
  )
  let sweeps = 1
  while (!counters.sweep()) sweeps++
  t.ok(sweeps > 3 && sweeps < 10, `in ${sweeps} parts`)
  counters.inboundOf(middle, service, 8000)
  counters.inboundOf(first, service, 8000)
  t.strictSame(shown(counters, middle), [0, 1, 0, 80, 0], 'what came after its turn waits for the next tick')
  t.strictSame(shown(counters, first), [0, 1, 0, 80, 0])
  t.ok(counters.sweep(), 'and there is nothing more to do')
  counters.tick(1)
  counters.tick(1)
  for (const row of rows) {
    const added = row === first || row === middle ? 8000 : row === last ? 80 : 0
    if (counters.shown(row, Counter.IN_BYTES) !== 80 + added) t.fail(`row ${row}: ${shown(counters, row)}`)
  }
})

t.test('rates that have far to fall take more parts', async t => {
  const counters = new Counters()
  const service = counters.allocate()
  const rows = Array.from({ length: 4000 }, () => counters.allocate())
  for (const row of rows) counters.inboundOf(row, service, 1e9)
  counters.tick(1)
  t.ok(counters.sweep(), 'one tick: a part')
  counters.tick(40)
  let sweeps = 1
  while (!counters.sweep()) sweeps++
  t.ok(sweeps > 20, `forty: ${sweeps}`)
})

t.test('a row that is allocated while a tick is under way has its first tick with the next', async t => {
  const counters = new Counters()
  const service = counters.allocate()
  for (let i = 0; i < 10_000; i++) counters.allocate()
  counters.tick(1)
  counters.sweep()
  const row = counters.allocate()
  counters.inboundOf(row, service, 80)
  while (!counters.sweep());
  t.strictSame(shown(counters, row), [0, 0, 0, 0, 0])
  counters.tick(1)
  t.strictSame(
    [shown(counters, row), rates(counters, row)],
    [
      [0, 1, 0, 80, 0],
      [0, 0, 0, 10, 0],
    ],
  )
})

t.test('live numbers are as they are, whatever was set to zero', async t => {
  const counters = new Counters()
  counters.inboundOf(counters.allocate(), counters.allocate(), 9)
  t.equal(counters.live(TOTALS, Counter.IN_BYTES), 9)
  counters.tick(1)
  counters.zero(TOTALS)
  t.equal(counters.live(TOTALS, Counter.IN_BYTES), 9)
})

t.test('rates of a real server are as the kernel showed them, deleted and added again on the way', async t => {
  // After each tick: conns, packets (as many each way), octets in and out; cps, packets a second, octets a second.
  const ticks = [
    [85, 170, 106223, 78934, 11, 21, 13278, 9867],
    [190, 375, 228627, 169930, 21, 42, 25259, 18775],
    [230, 448, 273572, 203549, 21, 40, 24562, 18283],
    [331, 668, 413673, 306163, 28, 58, 35934, 26539],
    [486, 973, 610905, 451717, 41, 81, 51605, 38099],
    [628, 1294, 803535, 598197, 48, 101, 62782, 46884],
    [751, 1545, 962941, 715306, 51, 107, 67012, 49802],
    [850, 1758, 1096318, 812722, 51, 107, 66931, 49528],
    [920, 1897, 1189916, 878646, 47, 98, 61898, 45387],
    [1040, 2148, 1338765, 992386, 50, 105, 65030, 48257],
    [1168, 2434, 1525001, 1126397, 54, 114, 72052, 52944],
    [1254, 2613, 1638901, 1209595, 51, 108, 68276, 50108], // deleted soon after the tick before
    [1254, 2613, 1638901, 1209595, 38, 81, 51207, 37581],
  ] as const
  const counters = new Counters()
  const [service, row] = [counters.allocate(), counters.allocate()]
  let [conns, pkts, inBytes, outBytes] = [0, 0, 0, 0]
  for (const [at, [toConns, toPkts, toIn, toOut, cps, pps, inBps, outBps]] of ticks.entries()) {
    for (; conns < toConns; conns++) counters.connectionOf(row, service)
    for (; pkts < toPkts; pkts++, inBytes = toIn, outBytes = toOut) {
      counters.inboundOf(row, service, toIn - inBytes)
      counters.outboundOf(row, service, toOut - outBytes)
    }
    if (at === 11) {
      counters.stop(row)
      for (let n = 0; n < 4; n++) counters.tick(1)
      counters.start(row)
    }
    counters.tick(1)
    t.strictSame(rates(counters, row), [cps, pps, pps, inBps, outBps], `tick ${at}`)
  }
})
