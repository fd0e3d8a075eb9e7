import t from 'tap'
import { readMoment } from '../../../../src/cli/uvs/replay/moment.js'
import { barLine, Progress, ProgressLine } from '../../../../src/cli/uvs/replay/progress.js'

t.test('times of --at', async t => {
  const cases: Record<string, number | undefined> = {
    '0': 0,
    '90': 90_000,
    '1.5s': 1500,
    '250ms': 250,
    '0.0001': 0,
    '5m': 300_000,
    '1h30m': 5_400_000,
    '2678400': 2_678_400_000,
    '2678401': undefined,
    '': undefined,
    '-1': undefined,
    '1.5m': undefined,
    '5 s': undefined,
  }
  for (const [text, ms] of Object.entries(cases)) t.equal(readMoment(text), ms, text)
})

t.test('the bar', async t => {
  t.equal(barLine(50, 100, 1_000_000, 2), '[###############---------------]  50 %  1000000 frames, 500 000 a second')
  t.equal(barLine(0, 100, 0, 0), '[------------------------------]   0 %  0 frames, 0 000 a second')
  t.equal(barLine(200, 100, 1, 1), '[##############################] 100 %  1 frames, 0 000 a second')
  t.equal(barLine(7, 0, 2000, 1), '2000 frames, 2 000 a second')
})

t.test('a terminal that is too narrow gets the beginning: a line in two could not be written over', async t => {
  for (const [columns, length] of [
    [20, 19],
    [1, 1],
    [0, 79],
    [undefined, 79],
  ] as const) {
    const written: string[] = []
    const write = (text: string): boolean => written.push(text) > 0
    new ProgressLine({ isTTY: true, columns, write } as unknown as NodeJS.WriteStream).show('x'.repeat(100))
    t.strictSame(written, [`\r${'x'.repeat(length)}\u001b[K`])
  }
})

t.test('it is shown on a terminal alone, and taken away', async t => {
  for (const isTTY of [true, false]) {
    const written: string[] = []
    const progress = new Progress(10, {
      isTTY,
      write: (text: string) => written.push(text) > 0,
    } as unknown as NodeJS.WriteStream)
    await new Promise(resolve => void setTimeout(resolve, 120))
    progress.show(5, 1)
    progress.show(6, 2)
    progress.end()
    t.equal(written.length, isTTY ? 2 : 0)
    if (!isTTY) continue
    t.match(written[0], /^\r\[#{15}-{15}\]  50 % /)
    t.equal(written[1], '\r\u001b[K')
  }
})
