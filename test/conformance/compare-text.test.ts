import t from 'tap'
import { compareOutcome, compareText } from './compare-text.js'

const TITLE = 'IPVS connection entries\npro expire state       source             virtual            destination\n'
const row = (expire: string, port: number, state = 'ESTABLISHED') =>
  `TCP ${expire.padEnd(6)} ${state.padEnd(11)} 10.99.1.10:${port}   10.99.1.100:80     10.99.2.11:80\n`

t.test('connections are a set', async t => {
  const [one, two] = [row('14:59', 40001), row('01:59', 40002)]
  t.strictSame(compareText(TITLE + one + two, TITLE + two + one), [])
  t.match(compareText(TITLE + one + two, TITLE + one), [/^connection TCP .*:40002 .*: expected 1, got 0$/])
  t.match(compareText(TITLE + one, TITLE + one + one), [/: expected 1, got 2$/])
})

t.test('an expiry may be off by one second, also across a minute', async t => {
  t.strictSame(compareText(TITLE + row('01:59', 1), TITLE + row('02:00', 1)), [])
  t.strictSame(compareText(TITLE + row('99:59', 1), TITLE + row('100:00', 1)), [])
  t.match(compareText(TITLE + row('01:59', 1), TITLE + row('02:01', 1)), [/expected to expire in 119 s, got 121 s/])
})

t.test('all else of a row counts to the character', async t => {
  t.not(compareText(TITLE + row('01:59', 1), TITLE + row('01:59', 1, 'CLOSE')).length, 0)
  t.not(compareText(TITLE + row('01:59', 1), TITLE + row('01:59', 1).replace('    ', '   ')).length, 0)
  t.not(compareText(TITLE + row('01:59', 1), TITLE + row('01:59', 1).replace('01:59 ', '01:59')).length, 0)
})

t.test('rows are connections only under their title', async t => {
  const [one, two] = [row('14:59', 40001), row('01:59', 40002)]
  t.not(compareText(one + two, two + one).length, 0)
  t.not(compareText(`${TITLE}\n${one}`, `${TITLE}${one}\n`).length, 0)
})

t.test('lines are compared in order, and each difference is shown', async t => {
  t.strictSame(compareText('a\nb\n', 'a\nc\n'), ["line 2: expected 'b', got 'c'"])
  t.strictSame(compareText('a\n', 'a'), ['line 2: expected no line, got no newline at the end'])
  t.strictSame(compareText('a\n', 'a\n\n'), ["line 2: expected no line, got ''"])
  t.strictSame(compareText('', '\n'), ["line 1: expected no line, got ''"])
  t.strictSame(compareText('a \n', 'a\n').length, 1)
})

t.test('an outcome is status, output and standard error', async t => {
  const outcome = { status: 0, out: 'a\n', err: '' }
  t.strictSame(compareOutcome(outcome, { ...outcome }), [])
  t.strictSame(compareOutcome(outcome, { status: 255, out: '', err: 'b\n' }), [
    'status: expected 0, got 255',
    "output: line 1: expected 'a', got no line",
    "standard error: line 1: expected no line, got 'b'",
  ])
})
