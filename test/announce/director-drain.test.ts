import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { answerDrain, DirectorDrain } from '../../src/announce/director-drain.js'
import type { Control } from '../../src/control/protocol/api.js'

/** A director of which only two numbers are known; its clock runs ten times as fast as ours. */
function made(
  t: { teardown(end: () => void): void },
  left: { connections: number; packets: number; each?: () => void },
) {
  const said: string[] = []
  const routes: string[] = []
  let stopped = 0
  const director = {
    async call() {
      left.each?.()
      return {
        ok: true,
        value: { connections: { open: left.connections }, totals: { inPkts: left.packets, outPkts: 0 } },
      }
    },
  } as unknown as Control
  const drain = new DirectorDrain({
    director,
    announcer: { withdraw: () => routes.push('withdrawn'), restore: () => routes.push('restored') },
    stop: () => stopped++,
    tell: line => said.push(line),
    now: () => performance.now(),
  })
  t.teardown(() => drain.close())
  return { drain, said, routes, stopped: () => stopped }
}
async function until(is: () => boolean): Promise<boolean> {
  for (let i = 0; i < 1500 && !is(); i++) await sleep(20)
  return is()
}

t.test('it ends when no connection is left, and then stops', async t => {
  const { drain, routes, said, stopped } = made(t, { connections: 0, packets: 0 })
  drain.begin(60)
  t.strictSame(routes, ['withdrawn'])
  t.match(drain.watched(), { state: 'draining', connections: null, packets: null })
  t.ok(await until(() => drain.watched()?.state === 'ended'))
  t.equal(drain.watched()?.end, 'empty')
  t.equal(stopped(), 0, 'whoever watches sees the end first')
  t.ok(await until(() => stopped() === 1))
  t.equal(drain.cancel(), false, 'too late')
  t.match(said.at(-1), /no connection is left/)
})

t.test('who has watched is waited for, and told the end, however late it asks', async t => {
  const { drain, said, stopped } = made(t, { connections: 0, packets: 0 })
  drain.begin(60)
  t.match(drain.watched(), { state: 'draining' })
  t.ok(await until(() => /no connection is left/.test(said.at(-1) ?? '')))
  await sleep(2500)
  t.equal(stopped(), 0, 'longer than it waits for nobody')
  t.match(drain.watched(), { state: 'ended', end: 'empty' })
  t.ok(await until(() => stopped() === 1))
})

t.test('it ends when no packet comes any more', async t => {
  const { drain, stopped } = made(t, { connections: 7, packets: 1000 })
  drain.begin(60)
  t.ok(await until(() => stopped() === 1))
  t.match(drain.watched(), { end: 'moved', connections: 7, packets: 0 })
})

t.test('it ends at the deadline, which may be changed', async t => {
  const left = { connections: 7, packets: 0, each: () => void (left.packets += 10) }
  const { drain, routes, stopped } = made(t, left)
  drain.begin(600)
  drain.begin(2)
  t.strictSame(routes, ['withdrawn'], 'once')
  t.ok(await until(() => stopped() === 1))
  t.match(drain.watched(), { end: 'deadline', packets: 10 })
})

t.test('it is taken back', async t => {
  const { drain, routes } = made(t, { connections: 7, packets: 0 })
  t.match(answerDrain(drain, { op: 'cancel-drain' }), { ok: false, refusal: 'ESRCH' })
  t.match(answerDrain(drain, { op: 'drain-director', deadline: 60 }), { ok: true })
  t.match(answerDrain(drain, { op: 'cancel-drain' }), { ok: true })
  t.strictSame([routes, drain.watched()], [['withdrawn', 'restored'], undefined])
})
