import t from 'tap'
import { reportLines } from './report.js'

t.test('a case that passed is one line', async t => {
  t.strictSame(reportLines('nat-udp', []), ['pass  nat-udp'])
})

t.test('a case that failed shows its differences', async t => {
  t.strictSame(reportLines('nat-udp', ['step 1:', '  ip.ttl']), ['FAIL  nat-udp', '      step 1:', '        ip.ttl'])
})

t.test('a case that is wrong all over stays readable', async t => {
  const lines = reportLines(
    'nat-udp',
    Array.from({ length: 1000 }, (_, index) => `${index} ${'x'.repeat(5000)}`),
  )
  t.equal(lines.length, 26)
  t.equal(lines.at(-1), '      … and 976 lines more')
  t.equal(lines[1], `      0 ${'x'.repeat(238)}… (5002 characters)`)
})
