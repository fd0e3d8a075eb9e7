import t from 'tap'
import type { CheckerState } from '../../../src/keepalived/health/checker-state.js'
import { command, http, real, sorry, tcp, virtual } from './options.js'
import { VirtualRig, type Answer } from './virtual-rig.js'

const DEAD: Answer = { result: { isUp: false, why: 'connection refused' }, tookMs: 0 }
const ALIVE: Answer = { result: { isUp: true }, tookMs: 0 }
const SILENT: Answer = { result: { isUp: false, why: 'no connection within 1000 ms' }, tookMs: 1000 }

/** A network on which the named hosts are dead. */
function network(dead: Set<string>, how = DEAD): (checker: CheckerState) => Answer {
  return ({ server }) => (dead.has(server.options.address) ? how : ALIVE)
}

const at = (rig: VirtualRig): [number, string][] => rig.history.map(({ atMs, rules }) => [atMs, rules])

t.test('a server that is dead at the start is never in the rules; the others are at once', async t => {
  const dead = new Set(['10.1.2.1'])
  const rig = new VirtualRig([virtual([real(1), real(2)])], network(dead))
  rig.at(5500, () => dead.clear())
  rig.run(10_000)
  t.strictSame(at(rig), [
    [0, 'V'],
    [1, 'V 10.1.2.2:80=1'],
    [6000, 'V 10.1.2.1:80=1 10.1.2.2:80=1'],
  ])
  t.strictSame(
    rig.log.map(({ line }) => line),
    [
      'TCP_CHECK on service [10.1.2.1]:tcp:80 failed (connection refused).',
      'Service [10.1.2.1]:tcp:80 of VS V is down from the start',
      'TCP connection to [10.1.2.2]:tcp:80 success.',
      'Gained quorum 1+0=1 <= 1 for VS V',
      'TCP connection to [10.1.2.1]:tcp:80 success.',
      'Adding service [10.1.2.1]:tcp:80 to VS V',
    ],
  )
})

t.test('a server dies: check, retry, out; and comes back at the next check', async t => {
  const dead = new Set<string>()
  const rig = new VirtualRig([virtual([real(1, 3), real(2)])], network(dead))
  rig.at(5500, () => dead.add('10.1.2.1'))
  rig.at(11_500, () => dead.clear())
  rig.run(20_000)
  t.strictSame(at(rig).slice(2), [
    [8000, 'V 10.1.2.2:80=1'],
    [13_000, 'V 10.1.2.1:80=3 10.1.2.2:80=1'],
  ])
})

t.test('timelines of keepalived', async t => {
  const cases: [what: string, checker: ReturnType<typeof tcp>, how: Answer, removedMs: number][] = [
    ['retry 3, delay_loop 4', tcp({ retry: 3, delayLoopMs: 4000 }), DEAD, 9000 + 3000],
    ['SYNs not answered: connect_timeout 2', tcp({ connectTimeoutMs: 2000 }), { ...SILENT, tookMs: 2000 }, 7000 + 5000],
    ['retry 0', tcp({ retry: 0 }), DEAD, 7000],
  ]
  for (const [what, checker, how, removedMs] of cases) {
    const dead = new Set<string>()
    const rig = new VirtualRig([virtual([real(1, 1, { checkers: [checker] })])], network(dead, how))
    rig.at(5500, () => dead.add('10.1.2.1'))
    rig.run(15_000)
    t.strictSame(at(rig).at(-1), [removedMs, 'V'], what)
  }
})

t.test('a success between failures clears the count', async t => {
  const dead = new Set<string>()
  const rig = new VirtualRig([virtual([real(1)])], network(dead))
  rig.at(6900, () => dead.add('10.1.2.1'))
  rig.at(7500, () => dead.clear())
  rig.at(9900, () => dead.add('10.1.2.1'))
  rig.at(10_100, () => dead.clear())
  rig.run(20_000)
  t.strictSame(at(rig), [[0, 'V 10.1.2.1:80=1']])
})

t.test('alpha: in at the first regular check, with notify_up', async t => {
  const dead = new Set(['10.1.2.1'])
  const servers = [1, 2].map(n => real(n, 1, { alpha: true, notifyUp: command(`up${n}`) }))
  const rig = new VirtualRig([virtual(servers, { sorryServer: sorry(9) })], network(dead)).run(4000)
  t.strictSame(at(rig), [
    [0, 'V 10.1.2.9:80=1'],
    [1001, 'V 10.1.2.2:80=1'],
  ])
  t.strictSame(rig.scripts, [{ atMs: 1001, script: 'up2' }])
  t.strictSame(rig.fifo, ['VS V DOWN', 'RS [10.1.2.1]:tcp:80 V DOWN', 'RS [10.1.2.2]:tcp:80 V UP', 'VS V UP'])
})

t.test('a start whose first checks take long: the quorum is open for a second', async t => {
  const dead = new Set(['10.1.2.1'])
  const slow = { ...SILENT, tookMs: 5000 }
  const rig = new VirtualRig([virtual([real(1)], { sorryServer: sorry(9) })], network(dead, slow))
  rig.at(2000, () => dead.clear())
  rig.run(9000)
  t.strictSame(at(rig), [
    [0, 'V'],
    [1000, 'V 10.1.2.9:80=1'],
    [7000, 'V 10.1.2.1:80=1'],
  ])
})

t.test('silence of a UDP port or of a script is not held against a server at the start', async t => {
  const udp = { ...tcp(), kind: 'UDP_CHECK', requireReply: false, minReplyLength: 0, maxReplyLength: 9 } as const
  const silence: Answer = { result: { isUp: true }, tookMs: 5000 }
  const rig = new VirtualRig([virtual([real(1, 1, { checkers: [udp] })])], () => silence).run(20_000)
  t.strictSame(at(rig), [
    [0, 'V'],
    [1000, 'V 10.1.2.1:80=1'],
  ])
  const line = 'UDP_CHECK on service [10.1.2.1]:tcp:80 has not ended: it counts as up'
  t.strictSame(rig.log.filter(said => said.line === line).length, 1, 'the log says so')
  const later: Answer = { result: { isUp: false, why: 'timed out' }, tookMs: 5000 }
  const down = new VirtualRig([virtual([real(1, 1, { checkers: [{ ...udp, retry: 3 }] })])], () => later).run(20_000)
  t.strictSame(at(down).at(-1), [5000, 'V'], 'and its first failure is not retried')
})

t.test('several checkers: all must be up', async t => {
  const dead = new Set<number>()
  const one = real(1, 2, { checkers: [tcp({ retry: 0 }), tcp({ retry: 0, connectPort: 81 })] })
  const ports = ({ checker }: CheckerState): Answer =>
    dead.has(('connectPort' in checker && checker.connectPort) || 80) ? DEAD : ALIVE
  const rig = new VirtualRig([virtual([one])], ports)
  rig.at(1500, () => dead.add(81))
  rig.at(3500, () => dead.add(80))
  rig.at(5500, () => dead.delete(81))
  rig.at(7500, () => dead.delete(80))
  rig.run(12_000)
  t.strictSame(at(rig), [
    [0, 'V'],
    [1, 'V 10.1.2.1:80=2'],
    [3001, 'V'],
    [9000, 'V 10.1.2.1:80=2'],
  ])
  t.equal(rig.fifo.filter(line => line.startsWith('RS')).length, 2, 'the server changed twice')
})

t.test('quorum, hysteresis, sorry server: as recorded', async t => {
  const dead = new Set<string>()
  const quick = [tcp({ retry: 0, delayLoopMs: 1000 })]
  const servers = [1, 2, 3, 4].map(n =>
    real(n, 1, { checkers: quick, notifyUp: command('up'), notifyDown: command('down') }),
  )
  const options = {
    quorum: 3,
    hysteresis: 1,
    sorryServer: sorry(9),
    quorumUp: command('qup'),
    quorumDown: command('qdown'),
  }
  const rig = new VirtualRig([virtual(servers, options)], network(dead))
  for (const [ms, n] of [[1500, 1], [3500, 2], [5500, 3]] as const) rig.at(ms, () => dead.add(`10.1.2.${n}`)) // prettier-ignore
  for (const [ms, n] of [[7500, 1], [9500, 2], [11_500, 3]] as const) rig.at(ms, () => dead.delete(`10.1.2.${n}`)) // prettier-ignore
  rig.run(15_000)
  t.strictSame(at(rig).slice(4), [
    [2000, 'V 10.1.2.2:80=1 10.1.2.3:80=1 10.1.2.4:80=1'],
    [4001, 'V 10.1.2.3:80=1 10.1.2.4:80=1'],
    [6002, 'V 10.1.2.9:80=1'],
    [12_002, 'V 10.1.2.1:80=1 10.1.2.2:80=1 10.1.2.3:80=1 10.1.2.4:80=1'],
  ])
  t.strictSame(
    rig.scripts.map(({ script }) => script),
    ['qup', 'down', 'down', 'down', 'qdown', 'up', 'up', 'up', 'qup'],
  )
})

t.test('inhibit_on_failure, sorry_server_inhibit: weight 0 in place of removal', async t => {
  const dead = new Set<string>()
  const quick = [tcp({ retry: 0, delayLoopMs: 1000 })]
  const servers = [real(1, 3, { checkers: quick, inhibitOnFailure: true }), real(2, 1, { checkers: quick })]
  const rig = new VirtualRig([virtual(servers, { sorryServer: sorry(9, true) })], network(dead))
  rig.at(1500, () => dead.add('10.1.2.1'))
  rig.at(3500, () => dead.add('10.1.2.2'))
  rig.at(5500, () => dead.delete('10.1.2.1'))
  rig.run(8000)
  t.strictSame(at(rig), [
    [0, 'V 10.1.2.1:80=3 10.1.2.9:80=0'],
    [1, 'V 10.1.2.1:80=3 10.1.2.2:80=1 10.1.2.9:80=0'],
    [2000, 'V 10.1.2.1:80=0 10.1.2.2:80=1 10.1.2.9:80=0'],
    [4001, 'V 10.1.2.1:80=0 10.1.2.9:80=1'],
    [6000, 'V 10.1.2.1:80=3 10.1.2.9:80=0'],
  ])
})

t.test('a real server that is the sorry server too', async t => {
  const dead = new Set<string>()
  const quick = [tcp({ retry: 0, delayLoopMs: 1000 })]
  const servers = [real(1, 3, { checkers: quick }), real(2, 2, { checkers: quick })]
  const rig = new VirtualRig([virtual(servers, { sorryServer: sorry(1), quorum: 3 })], network(dead))
  rig.at(1500, () => dead.add('10.1.2.2'))
  rig.at(3500, () => dead.add('10.1.2.1'))
  rig.at(5500, () => dead.delete('10.1.2.1'))
  rig.at(7500, () => dead.add('10.1.2.1'))
  rig.at(9500, () => dead.delete('10.1.2.2'))
  rig.at(11_500, () => dead.delete('10.1.2.1'))
  rig.run(14_000)
  t.strictSame(
    at(rig)
      .slice(2)
      .map(([, rules]) => rules),
    ['V 10.1.2.1:80=3', 'V 10.1.2.1:80=1', 'V 10.1.2.1:80=3', 'V 10.1.2.1:80=1', 'V 10.1.2.1:80=3 10.1.2.2:80=2'],
  )
})

t.test('weights by checks and files; the quorum counts them', async t => {
  let status = 7
  const misc = { ...tcp(), kind: 'MISC_CHECK', timeoutMs: 0, isDynamic: true } as const
  const file = { kind: 'FILE_CHECK', trackFile: 'tf', weight: 1, isReverse: false } as const
  const rig = new VirtualRig([virtual([real(1, 7, { checkers: [misc, file] })])], () => ({
    result: { isUp: true, weight: status },
    tookMs: 0,
  }))
  rig.at(2500, () => void (status = 10))
  rig.at(4000, () => rig.setFile('tf', 5))
  rig.at(4500, () => rig.setFile('tf', -100))
  rig.at(5500, () => rig.setFile('tf', -2_147_483_648))
  rig.at(6500, () => rig.setFile('tf', 0))
  rig.run(7500)
  t.strictSame(
    at(rig).map(([, rules]) => rules),
    [7, 10, 15, 0, undefined, 10].map(weight => (weight === undefined ? 'V' : `V 10.1.2.1:80=${weight}`)),
  )
  t.match(
    rig.log.map(({ line }) => line),
    [/./, /./, 'Changing weight from 7 to 10 for active service [10.1.2.1]:tcp:80 of VS V'],
  )
  t.strictSame(
    rig.log.flatMap(({ line }) => /^Tracked file tf is now (.*)/.exec(line)?.[1] ?? []),
    ['5', '-100', '-2147483648', '0'],
    'why weights and states change',
  )
})

t.test('urls take turns; after a failure all must be well again', async t => {
  const cases: [fastRecovery: boolean, changesMs: number[], last: string][] = [
    [false, [4000, 17_000, 29_000], '/b/a/b'],
    [true, [1000, 20_000, 23_000], '/b/a/b'],
  ]
  for (const [fastRecovery, changesMs, last] of cases) {
    const bad = new Set<string>()
    const asked: string[] = []
    const checkers = [http(['/a', '/b'], { delayLoopMs: 3000, fastRecovery })]
    const rig = new VirtualRig([virtual([real(1, 1, { alpha: true, checkers })])], ({ url }) => {
      asked.push(url!.path)
      return bad.has(url!.path) ? { result: { isUp: false, why: 'status 500' }, tookMs: 0 } : ALIVE
    })
    rig.at(13_500, () => bad.add('/b'))
    rig.at(21_500, () => bad.clear())
    rig.run(30_000)
    t.strictSame(
      rig.history.slice(1).map(({ atMs }) => atMs),
      changesMs,
    )
    t.equal(asked.slice(-3).join(''), last)
  }
})

t.test('ha_suspend: no checks while the address is nowhere; at once when it comes', async t => {
  const dead = new Set(['10.1.2.2'])
  const options = virtual([real(1), real(2)], { haSuspend: true })
  const rig = new VirtualRig([options], network(dead), { isSuspended: true })
  const suspend = (isSuspended: boolean) => () => {
    rig.isSuspended = isSuspended
    rig.machine.addressesChanged(rig.nowMs)
  }
  rig.at(4000, suspend(false))
  rig.at(9000, suspend(true))
  rig.at(10_000, () => dead.add('10.1.2.1'))
  rig.at(15_500, suspend(false))
  rig.run(20_000)
  t.strictSame(at(rig), [
    [0, 'V 10.1.2.1:80=1 10.1.2.2:80=1'],
    [4000, 'V 10.1.2.1:80=1'],
    [16_500, 'V'],
  ])
  t.strictSame(
    rig.begun.filter(({ atMs }) => atMs < 4000 || (atMs > 9000 && atMs < 15_500)),
    [],
  )
})

t.test('the end: omega', async t => {
  const up = real(1, 1, { notifyDown: command('down1') })
  const down = real(2, 1, { notifyDown: command('down2') })
  const options = { omega: true, quorumDown: command('qdown') }
  const rig = new VirtualRig([virtual([up, down], options)], network(new Set(['10.1.2.2']))).run(1500)
  rig.scripts.length = 0
  rig.machine.stop(false)
  t.strictSame(
    rig.scripts.map(({ script }) => script),
    ['down1', 'qdown'],
  )
  t.equal(rig.rules.saved(), '')
  const kept = new VirtualRig([virtual([up])], network(new Set())).run(1500)
  kept.machine.stop(true)
  t.equal(kept.rules.saved(), 'V 10.1.2.1:80=1', 'the rules stay')
})

t.test('a thousand servers: spread, and no burst after a pause', async t => {
  const servers = Array.from({ length: 1000 }, (_, i) =>
    real(1, 1, { port: 1000 + i, checkers: [tcp({ delayLoopMs: 1000 })] }),
  )
  const rig = new VirtualRig([virtual(servers)], () => ALIVE).run(10_000)
  const tenths = new Map<number, number>()
  for (const { atMs } of rig.begun) tenths.set(Math.floor(atMs / 100), (tenths.get(Math.floor(atMs / 100)) ?? 0) + 1)
  t.ok(Math.max(...tenths.values()) <= 110, 'a tenth of them in a tenth of a second')
  t.equal(rig.begun.length, 10_001)
  const pause = new VirtualRig([virtual(servers)], () => ALIVE).run(2000)
  pause.begun.length = 0
  pause.nowMs = 5000
  pause.run(5100)
  const most = Math.max(...[5000, 5005, 5010].map(ms => pause.begun.filter(({ atMs }) => atMs === ms).length))
  t.ok(most <= 32, `${most} at once`)
})
