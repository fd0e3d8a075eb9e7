import { writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Outcome } from '../../../../src/control/protocol/api.js'
import { lintFile } from '../../../../src/cli/uvs/rules/lint.js'
import { fakeNames } from '../../../support/names.js'
import { runCommand } from '../../../support/run-command.js'
import { tempDir } from '../../../support/temp.js'

/** An address of this host, if it has one. */
const HELD = Object.values(networkInterfaces())
  .flat()
  .find(held => held?.family === 'IPv4' && !held.internal)?.address
const SOUND = '-A -t 10.0.0.100:80 -s wrr\n\n  # a comment\n-a -t 10.0.0.100:80 -r 10.0.1.1:80 -m\n'

function file(t: Test, text: string): string {
  const path = join(tempDir(t), 'rules')
  writeFileSync(path, text)
  return path
}
const lint = (...args: string[]) => lintFile(args, fakeNames())

t.test('nothing found: nothing said, status 0', async t => {
  t.strictSame(await lint(file(t, SOUND)), { status: 0, out: '', err: '' })
  t.strictSame(await lint(file(t, '')), { status: 0, out: '', err: '' })
})

t.test('a line each, by its number in the file; status 1', async t => {
  const path = file(t, `${SOUND}-A -t 10.0.0.100:21 -s rr\n-a -t 10.0.0.100:80 -r 10.0.1.2:80 -m -x 5 -y 5\n`)
  const { status, out } = await lint(path)
  t.equal(status, 1)
  const lines = out.trimEnd().split('\n')
  t.equal(lines.length, 3)
  t.match(lines[0], `${path}:5: no-server: 10.0.0.100:21 has no real server`)
  t.match(lines[1], `${path}:5: ftp-without-helper: uvs has no FTP helper`)
  t.match(lines[2], `${path}:6: threshold-flaps: -y 5 is -x`)
})

t.test('what is only worth knowing does not count', async t => {
  const text = '-A -f 7\n-a -f 7 -r 10.0.1.1 -m\n'
  t.match(await lint(file(t, text)), { status: 0, out: /^\S+:1: mark-unknown: \(info\) no packet .*\n$/ })
  t.strictSame(await lint(file(t, text), '--mark', 'tcp 10.0.0.0/24=7'), { status: 0, out: '', err: '' })
})

t.test('a line that is no rule: status 2, with what else was found', async t => {
  const { status, out } = await lint(file(t, `-A -t 10.0.0.100:90\n-Q\n`))
  t.equal(status, 2)
  t.match(
    out,
    /:1: no-server: .*\n.*:2: not-a-rule: '-Q' is no rule: -A -a -E -e -D -d --add-laddr; ipvsadm -R stops here/,
  )
})

t.test('of a file of something else ten lines are told of, and how many more there are', async t => {
  const { status, out } = await lint(file(t, 'hello world\n'.repeat(10)))
  t.equal(status, 2)
  const lines = out.trimEnd().split('\n')
  t.equal(lines.length, 10)
  t.equal(lines.filter(line => line.endsWith(" 'hello' is no rule: -A -a -E -e -D -d --add-laddr")).length, 9)
  const eleven = await lint(file(t, 'hello world\n'.repeat(11)))
  t.match(eleven.out, /:11: not-a-rule: from here on 1 more line is no rule\n$/)
  const many = await lint(file(t, `${'hello world\n'.repeat(40)}-A -f 7\n${'x\n'.repeat(3)}`))
  t.match(many.out, /:11: not-a-rule: from here on 33 more lines are no rules\n/)
  t.equal(many.out.match(/not-a-rule/g)?.length, 11)
  t.match((await lint(file(t, `${'x'.repeat(99)}\u001b[2J\n`))).out, /:1: not-a-rule: 'x{40}…' is no rule/)
})

t.test('--json: one object', async t => {
  const path = file(t, '-A -f 7\n')
  const { status, out } = await lint(path, '--json')
  t.equal(status, 1)
  t.match(JSON.parse(out), {
    version: 1,
    findings: [
      { line: 1, hazard: 'no-server', severity: 'hazard', message: String },
      { line: 1, hazard: 'mark-unknown', severity: 'info', message: String },
    ],
  })
  t.strictSame(JSON.parse((await lint(file(t, SOUND), '--json')).out).findings, [])
})

t.test('--address: which networks the director is in', async t => {
  const rules = '-A -t 10.0.0.255:80 -s rr\n-a -t 10.0.0.255:80 -r 10.0.1.1:80 -m\n'
  t.match(await lint(file(t, rules)), {
    status: 0,
    out: /:1: not-a-host: \(info\) 10.0.0.255 is a broadcast address if/,
  })
  t.match(await lint(file(t, rules), '--address', '10.0.0.1/24@eth0', '--address', '10.0.1.1/24@eth1'), {
    status: 1,
    out: /:1: not-a-host: 10.0.0.255 is the broadcast address of the --address network with \/24: /,
  })
  t.match(await lint(file(t, rules), '--address', '10.0.0.1/16@eth0'), { status: 0, out: '' })
  await t.rejects(lint(file(t, rules), '--address', '10.0.0.1/24'), { message: /^--address: '10.0.0.1\/24' is not / })
})

t.test('--raw: who answers for the VIPs on this host', async t => {
  const rules = '-A -t 10.0.0.100:80 -s rr\n-a -t 10.0.0.100:80 -r 10.0.1.1:80 -m\n'
  const here = (...more: string[]): Promise<Outcome> => lint(file(t, rules), '--raw', 'uvs-none0', ...more)
  t.match(await here(), { status: 1, out: /:1: vip-unheld: nobody answers for 10.0.0.100: / })
  t.match(await here('--vip', '10.0.0.100'), { status: 0, out: '' })
  t.match(await here('--vip', '10.0.0.101'), { status: 1, out: /vip-unheld/ })
  t.match(await here('--announce', 'uvs0'), { status: 0, out: '' }, 'the interface that it makes will have them')
  t.match(await here('--announce', 'uvs0', '--vip', '10.0.0.100'), { status: 1, out: /:1: vip-held-twice: / })
  await t.rejects(lint(file(t, rules), '--announce', 'uvs0'), { message: /^--announce goes with --raw/ })
  await t.rejects(here('--announce', 'a/b'), { message: "--announce: 'a/b' cannot be an interface's name" })
  t.match(await here('--address', '10.0.0.1/24@uvs-none0'), { status: 0, out: '' }, 'a host of its own claims them')
  await t.rejects(here('--vip', '10.0.0.300'), { message: /^--vip: '10.0.0.300' is neither / })
})

t.test("--raw: an address of this host's kernel", { skip: HELD ? false : 'it has none' }, async t => {
  const rules = `-A -t ${HELD}:80 -s rr\n-a -t ${HELD}:80 -r 10.0.1.1:80 -m\n`
  t.match(await lint(file(t, rules), '--raw', 'uvs-none0'), { status: 0, out: '' })
  t.match(await lint(file(t, rules), '--raw', 'uvs-none0', '--vip', HELD!), {
    status: 1,
    out: /^\S+:1: vip-held-twice: .* is this host's kernel's, and .*\n$/,
  })
})

t.test('--scheduler: one of your own', async t => {
  const rules = '-A -t 10.0.0.100:80 -s mine\n-a -t 10.0.0.100:80 -r 10.0.1.1:80 -m\n'
  t.match(await lint(file(t, rules)), {
    status: 1,
    out: /:1: refused: .*-s mine is no built-in scheduler; .*--scheduler FILE/,
  })
  const module = join(tempDir(t), 'mine.mjs')
  writeFileSync(module, "export default { name: 'mine', bind: () => ({ schedule: () => undefined }) }")
  t.match(await lint(file(t, rules), '--scheduler', module), {
    status: 0,
    out: /^\S+:1: uvs-only: \(info\) -s mine is a scheduler of your own: .*\n$/,
  })
  await t.rejects(lint(file(t, rules), '--scheduler', '/no/such.mjs'), { message: /^--scheduler: .*cannot be loaded/ })
})

t.test('a file that cannot be read, and words that cannot be meant: one line', async t => {
  await t.rejects(lint('/no/such'), { message: 'cannot read /no/such: no such file or directory' })
  await t.rejects(lint(), { message: /^FILE is missing/ })
  await t.rejects(lint(file(t, SOUND), '--mark', 'x'), { message: /^--mark: 'x' is not PROTO/ })
  t.match(await runCommand('lint', '', '/no/such'), {
    status: 2,
    out: '',
    err: 'uvs lint: cannot read /no/such: no such file or directory\n',
  })
})

t.test('the command, from standard input', async t => {
  t.match(await runCommand('lint', `${SOUND}-Q\n`, '-'), { status: 2, out: /^-:5: not-a-rule: /, err: '' })
})
