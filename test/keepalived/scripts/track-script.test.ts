import { rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { RiseAndFall, TrackScript } from '../../../src/keepalived/scripts/track-script.js'
import { tempDir } from '../../support/temp.js'

t.test('the first result counts at once, later ones after rise or fall in a row', async t => {
  const state = new RiseAndFall({ rise: 2, fall: 3 })
  const runs = [true, false, false, true, false, false, false, true, false, true, true]
  const said = runs.map(isGood => state.heard(isGood))
  const none = undefined
  t.strictSame(said, [true, none, none, none, none, none, false, none, none, none, true])
  t.equal(new RiseAndFall({ rise: 3, fall: 3 }).heard(false), false)
})

t.test('a script is run each interval, and told of when it says something else', async t => {
  const bad = `${tempDir(t)}/bad`
  const told: [string, boolean][] = []
  const lines: string[] = []
  const script = { words: ['/bin/sh', '-c', `! test -e ${bad}`], text: 'x' }
  const listener = {
    changed: (name: string, isGood: boolean) => void told.push([name, isGood]),
    log: (line: string) => void lines.push(line),
  }
  const tracked = new TrackScript({ name: 'chk', script, intervalMs: 50, timeoutMs: 5000, rise: 1, fall: 1 }, listener)
  t.teardown(() => tracked.close())
  const began = tracked.status
  t.match(began, { name: 'chk', isGood: undefined, why: 'its first run has not ended', isRunning: true })
  t.equal(Math.round(began.nextMs - began.sinceMs), 50, 'it runs again an interval later')
  const comes = async (count: number): Promise<void> => {
    for (let i = 0; i < 3000 && told.length < count; i++) await sleep(20)
    t.equal(told.length, count)
  }
  await comes(1)
  const good = tracked.status
  t.match(good, { isGood: true, why: 'exited with status 0' })
  t.ok(good.sinceMs > began.sinceMs, 'since it said so')
  writeFileSync(bad, '')
  await comes(2)
  t.match(tracked.status, { isGood: false, why: 'failed (exited with status 1)' })
  t.ok(tracked.status.sinceMs > good.sinceMs)
  t.ok(tracked.status.nextMs > good.sinceMs)
  rmSync(bad)
  await comes(3)
  t.strictSame(told, [
    ['chk', true],
    ['chk', false],
    ['chk', true],
  ])
  t.strictSame(lines, [
    'VRRP_Script(chk) succeeded',
    'VRRP_Script(chk) failed (exited with status 1)',
    'VRRP_Script(chk) succeeded',
  ])
  tracked.close()
  writeFileSync(bad, '')
  await sleep(200)
  t.equal(told.length, 3, 'closed, it says nothing')
})

t.test('a script that takes too long, or cannot be run, is bad', async t => {
  const lines: string[] = []
  const listener = { changed: () => {}, log: (line: string) => void lines.push(line) }
  const script = { words: ['/bin/sh', '-c', 'exec sleep 60'], text: 'x' }
  const common = { script, intervalMs: 60_000, rise: 1, fall: 1 }
  const hangs = new TrackScript({ ...common, name: 'hangs', timeoutMs: 50 }, listener)
  const nobody = new TrackScript({ ...common, name: 'nobody', user: 'nobody-at-all' }, listener)
  t.teardown(() => (hangs.close(), nobody.close()))
  for (let i = 0; i < 3000 && lines.length < 2; i++) await sleep(20)
  t.strictSame(lines.sort(), [
    'VRRP_Script(hangs) timed_out',
    'VRRP_Script(nobody) failed (not run: there is no user nobody-at-all)',
  ])
})
