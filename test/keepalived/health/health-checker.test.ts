import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { hostSockets } from '../../../src/keepalived/checkers/host-sockets.js'
import type { Action } from '../../../src/keepalived/health/action.js'
import { HealthChecker } from '../../../src/keepalived/health/health-checker.js'
import type { CheckedService } from '../../../src/keepalived/health/checked-service.js'
import { listener } from '../../support/listener.js'
import { tcpServer } from '../checkers/servers.js'
import { real, tcp, virtual } from './options.js'

function healthChecker(t: Test, services: CheckedService[], actions: Action[]): HealthChecker {
  const checker = new HealthChecker({
    services,
    settings: { rsInitNotifies: false },
    act: action => void actions.push(action),
    sockets: hostSockets,
    fileValue: () => 0,
    isSuspended: () => false,
  })
  t.teardown(() => checker.stop())
  checker.start()
  return checker
}

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

t.test('a real server is added, removed, added again', async t => {
  const actions: Action[] = []
  const quick = tcp({ delayLoopMs: 50, retry: 0 })
  const { process: child, ports } = await listener(t, 1)
  const server = { ...real(1, 2, { checkers: [quick] }), address: '127.0.0.1', port: ports[0]! }
  const checker = healthChecker(t, [virtual([server])], actions)
  for (let i = 0; i < 3000 && actions.length < 3; i++) await wait(10)
  t.match(actions, [
    { kind: 'add-service' },
    { kind: 'log', line: /success/ },
    { kind: 'add-server', weight: 2, server: { port: ports[0] } },
  ])
  actions.length = 0
  child.kill()
  await once(child, 'exit')
  for (let i = 0; i < 3000 && actions.length < 10; i++) await wait(10)
  t.match(actions[0], { line: /TCP_CHECK on service .* failed \(connection refused\)\./ })
  t.match(
    actions.map(({ kind }) => kind),
    ['log', 'log', 'remove-server', 'fifo', 'mail', 'happened', 'log', 'fifo', 'mail', 'happened'],
  )
  t.match(
    actions.flatMap(action => (action.kind === 'happened' ? action.text : [])),
    [
      /^real server \[127\.0\.0\.1\]:tcp:\d+ of \S+ is DOWN: TCP_CHECK: connection refused$/,
      /^virtual server \S+ is DOWN: Lost quorum 1-0=1 > 0$/,
    ],
  )
  t.match(checker.services[0]!.servers[0], { known: 'down', why: 'TCP_CHECK: connection refused' })
  checker.stop()
  t.match(actions.at(-1), { kind: 'remove-service' })
})

t.test('a reload gives up checks that run', async t => {
  const actions: Action[] = []
  const peer = await tcpServer(t, () => {})
  const server = { ...real(1, 2, { checkers: [tcp({ delayLoopMs: 50 })] }), address: peer.address, port: peer.port }
  const checker = healthChecker(t, [virtual([server])], actions)
  checker.reload([virtual([{ ...server, weight: 5 }])], { rsInitNotifies: false })
  await wait(200)
  checker.reload([], { rsInitNotifies: false })
  actions.length = 0
  await wait(200)
  t.strictSame(actions, [])
  t.strictSame(checker.services, [])
})

/** What part of a core this process takes while it waits, and the beats of 50 ms meanwhile. */
async function cost(beat: () => void): Promise<number> {
  const before = process.cpuUsage()
  const began = performance.now()
  for (let i = 0; i < 50; i++) {
    await wait(50)
    beat()
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e3 / (performance.now() - began)
}

/** A thousand bare connections a second, fifty at a time. */
function bareCost(ports: readonly number[]): Promise<number> {
  let at = 0
  return cost(() => {
    for (let i = 0; i < 50; i++) {
      const socket = connect(ports[at++ % ports.length]!, '127.0.0.1')
      socket.on('error', () => {}).on('connect', () => socket.destroy())
    }
  })
}

/*
 * Some 5 % of a core where the machine does nothing else. What it is here says more of the machine than of uvs, so it is held against
 * bare connections in the same run.
 */
t.test('a thousand servers checked every second cost little more than the connections, without bursts', async t => {
  const { ports } = await listener(t, 100)
  const servers = ports.flatMap(port =>
    Array.from({ length: 10 }, (_, i) => ({
      ...real(1, 1, { checkers: [tcp({ delayLoopMs: 1000, warmupMs: 1000, connectTimeoutMs: 20_000 })] }),
      address: `127.0.0.${i + 1}`,
      port,
    })),
  )
  t.equal(servers.length, 1000)
  const actions: Action[] = []
  const bare = [await bareCost(ports), await bareCost(ports)]
  const checker = healthChecker(t, [virtual(servers)], actions)
  const begunSince = (ms: number): number =>
    checker.services[0]!.servers.filter(({ checkers }) => checkers[0]!.beganMs > ms).length
  const added = (): number => actions.filter(({ kind }) => kind === 'add-server').length
  for (let i = 0; i < 600 && added() < 1000; i++) await wait(100)
  await wait(1000)
  const checked = []
  const most = []
  for (let window = 0; window < 3; window++) {
    let [high, late, beat] = [0, 0, performance.now()]
    checked.push(
      await cost(() => {
        high = Math.max(high, begunSince(beat))
        const now = performance.now()
        late = Math.max(late, now - beat - 50)
        beat = now
      }),
    )
    // What had to wait while this process had no CPU, one a millisecond, is made up for.
    most.push(Math.round(high - late))
  }
  const ratio = Math.min(...checked) / Math.min(...bare)
  const said = `${(Math.min(...checked) * 100).toFixed(1)} % of a core, ${ratio.toFixed(2)} times the bare connections`
  t.comment(`${said}; at most ${most} checks in 50 ms`)
  // A busy machine is not as busy at both moments; a list that is searched for each check costs more than this.
  t.ok(ratio < 2, said)
  t.ok(Math.min(...most) < 250, `${most} in 50 ms; 50 are their share`)
  t.equal(added(), 1000)
  t.equal(actions.filter(({ kind }) => kind === 'remove-server').length, 0)
})
