import t from 'tap'
import { type Figures, summarise } from '../../../bench/wire/figures.js'
import { type BenchReport, figureText, markdown } from '../../../bench/wire/report.js'

const figures = summarise(
  new Map<string, Figures[]>([
    [
      'a',
      [
        { wrk: 79_100, download: 14 },
        { wrk: 1_080_000, download: 13.456 },
      ],
    ],
    ['b', [{ wrk: 900 }]],
  ]),
)
const report: BenchReport = {
  node: 'v20.1.0',
  cpu: '2 × X',
  kernel: '6.18',
  commit: 'abc',
  began: '2026-11-21T21:00:00Z',
  load: 0.1,
  rounds: 2,
  services: 10,
  figures,
  judged: [],
  failures: [],
  runners: [
    { name: 'a', title: 'runner A' },
    { name: 'b', title: 'runner B' },
  ],
}

t.test('a table: a row a runner, a column a figure that somebody has', async t => {
  t.strictSame(markdown(report).split('\n').slice(0, 6), [
    'Node v20.1.0, 2 × X, kernel 6.18, commit abc, 2026-11-21; median [least–most] of 2 interleaved rounds; uvs with 10 services.',
    '',
    '|  | wrk, req/s | download, Gbit/s |',
    '| --- | --: | --: |',
    '| runner A | 579 550 [79 100–1 080 000] | 13.73 [13.46–14.00] |'.replace(/(?<=\d) (?=\d)/g, '\u202f'),
    '| runner B | 900 | – |',
  ])
})

t.test('thousands are kept apart, fractions are not', async t => {
  t.equal(figureText('wrk', 1234567.4), '1\u202f234\u202f567')
  t.equal(figureText('wrk', 999), '999')
  t.equal(figureText('download', 12345.678), '12\u202f345.68')
})
