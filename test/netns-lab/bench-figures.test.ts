import t from 'tap'
import { type Figures, median, readWrk, readWrkCount, summarise, summaryLine } from '../../netns-lab/bench-figures.js'

t.test('the median of an odd and of an even number of values', async t => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 3, 2]), 2.5)
  t.equal(median([10, 9]), 9.5)
})

t.test('each measurement compares the runners that have it with the first of them', async t => {
  const rounds = new Map<string, Figures[]>([
    [
      'kernel',
      [
        { wrk: 100, curl: 2 },
        { wrk: 300, curl: 4 },
        { wrk: 200, curl: 3 },
      ],
    ],
    ['uvs', [{ wrk: 150, ab: 7 }]],
  ])
  const rows = summarise(rounds).map(({ measurement, runner, median, min, max, ratio }) => [
    measurement,
    runner,
    median,
    min,
    max,
    ratio,
  ])
  t.strictSame(rows, [
    ['wrk', 'kernel', 200, 100, 300, 1],
    ['wrk', 'uvs', 150, 150, 150, 0.75],
    ['ab', 'uvs', 7, 7, 7, 1],
    ['curl', 'kernel', 3, 2, 4, 1],
  ])
})

t.test('a row as text', async t => {
  const row = {
    measurement: 'curl',
    runner: 'uvs raw',
    unit: 'Gbit/s',
    median: 12.084,
    min: 11,
    max: 13.5,
    ratio: 0.875,
  } as const
  t.equal(summaryLine(row), 'curl  uvs raw                    12.08 [11.00–13.50] Gbit/s  0.88')
})

t.test('wrk’s report counts only if nothing failed', async t => {
  const report = '  Latency  1ms\nRequests/sec:  69012.34\nTransfer/sec: 9MB\n'
  t.equal(readWrk(report), 69012.34)
  t.equal(readWrkCount(`  139652 requests in 2.00s, 23.97MB read\n${report}`), 139652)
  const failed = `  Socket errors: connect 0, read 3, write 0, timeout 0\n${report}`
  t.throws(() => readWrk(failed), { message: 'wrk: Socket errors: connect 0, read 3, write 0, timeout 0' })
  t.throws(() => readWrk(`  Non-2xx or 3xx responses: 4\n${report}`), /Non-2xx/)
  t.throws(() => readWrk(''), { message: 'wrk: no figure' })
})
