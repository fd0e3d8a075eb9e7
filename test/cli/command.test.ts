import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { DEFAULT_CONTROL, defaultControl, takeControl } from '../../src/cli/command.js'

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

t.test('UVS_CONTROL says where the control socket is, unless it is empty', async t => {
  t.equal(defaultControl({}), DEFAULT_CONTROL)
  t.equal(defaultControl({ UVS_CONTROL: '' }), DEFAULT_CONTROL)
  t.equal(defaultControl({ UVS_CONTROL: '/x' }), '/x')
})

t.test('only a reader that stopped early is let off', async t => {
  for (const [file, name] of [
    ['uvs/main.js', 'uvs'],
    ['uvs/main.js offload', 'uvs offload'],
    ['uvs/main.js man', 'uvs man'],
    ['uvsadm/main.js', 'uvsadm'],
    ['uvsadm/save-main.js', 'uvsadm-save'],
    ['uvsadm/restore-main.js', 'uvsadm-restore'],
  ] as const) {
    const main = fileURLToPath(new URL(`../../src/cli/${file}`, import.meta.url))
    const to = (target: string): unknown => {
      const { status, stderr } = spawnSync('sh', ['-c', `"$0" ${main} --help ${target}`, process.execPath])
      return [status, String(stderr)]
    }
    t.strictSame(to('> /dev/full'), [1, `${name}: cannot write to standard output: no space left on device\n`])
    t.strictSame(to('| true'), [0, ''], name)
  }
})
