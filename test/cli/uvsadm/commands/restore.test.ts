import { Readable } from 'node:stream'
import t from 'tap'
import { uvsadm } from '../../../../src/cli/uvsadm/run.js'
import { REQUEST_LINE_MAX } from '../../../../src/control/protocol/codec.js'
import { systemNames } from '../../../../src/cli/uvsadm/options/names.js'
import { BenchDirector } from '../../../support/bench-director.js'

const TRY = "Try `uvsadm -h' or 'uvsadm --help' for more information.\n"
const A4 = '-A -t 1.2.3.4:80 -s rr'
const A5 = '-A -t 1.2.3.5:80 -s rr'

/** As the real ipvsadm on the real kernel: what it was given, its status and standard error, and the rules afterwards. */
const CASES: [what: string, input: string, status: number, err: string, rules: string[], out?: string][] = [
  ['nothing', '', 0, '', []],
  ['blank lines', `\n${A4}\n \t\n\n${A5}\n`, 0, '', [A4, A5]],
  ['no newline at the end', `${A4}\n${A5}`, 0, '', [A4, A5]],
  ['blanks, tabs and CRs', ` \t-A\t-t  1.2.3.4:80 -s rr \r\n${A5}\r\n`, 0, '', [A4, A5]],
  ['ipvsadm in front', `ipvsadm\nipvsadm ${A4}\nipvsadm ipvsadm ${A5}\n`, 0, '', [A4, A5]],
  ['something else in front', `foo ${A4}\n`, 2, 'unexpected argument foo\n', []],
  ['a path in front', `/sbin/ipvsadm ${A4}\n`, 2, 'unexpected argument /sbin/ipvsadm\n', []],
  ['a comment', `${A4}\n# comment\n${A5}\n`, 255, TRY, [A4]],
  ['a comment behind', `${A4} # comment\n`, 2, 'unexpected argument #\n', []],
  ['a word', `${A4}\nfoo\n${A5}\n`, 255, TRY, [A4]],
  ['itself', `${A4}\n-R\n${A5}\n`, 255, TRY, [A4]],
  ['no command first', `-t 1.2.3.4:80 -A\n${A5}\n`, 255, TRY, []],
  ['a bad value', `${A4}\n-A -t nonsense:80\n${A5}\n`, 2, 'illegal virtual server address[:port] specified\n', [A4]],
  [
    'an option that is missing',
    `${A4}\n-A -s rr\n${A5}\n`,
    2,
    "You need to supply the 'service-address' option for the 'add-service' command\n",
    [A4],
  ],
  ['an unknown option', `${A4}\n-A -t 1.2.3.6:80 -q\n${A5}\n`, 0, '-q: unknown option\n', [A4, A5]],
  ['an unknown option at the end', `${A4}\n-A -q\n`, 255, '-q: unknown option\n', [A4]],
  ['a missing value', `-A -t\n${A5}\n`, 0, '-t: missing argument\n', [A5]],
  ['refused', `${A4}\n${A4}\n${A5}\n`, 0, 'Service already exists\n', [A4, A5]],
  ['refused at the end', `${A4}\n${A4}\n\n`, 255, 'Service already exists\n', [A4]],
  [
    'refused in every way',
    `-a -t 9.9.9.9:80 -r 1.1.1.1\n${A4}\n-a -t 1.2.3.4:80 -r 224.0.0.1\n-A -t 1.2.3.6:80 -s zz\n${A5}\n`,
    0,
    `Service not defined
Invalid operation.  Possibly wrong module version, address not unicast, ...
Scheduler or persistence engine not found
`,
    [A4, A5],
  ],
  [
    'edited and deleted',
    `${A4}\n-E -t 1.2.3.4:80 -s wlc\n${A5}\n-D -t 1.2.3.5:80\n`,
    0,
    '',
    ['-A -t 1.2.3.4:80 -s wlc'],
  ],
  ['cleared', `${A4}\n-C\n${A5}\n`, 0, '', [A5]],
  ['zeroed', `${A4}\n-Z\n--set 10 20 30\n${A5}\n`, 0, '', [A4, A5]],
  ['saved', `${A4}\n-S -n\n${A5}\n`, 0, '', [A4, A5], `${A4}\n`],
  ['a listing of what is not there', `${A4}\n-L -n -t 9.9.9.9:80\n${A5}\n`, 1, 'No such service\n', [A4]],
  [
    'the version',
    `${A4}\n-v\n${A5}\n`,
    0,
    '',
    [A4],
    'uvsadm v0.2.0, as ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n',
  ],
]

t.test('-R does what ipvsadm -R does', async t => {
  for (const [what, input, status, err, rules, out = ''] of CASES) {
    for (const size of [1, 7, 100_000]) {
      const { control } = new BenchDirector()
      const pieces = Array.from({ length: Math.ceil(input.length / size) }, (_, i) =>
        input.slice(i * size, (i + 1) * size),
      )
      const outcome = await uvsadm(['-R'], control, systemNames(), Readable.from(pieces))
      t.strictSame(outcome, { status, out, err }, what)
      t.equal((await uvsadm(['-Sn'], control)).out, rules.map(rule => `${rule}\n`).join(''), what)
    }
  }
})

const lines = (from: number, count: number): string =>
  Array.from({ length: count }, (_, i) => `-A -t 10.0.${(from + i) >> 8}.${(from + i) & 255}:80 -s rr\n`).join('')

t.test('rules go to the director in batches of 128, as soon as they have come', async t => {
  const { control } = new BenchDirector()
  const asked: number[] = []
  const counting = {
    call(request: Parameters<typeof control.call>[0]) {
      asked.push(request.op === 'batch' ? request.requests.length : 0)
      return control.call(request)
    },
  } as typeof control
  const input = Readable.from([lines(0, 300), lines(300, 1)])
  t.match(await uvsadm(['--restore'], counting, systemNames(), input), { status: 0, err: '' })
  t.strictSame(asked, [128, 128, 44, 1])
})

t.test('what no director could take costs its line only', async t => {
  const { control } = new BenchDirector()
  const NOT_FOUND = 'Scheduler or persistence engine not found\n'
  const odd = ['é', 'x'.repeat(3000)].map(name => `-A -t 1.2.3.6:80 -s ${name}\n-A -t 1.2.3.6:80 -p --pe ${name}\n`)
  const input = Readable.from([`${A4}\n${odd.join('').repeat(20)}${A5}\n`])
  t.strictSame(await uvsadm(['-R'], control, systemNames(), input), { status: 0, out: '', err: NOT_FOUND.repeat(80) })
  t.equal((await uvsadm(['-Sn'], control)).out, `${A4}\n${A5}\n`)
})

t.test('names as long as names may be fit into batches', async t => {
  const { control } = new BenchDirector()
  const calls: number[] = []
  const measuring = {
    call(request: Parameters<typeof control.call>[0]) {
      calls.push(JSON.stringify(request).length)
      return control.call(request)
    },
  } as typeof control
  const line = `-A -t 1.2.3.6:80 -p -s ${'x'.repeat(255)} --pe ${'y'.repeat(255)}\n`
  await uvsadm(['-R'], measuring, systemNames(), Readable.from([line.repeat(300)]))
  t.ok(Math.max(...calls) < REQUEST_LINE_MAX, String(Math.max(...calls)))
})

t.test('a line without end ends it', async t => {
  const endless = function* (): Generator<string> {
    yield `${A4}\n`
    for (;;) yield '\0'.repeat(1000)
  }
  const long = `${A4}\n-A ${'x'.repeat(5000)}\n${A5}\n`
  for (const input of [Readable.from(endless()), Readable.from([long])]) {
    const { control } = new BenchDirector()
    t.strictSame(await uvsadm(['-R'], control, systemNames(), input), {
      status: 2,
      out: '',
      err: 'a line is longer than 4096 characters\n',
    })
    t.equal((await uvsadm(['-Sn'], control)).out, `${A4}\n`)
  }
})

t.test('-R takes no option and no word', async t => {
  const { control } = new BenchDirector()
  t.match(await uvsadm(['-R', '-n'], control), {
    status: 2,
    err: "Illegal 'numeric' option with the 'restore' command\n",
  })
  t.match(await uvsadm(['-R', 'foo'], control), { status: 2, err: 'unexpected argument foo\n' })
  t.match(await uvsadm(['-A', '-R'], control), { status: 2, err: "invalid option `-R'\n" })
})
