import t from 'tap'
import { type Figures, summarise, summaryLine } from '../../../bench/wire/figures.js'
import { median } from '../../../netns-lab/median.js'

t.test('the median of an odd and of an even number of values', async t => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 3, 2]), 2.5)
  t.equal(median([10, 9]), 9.5)
})

t.test('each figure compares the runners that have it with the first of them', async t => {
  const kernel = [
    { wrk: 100, download: 2 },
    { wrk: 300, download: 4 },
    { wrk: 200, download: 3 },
  ]
  const rounds = new Map<string, Figures[]>([
    ['kernel', kernel],
    ['uvs', [{ wrk: 150, ab: 7 }]],
  ])
  t.strictSame(summarise(rounds), [
    {
      figure: 'wrk',
      runner: 'kernel',
      unit: 'req/s',
      median: 200,
      min: 100,
      max: 300,
      values: [100, 300, 200],
      ratio: 1,
    },
    { figure: 'wrk', runner: 'uvs', unit: 'req/s', median: 150, min: 150, max: 150, values: [150], ratio: 0.75 },
    { figure: 'ab', runner: 'uvs', unit: 'conn/s', median: 7, min: 7, max: 7, values: [7], ratio: 1 },
    { figure: 'download', runner: 'kernel', unit: 'Gbit/s', median: 3, min: 2, max: 4, values: [2, 4, 3], ratio: 1 },
  ])
})

t.test('a row as text', async t => {
  const [row] = summarise(new Map([['uvs-raw-nat', [{ download: 11 }, { download: 12.084 }, { download: 13.5 }]]]))
  t.equal(summaryLine({ ...row!, ratio: 0.875 }), 'download    uvs-raw-nat        12.08 [11.00–13.50] Gbit/s  0.88')
})
