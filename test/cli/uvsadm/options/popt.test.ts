import t from 'tap'
import { popt } from '../../../../src/cli/uvsadm/options/popt.js'

const TAKES: Record<string, boolean | 'optional'> = {
  '-L': false,
  '-n': false,
  '--numeric': false,
  '-t': true,
  '--tcp-service': true,
  '-p': 'optional',
  '--persistent': 'optional',
}

function steps(...argv: string[]): string[] {
  return [...popt(argv, flag => TAKES[flag])].map(token =>
    token.kind === 'option'
      ? `${token.flag}${token.value === undefined ? '' : `=${token.value}`}`
      : token.kind === 'argument'
        ? `argument ${token.text}`
        : `${token.text}: ${token.problem}`,
  )
}

// each tried on ipvsadm 1.31
const CASES: [string[], string[]][] = [
  [['-Ln'], ['-L', '-n']],
  [
    ['-Lnt', 'a:1'],
    ['-L', '-n', '-t=a:1'],
  ],
  [['-ta:1'], ['-t=a:1']],
  [['-t=a:1'], ['-t=a:1']],
  [['-t='], ['-t=']],
  [['-t', '-n'], ['-t=-n']],
  [['-t', ''], ['-t=']],
  [['--tcp-service', 'a:1'], ['--tcp-service=a:1']],
  [['--tcp-service=a:1'], ['--tcp-service=a:1']],
  [['--tcp-service='], ['--tcp-service=']],
  [
    ['--tcp-serv', 'a:1'],
    ['--tcp-serv: unknown option', 'argument a:1'],
  ],
  [['-LnQ'], ['-L', '-n', '-LnQ: unknown option']],
  [['-='], ['-=: unknown option']],
  [['-Lt'], ['-L', '-Lt: missing argument']],
  [['--tcp-service'], ['--tcp-service: missing argument']],
  [['--numeric='], ['--numeric=: option does not take an argument']],
  [
    ['a', '-n', 'b'],
    ['argument a', '-n', 'argument b'],
  ],
  [
    ['-n', '--', '-n', '--'],
    ['-n', 'argument -n', 'argument --'],
  ],
  [['-p'], ['-p']],
  [['-p', '300'], ['-p=300']],
  [['-p', ''], ['-p=']],
  [['-p300'], ['-p=300']],
  [['-p=300'], ['-p=300']],
  [['-p='], ['-p=']],
  [['-pp'], ['-p=p']],
  [['-pn'], ['-p=n']],
  [
    ['-p', '-n'],
    ['-p', '-n'],
  ],
  [
    ['-p', '-'],
    ['-p', 'argument -'],
  ],
  [
    ['-p', '--', '300'],
    ['-p', 'argument 300'],
  ],
  [['-np'], ['-n', '-p']],
  [['--persistent'], ['--persistent']],
  [['--persistent', '300'], ['--persistent=300']],
  [['--persistent=300'], ['--persistent=300']],
  [['--persistent='], ['--persistent=']],
  [['-'], ['argument -']],
  [[''], ['argument ']],
  [[], []],
]

t.test('arguments are cut up as popt does', async t => {
  for (const [argv, wanted] of CASES) t.strictSame(steps(...argv), wanted, JSON.stringify(argv))
})
