import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { runScript } from '../../../src/keepalived/scripts/run-script.js'
import { ScriptGuard } from '../../../src/keepalived/scripts/script-guard.js'
import { userIds } from '../../../src/keepalived/scripts/user-ids.js'
import { tempDir } from '../../support/temp.js'

const HOLDER = fileURLToPath(new URL('script-holder.js', import.meta.url))
const shell = (text: string): readonly string[] => ['/bin/sh', '-c', text]

async function sooner(isSo: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (isSo()) return
    await sleep(50)
  }
  throw new Error(`not so after 30 s: ${what}`)
}
/** Of a line of numbers that a script has written. */
async function pidsIn(file: string): Promise<number[]> {
  const text = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  await sooner(() => text().endsWith('\n'), `${file} is written`)
  return text().trim().split(' ').map(Number)
}
/** A process that nobody has waited for yet is dead too. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

t.test('a script that hangs and will not end is killed, with all that it has started', async t => {
  const file = `${tempDir(t)}/pids`
  const hangs = shell(`trap '' TERM; sleep 300 & echo $$ $! > ${file}; while :; do sleep 1; done`)
  const end = await runScript({ words: hangs, timeoutMs: 3000 })
  t.strictSame(end, { kind: 'timed out' })
  for (const pid of await pidsIn(file)) await sooner(() => !isAlive(pid), `${pid} is dead`)
})

t.test('what a script leaves behind when it ends is killed', async t => {
  const file = `${tempDir(t)}/pids`
  const forks = shell(`for i in 1 2 3; do sleep 300 & p="$p $!"; done; echo $p > ${file}; exit 3`)
  t.strictSame(await runScript({ words: forks, timeoutMs: 0 }), { kind: 'exited', status: 3 })
  const pids = await pidsIn(file)
  t.equal(pids.length, 3)
  for (const pid of pids) await sooner(() => !isAlive(pid), `${pid} is dead`)
})

t.test('what a script writes goes nowhere, and costs no memory', async t => {
  const before = process.memoryUsage().rss
  const floods = shell('while :; do echo 0123456789; echo 0123456789 >&2; done')
  t.strictSame(await runScript({ words: floods, timeoutMs: 1000 }), { kind: 'timed out' })
  const grown = (process.memoryUsage().rss - before) / 2 ** 20
  t.ok(grown < 50, `${Math.round(grown)} MiB more`)
})

t.test('death by a signal; a program that is not there', async t => {
  t.strictSame(await runScript({ words: shell('kill -9 $$'), timeoutMs: 0 }), { kind: 'signalled', signal: 9 })
  t.strictSame(await runScript({ words: shell('kill -TERM $$'), timeoutMs: 60_000 }), { kind: 'signalled', signal: 15 })
  t.match(await runScript({ words: ['/no/such/script'], timeoutMs: 0 }), { kind: 'not run' })
})

t.test('the end of who runs it ends a script: at once, or after some patience', async t => {
  const dir = tempDir(t)
  const abort = new AbortController()
  const { signal } = abort
  const common = { timeoutMs: 0, signal }
  const hard = runScript({ ...common, words: shell(`trap '' TERM; echo $$ > ${dir}/hard; sleep 300`) })
  const tells = shell(`trap 'echo told > ${dir}/told; exit 5' TERM; echo $$ > ${dir}/soft; sleep 300 & wait`)
  const soft = runScript({ ...common, words: tells, patienceMs: 20_000 })
  const deaf = runScript({ ...common, words: shell(`trap '' TERM; echo $$ > ${dir}/deaf; sleep 300`), patienceMs: 300 })
  for (const name of ['hard', 'soft', 'deaf']) await pidsIn(`${dir}/${name}`)
  abort.abort()
  t.strictSame(await hard, { kind: 'signalled', signal: 9 })
  t.strictSame(await soft, { kind: 'exited', status: 5 })
  t.equal(readFileSync(`${dir}/told`, 'utf8'), 'told\n')
  t.strictSame(await deaf, { kind: 'signalled', signal: 9 })
})

t.test('a script dies with whoever runs it, kill -9 too', async t => {
  const file = `${tempDir(t)}/pids`
  // The second is for whoever runs it: it tells the guard of a script that it has begun.
  const holder = spawn(process.execPath, [HOLDER, `sleep 1; sleep 300 & echo $$ $! > ${file}; wait`], {
    stdio: 'ignore',
  })
  t.teardown(() => holder.kill('SIGKILL'))
  const pids = await pidsIn(file)
  t.ok(pids.every(isAlive))
  holder.kill('SIGKILL')
  for (const pid of pids) await sooner(() => !isAlive(pid), `${pid} is dead`)
})

t.test(
  'the guard: groups that are over are let alone, and another guard takes the place of one that was killed',
  async t => {
    const guard = new ScriptGuard()
    // Numbers beyond any process.
    guard.began(2 ** 30)
    const first = guard.pid!
    guard.began(2 ** 30 + 1)
    guard.ended(2 ** 30)
    t.equal(guard.pid, first)
    process.kill(first, 'SIGKILL')
    await sooner(() => guard.pid === undefined, 'it is missed')
    guard.began(2 ** 30 + 2)
    t.not(guard.pid, first)
    process.kill(guard.pid!, 'SIGKILL')
  },
)

const skip = process.getuid?.() === 0 ? false : 'not root'
t.test('a script runs as its user: uid, gid, and no other groups', { skip }, async t => {
  const file = `${tempDir(t)}/ids`
  const as = userIds('nobody')!
  writeFileSync(file, '')
  chmodSync(file, 0o666)
  chmodSync(dirname(file), 0o755)
  const words = shell(`echo $(id -u) $(id -g) $(id -G) > ${file}`)
  t.strictSame(await runScript({ words, timeoutMs: 60_000, as }), { kind: 'exited', status: 0 })
  t.equal(readFileSync(file, 'utf8').trim(), `${as.uid} ${as.gid} ${as.gid}`)
  const daemon = userIds('nobody', 'daemon')!
  await runScript({ words, timeoutMs: 60_000, as: daemon })
  t.equal(readFileSync(file, 'utf8').trim(), `${daemon.uid} ${daemon.gid} ${daemon.gid}`)
})
