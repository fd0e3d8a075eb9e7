import t from 'tap'
import { whyNoKernel } from '../live/kernel.js'
import { generateLines } from './generate-lines.js'
import { transcripts } from './transcripts.js'

t.test('the same seed gives the same lines, another one others', async t => {
  t.strictSame(generateLines(1, 2), generateLines(1, 2))
  t.notSame(generateLines(1, 2), generateLines(1, 3))
  t.notSame(generateLines(1, 2), generateLines(2, 2))
})

t.test('every command of ipvsadm comes up, and so do IPv6 and odd values', async t => {
  const lines = Array.from({ length: 20 }, (_, index) => generateLines(1, index)).flat()
  const words = new Set(lines.flat())
  for (const word of '-A -E -D -C -a -e -d -L -Ln -S -Z --set --start-daemon --stop-daemon -6 --pe --nosort --rate'.split(
    ' ',
  ))
    t.ok(words.has(word), word)
  t.ok(lines.flat().some(word => word.includes('[2001:db8::1]:')))
})

t.test('uvsadm does what ipvsadm does', { skip: whyNoKernel() ?? false, timeout: 230_000 }, async t => {
  const printed: string[] = []
  t.equal(await transcripts({ seed: 1, count: 3 }, line => printed.push(line)), true, printed.join('\n'))
  t.equal(printed.at(-1), '3 passed, 0 failed: 120 lines')
})
