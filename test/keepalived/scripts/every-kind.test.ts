import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { checkMisc } from '../../../src/keepalived/checkers/misc-check.js'
import { NotifyRunner } from '../../../src/keepalived/scripts/notify-runner.js'
import { TrackScript } from '../../../src/keepalived/scripts/track-script.js'
import { userIds } from '../../../src/keepalived/scripts/user-ids.js'
import { tempDir } from '../../support/temp.js'
import { TIMING } from '../checkers/timing.js'

/*
 * Checks, tracking and notifications: a script that hangs and has forked, that floods its output, that dies by a signal, is bounded, and ends with
 * whoever runs it; it runs as script_user. Each kind says how it ended in its own words.
 */

/** Time for a busy machine to begin one. */
const TIMEOUT_MS = 3000

/** Runs a shell's words as one kind of script: what is told of its end; `close` ends it. */
type Kind = (
  text: string,
  user: string | undefined,
) => { readonly told: Promise<string>; close(): Promise<void> | void }

const KINDS: Readonly<Record<string, Kind>> = {
  MISC_CHECK(text, user) {
    const abort = new AbortController()
    const script = { words: ['/bin/sh', '-c', text], text }
    const checker = { ...TIMING, kind: 'MISC_CHECK' as const, timeoutMs: TIMEOUT_MS, isDynamic: false, script }
    const told = checkMisc(checker, user, undefined, abort.signal).then(result => (result.isUp ? 'up' : result.why))
    return { told, close: () => abort.abort() }
  },
  track_script(text, user) {
    const { promise, resolve } = withResolvers()
    const script = { words: ['/bin/sh', '-c', text], text }
    const of = { name: 'chk', script, intervalMs: 60_000, timeoutMs: TIMEOUT_MS, rise: 1, fall: 1 }
    const tracked = new TrackScript(of, { changed: () => {}, log: resolve }, user)
    return { told: promise, close: () => tracked.close() }
  },
  notify(text, user) {
    const lines: string[] = []
    const runner = new NotifyRunner(line => void lines.push(line), TIMEOUT_MS)
    const told = runner.run({ words: ['/bin/sh', '-c', text], text: 'n' }, user).then(() => lines.join() || 'well')
    return { told, close: () => runner.close(0) }
  },
}

function withResolvers(): { promise: Promise<string>; resolve: (line: string) => void } {
  let resolve: ((line: string) => void) | undefined
  const promise = new Promise<string>(done => (resolve = done))
  return { promise, resolve: resolve! }
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
async function areGone(t: Test, file: string): Promise<void> {
  const pids = readFileSync(file, 'utf8').trim().split(' ').map(Number)
  for (let i = 0; i < 600 && pids.some(isAlive); i++) await sleep(50)
  t.strictSame(pids.filter(isAlive), [], 'none is left')
}

for (const [name, run] of Object.entries(KINDS)) {
  t.test(`${name}: hangs, with a child; floods; dies; leaves children behind`, async t => {
    const file = `${tempDir(t)}/pids`
    const hangs = run(`trap '' TERM; sleep 300 & echo $$ $! > ${file}; wait; sleep 300`, undefined)
    t.match(await hangs.told, /timed.out|ended after 3 s/)
    await areGone(t, file)
    const floods = run('while :; do echo 0123456789; echo 0123456789 >&2; done', undefined)
    t.match(await floods.told, /timed.out|ended after 3 s/)
    const dies = run('kill -9 $$', undefined)
    t.match(await dies.told, /signal 9/)
    const forks = run(`sleep 300 & a=$!; sleep 300 & echo $a $! > ${file}`, undefined)
    t.match(await forks.told, /up|succeeded|well/)
    await areGone(t, file)
    for (const one of [hangs, floods, dies, forks]) await one.close()
  })

  t.test(`${name}: ends with whoever runs it`, async t => {
    const file = `${tempDir(t)}/pids`
    const running = run(`trap '' TERM; sleep 300 & echo $$ $! > ${file}; wait; sleep 300`, undefined)
    for (let i = 0; i < 6000 && !(existsSync(file) && readFileSync(file, 'utf8') !== ''); i++) await sleep(5)
    await running.close()
    await areGone(t, file)
  })

  t.test(`${name}: as script_user`, { skip: process.getuid?.() === 0 ? false : 'not root' }, async t => {
    const dir = tempDir(t)
    chmodSync(dir, 0o777)
    const { uid, gid } = userIds('nobody')!
    const asNobody = run(`echo $(id -u) $(id -g) $(id -G) > ${dir}/ids`, 'nobody')
    t.match(await asNobody.told, /up|succeeded|well/)
    t.equal(readFileSync(`${dir}/ids`, 'utf8').trim(), `${uid} ${gid} ${gid}`)
    const asNone = run('true', 'nobody-at-all')
    t.match(await asNone.told, /there is no user nobody-at-all/)
    for (const one of [asNobody, asNone]) await one.close()
  })
}
