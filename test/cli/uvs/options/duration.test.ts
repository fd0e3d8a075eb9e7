import t from 'tap'
import { durationText, readDuration } from '../../../../src/cli/uvs/options/duration.js'

t.test('seconds of what a person writes', t => {
  const known: [text: string, seconds: number][] = [
    ['0', 0],
    ['90', 90],
    ['60s', 60],
    ['5m', 300],
    ['1h30m', 5400],
    ['1h5', 3605],
    ['2h3m4s', 7384],
    ['010', 10],
    ['744h', 2_678_400],
  ]
  for (const [text, seconds] of known) t.equal(readDuration(text), seconds, text)
  for (const text of ['', 's', '-5', '1.5m', '5 m', '60S', '5m1h', '1d', '5mm', '745h', '2678401', '9'.repeat(400)])
    t.equal(readDuration(text), undefined, text)
  t.end()
})

t.test('and back, in two figures at the most', t => {
  const known: [seconds: number, text: string][] = [
    [0, '0 s'],
    [39.2, '40 s'],
    [99, '99 s'],
    [170, '3 min'],
    [5400, '90 min'],
    [7200, '2 h'],
    [9000, '2 h 30 min'],
  ]
  for (const [seconds, text] of known) t.equal(durationText(seconds), text)
  t.end()
})
