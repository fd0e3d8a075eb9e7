import t from 'tap'
import { run } from '../../netns-lab/proc.js'
import { ours } from '../../netns-lab/tools.js'
import { unhooked } from '../e2e/unhooked.js'

/** Runs a program whose `work` is given, and which says when it has tidied up. */
const ending = (work: string): ReturnType<typeof run> => {
  const program = `
    const { untilStopped } = await import('${ours('netns-lab/until-stopped.js')}')
    const { setTimeout: sleep } = await import('node:timers/promises')
    process.exitCode = await untilStopped(async signal => {
      try { ${work} } finally { await sleep(50); console.error('tidy') }
    })`
  return run('env', unhooked(['--input-type=module', '-e', program]))
}

t.test('work that ends by itself gives its status', async t => {
  t.strictSame(await ending('return 7'), { status: 7, out: '', err: 'tidy\n' })
})

t.test('a signal stops it, and what a shell expects is answered', async t => {
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const work = `setTimeout(() => process.kill(process.pid, '${signal}'), 20); await sleep(9000, 0, { signal })`
    t.strictSame(await ending(work), { status, out: '', err: 'tidy\nstopped, everything is removed\n' }, signal)
  }
})

t.test('a signal changes nothing while it tidies up', async t => {
  const kill = `process.kill(process.pid, 'SIGTERM')`
  const twice = `setTimeout(() => { ${kill}; setTimeout(() => ${kill}, 20) }, 20)`
  t.match(await ending(`${twice}; await sleep(9000, 0, { signal })`), { status: 143, err: /^tidy\n/ })
})

t.test('a crash elsewhere stops it too, and is not hidden', async t => {
  const { status, err } = await ending(
    `setTimeout(() => { throw new Error('boom') }, 20); await sleep(9000, 0, { signal })`,
  )
  t.equal(status, 1)
  t.match(err, /^tidy\n[^]*Error: boom/)
})

t.test('so does a reader of standard output who goes away', async t => {
  const program = `
    const { untilStopped } = await import('${ours('netns-lab/until-stopped.js')}')
    const { setTimeout: sleep } = await import('node:timers/promises')
    process.exitCode = await untilStopped(async signal => {
      try { for (;;) { console.log('line'); await sleep(20, 0, { signal }) } } finally { console.error('tidy') }
    })`
  const { out, err } = await run('sh', [
    '-c',
    '"$@" | head -1',
    'sh',
    'env',
    ...unhooked(['--input-type=module', '-e', program]),
  ])
  t.equal(out, 'line\n')
  t.equal(err, 'tidy\nstopped, everything is removed\n')
})
