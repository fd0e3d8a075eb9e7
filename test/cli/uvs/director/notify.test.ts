import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { NotifyListener } from '../../../linux/notify-listener.js'
import { ownNetworkWithTap } from '../../../linux/own-network.js'
import { tempDir } from '../../../support/temp.js'

const skip = ownNetworkWithTap()
const MAIN = fileURLToPath(new URL('../../../../src/cli/uvs/main.js', import.meta.url))
const PATIENCE = 60_000

/** Starts a director as systemd does: the manager's variables in its environment. */
function start(t: { teardown(fn: () => void): void }, notify: string, line: string) {
  const child = spawn(process.execPath, [MAIN, 'director', ...line.split(' ')], {
    env: { ...process.env, NOTIFY_SOCKET: notify, WATCHDOG_USEC: '100000' },
    stdio: 'ignore',
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** Waits for a datagram like that; returns all those before it, and itself as the last one. */
async function until(listener: NotifyListener, pattern: RegExp): Promise<string[]> {
  const all: string[] = []
  for (const end = performance.now() + PATIENCE; performance.now() < end; await wait(10)) {
    for (let next = listener.next(); next !== undefined; next = listener.next()) {
      all.push(next)
      if (pattern.test(next)) return all
    }
  }
  throw new Error(`${pattern} is not among: ${all.join(' | ')}`)
}

t.setTimeout(230_000)

t.test('what systemd hears of a director', { skip }, async t => {
  const directory = tempDir(t)
  const rules = `${directory}/rules`
  writeFileSync(rules, '-A -t 10.99.1.100:80 -s rr\n')
  const listener = new NotifyListener(t, `${directory}/notify`)
  const options = `--tap tn0 --address 10.99.1.1/24@tn0 --max-connections 1024 --workers 2 --rules ${rules}`
  const director = start(t, `${directory}/notify`, `${options} --control ${directory}/uvs.sock`)
  const ended = once(director, 'exit')

  const [ready, ...early] = await until(listener, /READY=1/)
  t.match(ready, /^READY=1\nSTATUS=ready on tn0 \(.*\); 2 workers; control socket .*\/uvs\.sock$/)
  t.strictSame(early, [], 'nothing before it is ready')
  await until(listener, /^WATCHDOG=1$/)
  await until(listener, /^WATCHDOG=1$/)

  writeFileSync(rules, '-A -t 10.99.1.100:80 -s rr\n-A -t 10.99.1.100:81 -s rr\n')
  director.kill('SIGHUP')
  t.match((await until(listener, /RELOADING=1/)).at(-1), /^RELOADING=1\nMONOTONIC_USEC=\d+\nSTATUS=reading the rules/)
  t.match((await until(listener, /READY=1/)).at(-1), /^READY=1\nSTATUS=SIGHUP: .*\/rules: 1 service added/)
  writeFileSync(rules, 'nonsense\n')
  director.kill('SIGHUP')
  t.match((await until(listener, /READY=1/)).at(-1), /^READY=1\nSTATUS=SIGHUP: nothing has changed: --rules: .* line 1/)
  await until(listener, /^WATCHDOG=1$/)

  director.kill('SIGTERM')
  await until(listener, /^STOPPING=1\nSTATUS=stopping$/)
  t.strictSame(await ended, [0, null])
  let after = listener.next()
  while (after === 'WATCHDOG=1') after = listener.next()
  t.equal(after, undefined, 'and nothing after, but that it lives')
})

t.test('a director that cannot start is never ready', { skip }, async t => {
  const directory = tempDir(t)
  const listener = new NotifyListener(t, `${directory}/notify`)
  const director = start(t, `${directory}/notify`, `--raw nosuch --address 10.99.1.1/24@nosuch`)
  const [status] = (await once(director, 'exit')) as [number]
  t.not(status, 0)
  t.equal(listener.next(), undefined)
})
