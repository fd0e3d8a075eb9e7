import { writeFileSync } from 'node:fs'
import t from 'tap'
import { resetDirector } from '../../../../src/cli/uvs/reset.js'
import { runScript, splitScript, withoutRepeats } from '../../../../src/cli/uvs/rules/script.js'
import type { Control, Outcome } from '../../../../src/control/protocol/api.js'
import { connectControl } from '../../../../src/control/socket/client.js'
import { serveControl } from '../../../../src/control/socket/server.js'
import { FakeControl } from '../../../support/fake-control.js'
import { runCommand } from '../../../support/run-command.js'
import { tempDir } from '../../../support/temp.js'

const hooks = { sleep: async () => {} }

function run(text: string, control: Control = new FakeControl()): Promise<Outcome> {
  return runScript(text, control, hooks)
}

t.test('lines are cut into words as a shell does', async t => {
  const cases: [string, string[][]][] = [
    ['', []],
    ['\n  \n# a comment; not a line\n', []],
    ['a  b\tc', [['a', 'b', 'c']]],
    ['a; b;;\nc', [['a'], ['b'], ['c']]],
    [`a 'b; c' "d # e"`, [['a', 'b; c', 'd # e']]],
    [`-t'10.0.0.1':"80" ''`, [['-t10.0.0.1:80', '']]],
    ['a b#c #d', [['a', 'b#c']]],
    [`'it"s' "it's"`, [['it"s', "it's"]]],
    [`a 'b\nc`, [['a', 'b\nc']]],
    ['a # b', [['a']]],
  ]
  for (const [text, wanted] of cases) t.strictSame(splitScript(text), wanted, JSON.stringify(text))
})

t.test('what is said of many lines in a row is said once', async t => {
  t.equal(withoutRepeats('a\na\nb\na\n'), 'a (2 times)\nb\na\n')
  t.equal(withoutRepeats(''), '')
})

t.test('output is joined, and the status is the last line’s', async t => {
  const outcome = await run(`
    # two services
    ipvsadm -A -t 10.0.0.1:80 -s rr; uvsadm -A -t 10.0.0.1:80
    ipvsadm -Ln -t '10.0.0.1:80'`)
  t.equal(outcome.status, 0)
  t.equal(outcome.err, 'Service already exists\n')
  t.match(outcome.out, /\nTCP {2}10\.0\.0\.1:80 rr\n$/)
  t.equal((await run('modprobe x\nipvsadm -D -t 10.0.0.1:80')).status, 255)
  t.strictSame(await run(''), { status: 0, out: '', err: '' })
})

t.test('a script for DPVS', async t => {
  const outcome = await run(`#!/bin/sh -
    ./ipvsadm -A -t 10.0.0.1:80 -s rr
    ./ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2 -b
    ./ipvsadm --add-laddr -z 10.0.0.200 -t 10.0.0.1:80 -F dpdk0
    ./ipvsadm -Gn`)
  t.match(outcome, { status: 0, err: '', out: /\nTCP {2}10\.0\.0\.1:80 +10\.0\.0\.200\n$/ })
})

t.test('refusals and lost directors are one line too', async t => {
  const refusing: Control = { call: async () => ({ ok: false, refusal: 'EINVAL', message: 'no such address' }) }
  t.strictSame(await run('ip route del local 1.2.3.4 dev lo', refusing), {
    status: 2,
    out: '',
    err: 'ip: no such address\n',
  })
  await t.rejects(resetDirector(refusing), { message: 'no such address' })
  const nobody = connectControl(`${tempDir(t)}/none`)
  t.match(await run('ip route del local 1.2.3.4 dev lo', nobody), { status: 2, err: /^no director answers/ })
  await t.rejects(resetDirector(nobody), { message: /^no director answers at / })
  const broken: Control = { call: () => Promise.reject(new TypeError('a bug')) }
  await t.rejects(run('ip route del local 1.2.3.4 dev lo', broken), { message: 'a bug' })
  await t.rejects(resetDirector(broken), { message: 'a bug' })
})

t.test('the commands of uvs: script and reset', async t => {
  const directory = tempDir(t)
  writeFileSync(`${directory}/rules`, 'ipvsadm -A -t 10.0.0.1:80\nipvsadm -Ln -t 10.0.0.1:80\n')
  const control = new FakeControl()
  const server = await serveControl(`${directory}/sock`, control)
  t.teardown(() => server.close())
  const at = ['--control', `${directory}/sock`]

  t.match(await runCommand('script', '', `${directory}/rules`, ...at), {
    status: 0,
    out: /TCP {2}10\.0\.0\.1:80 wlc\n$/,
    err: '',
  })
  t.match(await runCommand('script', 'ipvsadm -D -t 10.0.0.2:80', '-', ...at), {
    status: 255,
    err: 'No such service\n',
  })
  t.match(await runCommand('script', 'sleep 0.01', '-', ...at), { status: 0, out: '', err: '' })
  t.match(await runCommand('script', '', `${directory}/none`, ...at), {
    status: 2,
    err: /^uvs script: cannot read .*\n$/,
  })
  t.match(await runCommand('script', '', ...at), {
    status: 2,
    err: 'uvs script: -|FILE is missing: uvs script -|FILE [--control PATH]\n',
  })
  t.match(await runCommand('script', '', '-', '--control'), {
    status: 2,
    err: 'uvs script: --control needs a value: --control PATH\n',
  })
  t.equal(control.services.length, 1)
  t.strictSame(await runCommand('reset', '', ...at), { status: 0, out: '', err: '' })
  t.equal(control.services.length, 0)
  t.match(await runCommand('reset', '', 'now', ...at), {
    status: 2,
    err: "uvs reset: 'now': unexpected word (uvs reset --help)\n",
  })
  t.match(await runCommand('reset', '', '--control', `${directory}/none`), {
    status: 1,
    err: /^uvs reset: no director answers at .*\n$/,
  })
})
