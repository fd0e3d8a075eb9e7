import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { MiscCheck } from '../../../src/keepalived/config/tree/checker.js'
import { checkMisc, judgeEnd } from '../../../src/keepalived/checkers/misc-check.js'
import { userIds } from '../../../src/keepalived/scripts/user-ids.js'
import { tempDir } from '../../support/temp.js'
import { NEVER } from './servers.js'
import { TIMING } from './timing.js'

interface Rig {
  readonly dir: string
  readonly checker: MiscCheck
}

function rig(t: Test, text: string, ...args: string[]): Rig {
  const dir = tempDir(t)
  chmodSync(dir, 0o777)
  const program = `${dir}/check.sh`
  writeFileSync(program, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  const script = { words: [program, ...args], text: program }
  return { dir, checker: { ...TIMING, kind: 'MISC_CHECK', timeoutMs: 60_000, isDynamic: false, script } }
}

const run = (checker: MiscCheck, signal = NEVER): Promise<unknown> => checkMisc(checker, undefined, undefined, signal)

/** The process is there, and no zombie that its parent has not heard of yet. */
function lives(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Whether the process whose id is in a file ends within a minute. */
async function isGone(file: string): Promise<boolean> {
  const pid = readFileSync(file, 'utf8').trim()
  for (let i = 0; i < 3000 && lives(pid); i++) await new Promise(resolve => setTimeout(resolve, 20))
  return !lives(pid)
}

t.test('exit statuses', async t => {
  t.strictSame(judgeEnd({ kind: 'exited', status: 0 }, false), { isUp: true })
  t.strictSame(judgeEnd({ kind: 'exited', status: 2 }, false), { isUp: false, why: 'exited with status 2' })
  t.strictSame(judgeEnd({ kind: 'exited', status: 0 }, true), { isUp: true })
  t.strictSame(judgeEnd({ kind: 'exited', status: 1 }, true), { isUp: false, why: 'exited with status 1' })
  t.strictSame(judgeEnd({ kind: 'exited', status: 2 }, true), { isUp: true, weight: 0 })
  t.strictSame(judgeEnd({ kind: 'exited', status: 255 }, true), { isUp: true, weight: 253 })
  t.strictSame(judgeEnd({ kind: 'signalled', signal: 9 }, true), { isUp: false, why: 'due to signal 9' })
})

t.test('a script, its arguments', async t => {
  const { dir, checker } = rig(t, 'echo "$# $1 $2" > "$(dirname "$0")/said"; exit 3', 'one', 'two three')
  t.strictSame(await run(checker), { isUp: false, why: 'exited with status 3' })
  t.equal(readFileSync(`${dir}/said`, 'utf8'), '2 one two three\n')
  const absent = { ...checker, script: { words: [`${dir}/none`], text: '' } }
  t.strictSame(await run(absent), { isUp: false, why: 'not run: no such file or directory' })
  t.strictSame(await run(rig(t, 'kill -9 $$').checker), { isUp: false, why: 'due to signal 9' })
})

t.test('a script that hangs, with a child that hangs, gets TERM; one that ignores it KILL', async t => {
  const { dir, checker } = rig(t, 'sleep 60 & echo $! > "$(dirname "$0")/pid"; sleep 60')
  // A busy machine takes its time to begin it.
  t.strictSame(await run({ ...checker, timeoutMs: 3000 }), { isUp: false, why: 'timed out' })
  t.ok(await isGone(`${dir}/pid`), 'its child is gone too')
  t.strictSame(await run({ ...rig(t, 'sleep 60').checker, timeoutMs: 0, delayLoopMs: 300 }), {
    isUp: false,
    why: 'timed out',
  })
  const deaf = rig(t, "trap '' TERM; while :; do sleep 0.1; done").checker
  const began = performance.now()
  t.strictSame(await run({ ...deaf, timeoutMs: 3000 }), { isUp: false, why: 'timed out' })
  t.ok(performance.now() - began >= 4950, 'after two seconds more')
})

t.test('a script that leaves a process behind, or floods its output', async t => {
  const { dir, checker } = rig(t, 'sleep 60 & echo $! > "$(dirname "$0")/pid"')
  t.strictSame(await run(checker), { isUp: true })
  t.ok(await isGone(`${dir}/pid`))
  t.strictSame(await run(rig(t, 'head -c 20000000 /dev/zero; head -c 1000000 /dev/zero >&2').checker), { isUp: true })
})

t.test('given up: killed', async t => {
  const { dir, checker } = rig(t, 'sleep 60; touch "$(dirname "$0")/late"')
  const abort = new AbortController()
  setTimeout(() => abort.abort(), 100)
  t.strictSame(await run(checker, abort.signal), { isUp: false, why: 'due to signal 9' })
  t.notOk(existsSync(`${dir}/late`))
})

t.test('as another user', { skip: process.getuid!() !== 0 && 'needs root' }, async t => {
  const { dir, checker } = rig(t, 'id -u > "$(dirname "$0")/uid"; id -g >> "$(dirname "$0")/uid"')
  const ids = userIds('nobody')!
  t.strictSame(await run({ ...checker, user: 'nobody' }), { isUp: true })
  t.equal(readFileSync(`${dir}/uid`, 'utf8'), `${ids.uid}\n${ids.gid}\n`)
  writeFileSync(`${dir}/uid`, '')
  chmodSync(`${dir}/uid`, 0o666)
  t.strictSame(await checkMisc(checker, 'nobody', 'root', NEVER), { isUp: true })
  t.equal(readFileSync(`${dir}/uid`, 'utf8'), `${ids.uid}\n0\n`, 'script_user')
  t.match(await run({ ...checker, user: 'nobody-at-all' }), { isUp: false, why: 'there is no user nobody-at-all' })
})
