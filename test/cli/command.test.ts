import t from 'tap'
import { DEFAULT_CONTROL, ignoreEpipe, takeControl } from '../../src/cli/command.js'

t.test('--control and its value are taken out, wherever they stand', async t => {
  const cases: [string[], string | undefined, string[]][] = [
    [['-Ln'], DEFAULT_CONTROL, ['-Ln']],
    [[], DEFAULT_CONTROL, []],
    [['-L', '--control', '/x', '-n'], '/x', ['-L', '-n']],
    [['--control=/x', '-Ln'], '/x', ['-Ln']],
    [['-Ln', '--control'], undefined, ['-Ln']],
    [['-Ln', '--control='], undefined, ['-Ln']],
    [['-Ln', '--control', ''], undefined, ['-Ln']],
  ]
  for (const [argv, path, rest] of cases) t.strictSame(takeControl(argv), { path, rest }, argv.join(' '))
})

t.test('only a reader that stopped early is let off', async t => {
  ignoreEpipe(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  t.throws(() => ignoreEpipe(Object.assign(new Error('full'), { code: 'ENOSPC' })), { message: 'full' })
})
