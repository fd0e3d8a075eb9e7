import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Control } from '../../../../src/control/protocol/control.js'
import { ServiceManager } from '../../../../src/cli/uvs/director/service-manager.js'
import { NotifyListener } from '../../../linux/notify-listener.js'
import { tempDir } from '../../../support/temp.js'

/** What the manager was told within so many ms. */
async function told(listener: NotifyListener, ms: number): Promise<string[]> {
  await wait(ms)
  const all: string[] = []
  for (let next = listener.next(); next !== undefined; next = listener.next()) all.push(next)
  return all
}

/** A data plane that answers only as long as `answers`. */
function dataPlane(): Control & { answers: boolean; asked: number } {
  const plane = {
    answers: true,
    asked: 0,
    call: () => {
      plane.asked++
      return plane.answers ? Promise.resolve({ ok: true, value: {} }) : new Promise(() => {})
    },
  }
  return plane as unknown as Control & { answers: boolean; asked: number }
}

const fail = (line: string): void => void t.fail(line)

t.test('each state with its line', async t => {
  const name = `${tempDir(t)}/notify`
  const listener = new NotifyListener(t, name)
  const env = { NOTIFY_SOCKET: name, WATCHDOG_USEC: '60000000', WATCHDOG_PID: '1', HOME: '/' }
  const manager = await ServiceManager.of(env, fail)
  t.strictSame(env, { HOME: '/' }, 'programs started from here do not speak for it')
  const before = process.hrtime.bigint() / 1000n
  manager.ready('ready on eth0')
  manager.reloading('reading')
  manager.ready('1 service added')
  manager.stopping('stopping')
  const [first, reloading, ...others] = await told(listener, 0)
  t.equal(first, 'READY=1\nSTATUS=ready on eth0')
  const [, usec] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)\nSTATUS=reading$/.exec(reloading!)!
  t.ok(BigInt(usec!) >= before && BigInt(usec!) < before + 10_000_000n)
  t.strictSame(others, ['READY=1\nSTATUS=1 service added', 'STOPPING=1\nSTATUS=stopping'])
  manager.close()
  manager.ready('late')
  t.strictSame(await told(listener, 0), [])
})

t.test('alive twice in WATCHDOG_USEC while the data plane answers', async t => {
  const name = `@uvs-manager-${process.pid}`
  const listener = new NotifyListener(t, name)
  const env = { NOTIFY_SOCKET: name, WATCHDOG_USEC: '200000', WATCHDOG_PID: String(process.pid) }
  const manager = await ServiceManager.of(env, fail)
  const plane = dataPlane()
  manager.watch(plane)
  const began = performance.now()
  const alive = await told(listener, 1050)
  const most = (performance.now() - began) / 100 + 1
  t.ok(alive.length >= 3 && alive.length <= most, `${alive.length} in a second`)
  t.strictSame([...new Set(alive)], ['WATCHDOG=1'])
  plane.answers = false
  await told(listener, 150)
  const { asked } = plane
  t.strictSame(await told(listener, 400), [], 'nothing once it is silent')
  t.equal(plane.asked, asked, 'nor is it asked again')
  manager.close()
})

t.test('a watchdog for another process, or none, is none', async t => {
  for (const more of [{}, { WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' }, { WATCHDOG_USEC: '0' }]) {
    const name = `${tempDir(t)}/notify`
    const listener = new NotifyListener(t, name)
    const manager = await ServiceManager.of({ NOTIFY_SOCKET: name, ...more }, fail)
    const plane = dataPlane()
    manager.watch(plane)
    t.strictSame(await told(listener, 60), [])
    t.equal(plane.asked, 0)
    manager.close()
  }
})

t.test('without NOTIFY_SOCKET nothing happens; one that is not there is told once', async t => {
  const none = await ServiceManager.of({ WATCHDOG_USEC: '20000' }, fail)
  const plane = dataPlane()
  none.ready('ready')
  none.watch(plane)
  none.stopping('stopping')
  none.close()
  t.equal(plane.asked, 0)
  const said: string[] = []
  const absent = await ServiceManager.of({ NOTIFY_SOCKET: `${tempDir(t)}/absent` }, line => said.push(line))
  absent.ready('ready')
  absent.stopping('stopping')
  absent.close()
  const wrong = await ServiceManager.of({ NOTIFY_SOCKET: 'vsock:2:1' }, line => said.push(line))
  wrong.ready('ready')
  wrong.close()
  t.strictSame(said, [
    'NOTIFY_SOCKET: it does not exist (ENOENT)',
    "NOTIFY_SOCKET: 'vsock:2:1' is neither a path nor @ and a name, of at most 107 octets",
  ])
})
