import t from 'tap'
import { type Form, usageOf, word } from '../../../../src/cli/option.js'
import { readOptions } from '../../../../src/cli/uvs/options/read-options.js'
import { UsageError } from '../../../../src/director/options.js'

const forms: Form[] = [
  {
    words: [word('send'), { value: 'WHAT' }, { value: 'TO', optional: true, repeatable: true }],
    options: [
      { flags: ['--by'], value: 'air|sea', choices: ['air', 'sea'], required: true, help: '' },
      { flags: ['--stamp', '-s'], value: 'N', repeatable: true, help: '' },
      { flags: ['--fast'], help: '' },
    ],
  },
  {
    words: [word('run'), { value: 'CMD', repeatable: true, rest: true }],
    options: [{ flags: ['--quiet'], help: '' }],
  },
  { words: [], options: [{ flags: ['--list'], required: true, help: '' }] },
]

const read = (line: string): ReturnType<typeof readOptions> =>
  readOptions({ name: 'post', forms }, line.split(' ').filter(Boolean))

t.test('words and options, in any order, either way of saying a value', async t => {
  const given = read('send --stamp 1 letter -s 2 --by=air me --stamp=a=b you --fast')
  t.strictSame(given.words, ['send', 'letter', 'me', 'you'])
  t.strictSame(given.all('--stamp'), ['1', '2', 'a=b'])
  t.equal(given.one('--by'), 'air')
  t.ok(given.has('--fast'))
  t.strictSame(read('send - --by air -- --fast').words, ['send', '-', '--fast'])
  t.equal(read('send letter --by air --stamp -1').one('--stamp'), '-1')
  t.ok(read('--list').has('--list'))
})

t.test('what a command runs is its own', async t => {
  const given = read('run --quiet ls -l --quiet')
  t.strictSame(given.words, ['run', 'ls', '-l', '--quiet'])
  t.ok(given.has('--quiet'))
})

t.test('what cannot be meant', async t => {
  const usage = 'uvs post send WHAT [TO]… --by air|sea [--stamp N…] [--fast]'
  const cases: Record<string, string> = {
    '': 'what to do: send, run, --list (uvs post --help)',
    fetch: "'fetch': send, run, --list (uvs post --help)",
    'send --by air': `WHAT is missing: ${usage}`,
    'send x': `--by air|sea is missing: ${usage}`,
    'send x --by': '--by needs a value: --by air|sea',
    'send x --by --fast': '--by needs a value: --by air|sea',
    'send x --by=': '--by needs a value: --by air|sea',
    'send x --by land': "--by 'land': it may be air, sea",
    'send x --by air --by sea': '--by is given twice',
    'send x --by air --fast --fast': '--fast is given twice',
    'send x --by air --fast=1': '--fast takes no value',
    'send x --slow': '--slow: there is no such option; those there are: --by, --stamp -s, --fast (uvs post --help)',
    'send x -sx': '-sx: there is no such option; those there are: --by, --stamp -s, --fast (uvs post --help)',
    'run --quiet': 'CMD is missing: uvs post run CMD… [--quiet]',
    'run --loud ls': '--loud: there is no such option; those there are: --quiet (uvs post --help)',
    '--list x': "'x': unexpected word (uvs post --help)",
  }
  for (const [line, message] of Object.entries(cases)) t.throws(() => read(line), new UsageError(message), line)
})

t.test('usages', async t => {
  t.strictSame(forms.map(usageOf), [
    'send WHAT [TO]… --by air|sea [--stamp N…] [--fast]',
    'run CMD… [--quiet]',
    '--list',
  ])
  t.equal(
    usageOf({ words: [], options: ['-a', '-b', '-c', '-d'].map(flag => ({ flags: [flag], help: '' })) }),
    '[options]',
  )
})

t.test('a value that may be left out is none that begins with a dash', async t => {
  const options = [
    { flags: ['--watch'], value: '[SECONDS]', otherwise: '2', help: '' },
    { flags: ['-x'], help: '' },
  ]
  const given = (...args: string[]) => readOptions({ name: 'list', forms: [{ words: [], options }] }, args)
  for (const [args, seconds] of [
    [['--watch'], '2'],
    [['--watch', '5'], '5'],
    [['--watch=5'], '5'],
    [['--watch', '-x'], '2'],
    [['-x'], undefined],
  ] as const)
    t.equal(given(...args).one('--watch'), seconds, args.join(' '))
  t.throws(() => given('--watch='), new UsageError('--watch needs a value: --watch [SECONDS]'))
})
