import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { systemNames } from '../../../src/cli/uvsadm/options/names.js'
import { replaceRules } from '../../../src/cli/uvsadm/replace-rules.js'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'
import type { Control, Outcome } from '../../../src/control/protocol/api.js'
import { serveControl } from '../../../src/control/socket/server.js'
import { Transactions } from '../../../src/control/rules/transactions.js'
import { BenchDirector } from '../../support/bench-director.js'
import { tempDir } from '../../support/temp.js'

const names = systemNames()
const OLD = '-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.9:80 -m -w 1\n'
const A4 = '-A -t 1.2.3.4:80 -s rr\n'
const A5 = '-A -t 1.2.3.5:80 -s rr\n'
const TRY = "Try `uvsadm -h' or 'uvsadm --help' for more information.\n"
const NOT_FOUND = 'Scheduler or persistence engine not found\n'

function sessionOf(director = new BenchDirector()): Control {
  return new Transactions(director.control, () => new BenchDirector().director).client()
}

async function rulesOf(control: Control): Promise<string> {
  return (await uvsadm(['-Sn'], control, names)).out
}

async function restored(input: string, before: string): Promise<{ outcome: Outcome; rules: string }> {
  const control = sessionOf()
  await uvsadm(['-R'], control, names, Readable.from([before]))
  const outcome = await replaceRules(input, control, names)
  return { outcome, rules: await rulesOf(control) }
}

/** As the real ipvsadm-restore: what it was given, its status and standard error, the rules afterwards, its output. */
const AS_IPVSADM: [what: string, input: string, status: number, err: string, rules: string, out?: string][] = [
  ['comments', `# ipvsadm.rules\n${A4}# second site\n#\n${A5}`, 0, '', A4 + A5],
  ['a comment with a CR', `# x\r\n${A4}`, 0, '', A4],
  ['CRs', `-A\t-t 1.2.3.4:80 -s rr\r\n${A5}`, 0, '', A4 + A5],
  ['no newline at the end', A4 + A5.trimEnd(), 0, '', A4 + A5],
  ['blank lines', `\n\n${A4}\n \n`, 0, '', A4],
  ['refused in the middle', `${A4}-A -t 1.2.3.6:80 -s nosuch\n${A5}`, 0, NOT_FOUND, A4 + A5],
  ['refused at the end', `${A4}-A -t 1.2.3.6:80 -s nosuch\n`, 255, NOT_FOUND, A4],
  ['twice', `${A4}${A4}${A5}`, 0, 'Service already exists\n', A4 + A5],
  ['an option that is none', `${A4}-A -q\n${A5}`, 0, '-q: unknown option\n', A4 + A5],
  ['listed meanwhile', `${A4}-S -n\n${A5}`, 0, '', A4 + A5, A4],
  ['cleared meanwhile', `${A4}-C\n${A5}`, 0, '', A5],
  ['cleared at the end', `${A4}-C\n`, 0, '', ''],
  ['the old ones listed', `-S -n\n${A4}`, 0, '', A4],
]

t.test('the rules become those of the input, as with ipvsadm-restore', async t => {
  for (const [what, input, status, err, rules, out = ''] of AS_IPVSADM)
    for (const before of ['', OLD])
      t.strictSame(await restored(input, before), { outcome: { status, out, err }, rules }, what)
})

/** What ends -R or makes nothing: its status, what ipvsadm says, and what uvsadm-restore adds. */
const BAD: [what: string, input: string, status: number, err: string, why: string, above?: string][] = [
  [
    'a word',
    `${A4}hello world\n${A5}`,
    255,
    TRY,
    'line 2 (hello world) does not begin with a command (-A -a -E -e -D -d --add-laddr)',
    A4,
  ],
  ['a comment that is none', ` # x\n${A4}`, 255, TRY, 'line 1 (# x) does not begin with a command (', ''],
  ['a byte order mark', `\ufeff${A4}`, 255, TRY, 'line 1 (', ''],
  ['a bad address', `${A4}# x\n-A -t x:y\n`, 2, 'illegal virtual server address', 'line 3 (-A -t x:y)', A4],
  ['a NUL', `-A -t 1.2.3\0.4:80\n`, 2, 'illegal virtual server address', 'line 1 (-A -t 1.2.3\ufffd.4:80)', ''],
  ['a line without end', `${A4}${'x'.repeat(5000)}`, 2, 'a line is longer than', `line 2 (${'x'.repeat(100)}…)`, A4],
  ['listed before', `-S\n${A4}hello\n`, 255, TRY, 'line 3 (hello)', A4],
  ['nothing there is listed', `-L -t 9.9.9.9:9\n${A4}`, 1, 'No such service\n', 'line 1 (-L -t 9.9.9.9:9)', ''],
]

t.test('an input that ends it leaves what was there', async t => {
  for (const [what, input, status, err, why] of BAD) {
    const { outcome, rules } = await restored(input, OLD)
    t.equal(rules, OLD, what)
    t.equal(outcome.status, status, what)
    t.ok(outcome.err.startsWith(err), outcome.err)
    t.match(outcome.err, `uvsadm-restore: ${why}`, what)
    t.match(outcome.err, /: the rules are as before\n$/, what)
  }
})

t.test('where nothing was, the lines above it count, as with ipvsadm-restore', async t => {
  for (const [what, input, status, , , above] of BAD) {
    const { outcome, rules } = await restored(input, '')
    t.strictSame([outcome.status, rules], [status, above], what)
    t.match(outcome.err, /: the rules are those above it\n$/, what)
  }
})

t.test('an input without a service leaves what was there', async t => {
  const NONE = 'uvsadm-restore: no line adds a service (uvsadm -C deletes all): the rules are as before\n'
  const NONE_FOUND = [`-A -t 1.2.3.6:80 -s nosuch\n`, 255, NOT_FOUND + NONE] as const
  const NONE_LEFT = [`-A -t 1.2.3.6:80 -s nosuch\n--set 1 2 3\n`, 1, NOT_FOUND + NONE] as const
  for (const [input, status, err] of [['', 1, NONE], ['# a\n\n# b\n', 1, NONE], NONE_FOUND, NONE_LEFT] as const) {
    t.strictSame(await restored(input, OLD), { outcome: { status, out: '', err }, rules: OLD }, input)
  }
  t.strictSame(await restored('', ''), { outcome: { status: 0, out: '', err: '' }, rules: '' }, 'nothing to lose')
})

t.test('rules come at once, and what stays is not touched', async t => {
  const director = new BenchDirector()
  const asked: string[] = []
  const client = new Transactions(
    { call: request => (asked.push(request.op), director.control.call(request)) },
    () => new BenchDirector().director,
  ).client()
  await uvsadm(['-R'], director.control, names, Readable.from([OLD]))
  await replaceRules(OLD + A4, client, names)
  t.equal(await rulesOf(client), A4 + OLD)
  t.strictSame(
    asked.filter(op => op !== 'services'),
    ['batch'],
    'no flush',
  )
})

const program = (name: string): string => fileURLToPath(new URL(`../../../src/cli/uvsadm/${name}.js`, import.meta.url))

t.test('uvsadm-save | uvsadm-restore keeps the rules', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  const director = new BenchDirector()
  const server = await serveControl(path, new Transactions(director.control, () => new BenchDirector().director))
  t.teardown(() => server.close())
  await uvsadm(['-R'], director.control, names, Readable.from([OLD]))
  const pipe = '"$0" "$1" -n --control "$3" | "$0" "$2" --control "$3"'
  for (let run = 0; run < 6; run++) {
    const { status, err } = await shell(pipe, process.execPath, program('save-main'), program('restore-main'), path)
    t.strictSame([status, err], [0, ''])
    t.equal(await rulesOf(director.control), OLD)
  }
  const restore = '"$0" "$1" --control "$2"'
  for (const [input, status, err] of [
    ['< /', 2, 'cannot read standard input: illegal operation on a directory\n'],
    ['< /dev/null', 1, /^uvsadm-restore: no line adds a service /],
    ['--help', 0, ''],
  ] as const) {
    const outcome = await shell(`${restore} ${input}`, process.execPath, program('restore-main'), path)
    t.match(outcome, { status, err }, input)
    t.equal(await rulesOf(director.control), OLD, input)
  }
})

/** Without waiting for it in this thread, where the director is. */
function shell(command: string, ...args: string[]): Promise<{ status: number | null; err: string }> {
  const child = spawn('sh', ['-c', command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  const err: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  return new Promise(resolve => child.on('close', status => resolve({ status, err: Buffer.concat(err).toString() })))
}
