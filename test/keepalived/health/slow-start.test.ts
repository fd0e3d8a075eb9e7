import t from 'tap'
import type { CheckedService } from '../../../src/keepalived/health/checked-service.js'
import { Growth } from '../../../src/keepalived/health/growth.js'
import { rehearseReload } from '../../../src/keepalived/health/rehearse-reload.js'
import { snapshotOf } from '../../../src/keepalived/health/snapshot.js'
import type { RealServer } from '../../../src/keepalived/config/tree/virtual-server.js'
import { real, sorry, tcp, virtual } from './options.js'
import { VirtualRig, type Answer } from './virtual-rig.js'

const DEAD: Answer = { result: { isUp: false, why: 'connection refused' }, tookMs: 0 }
const ALIVE: Answer = { result: { isUp: true }, tookMs: 0 }
/** Checked each second, down at the first failure. */
const checkers = [tcp({ delayLoopMs: 1000, retry: 0 })]

const slow = (n: number, weight: number, more: Partial<RealServer> = {}): RealServer =>
  real(n, weight, { slowStartMs: 10_000, checkers, ...more })

/** Servers 1 and up, of which `dead` is dead from 3 s to 6 s. */
function rigOf(service: CheckedService, dead: number[] = [1]): VirtualRig {
  const rig: VirtualRig = new VirtualRig([service], ({ server }) => {
    const isDead = rig !== undefined && rig.nowMs >= 3000 && rig.nowMs < 6000
    return isDead && dead.includes(Number(server.options.address.split('.')[3])) ? DEAD : ALIVE
  })
  return rig
}

/** `6000 V …`: the rules after each change from 5 s on. */
const history = (rig: VirtualRig): string[] =>
  rig.history.filter(({ atMs }) => atMs >= 5000).map(({ atMs, rules }) => `${atMs} ${rules}`)

t.test('shares of a weight', async t => {
  const growth = new Growth()
  t.equal(growth.of(100), 100)
  growth.begin(500)
  t.strictSame([growth.of(100), growth.of(1), growth.of(0), growth.isUnderWay], [1, 1, 0, true])
  growth.advance(1499, 10_000)
  t.equal(growth.of(100), 1, 'no step before a second has passed')
  growth.advance(5500, 10_000)
  t.strictSame([growth.of(100), growth.of(3), growth.of(0x7fffffff)], [50, 1, 0x3fffffff])
  growth.advance(10_500, 10_000)
  t.strictSame([growth.of(100), growth.isUnderWay], [100, false])
  growth.begin(0)
  growth.advance(1000, 0)
  t.equal(growth.of(7), 7, 'no time to grow in')
})

t.test('what was up from the start has all of it; what returns grows, a step a second', async t => {
  const rig = rigOf(virtual([slow(1, 100), slow(2, 100)])).run(30_000)
  t.equal(rig.history.find(({ rules }) => rules.includes('.1:'))!.rules, 'V 10.1.2.1:80=100')
  const steps = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
  t.strictSame(history(rig), [
    '6000 V 10.1.2.1:80=1 10.1.2.2:80=100',
    ...steps.map((weight, i) => `${7000 + 1000 * i} V 10.1.2.1:80=${weight} 10.1.2.2:80=100`),
  ])
  t.ok(rig.log.some(({ line }) => line === 'Weight of service [10.1.2.1]:tcp:80 of VS V grows from 1 to 100 in 10 s'))
  t.equal(rig.log.filter(({ atMs }) => atMs > 6000).length, 0, 'a line in all')
})

t.test('several that return take their steps together', async t => {
  const rig = rigOf(virtual([slow(1, 4), slow(2, 100, { slowStartMs: 4000 }), slow(3, 1), real(4, 9)]), [1, 2, 3])
  rig.run(30_000)
  const times = new Set(history(rig).map(line => Number(line.split(' ')[0])))
  t.strictSame(
    [...times].filter(atMs => atMs > 6100).map(atMs => Math.floor(atMs / 100)),
    [80, 90, 100, 110, 140, 160],
  )
  t.equal(rig.rules.saved(), 'V 10.1.2.1:80=4 10.1.2.2:80=100 10.1.2.3:80=1 10.1.2.4:80=9')
  const edits = rig.actions.filter(action => action.kind === 'edit-server')
  t.equal(edits.length, 3 + 4, 'only steps that change the weight')
})

t.test('it dies while it grows, and returns: from the beginning', async t => {
  for (const inhibitOnFailure of [false, true]) {
    const rig: VirtualRig = new VirtualRig([virtual([slow(1, 100, { inhibitOnFailure }), real(2)])], ({ server }) =>
      server.options.address === '10.1.2.1' && [3, 4, 9].includes(Math.floor((rig?.nowMs ?? 0) / 1000)) ? DEAD : ALIVE,
    )
    rig.run(30_000)
    const weights = rig.history.map(({ rules }) => /2\.1:80=(\d+)/.exec(rules)?.[1] ?? '-')
    const out = inhibitOnFailure ? '0' : '-'
    const grown = ['10', '20', '30', '40', '50', '60', '70', '80', '90', '100']
    const at = weights.indexOf('100')
    t.strictSame(weights.slice(weights.indexOf('100', at)).filter((weight, i, all) => weight !== all[i - 1]), [
      '100', out, '1', '10', '20', '30', out, '1', ...grown,
    ]) // prettier-ignore
  }
})

t.test('weights that checks change while it grows', async t => {
  const file = { kind: 'FILE_CHECK', trackFile: 'F', weight: 1, isReverse: false } as const
  const rig = rigOf(virtual([slow(1, 100, { checkers: [...checkers, file] }), real(2)]))
  rig.at(9500, () => rig.setFile('F', 100))
  rig.at(12_500, () => rig.setFile('F', -100))
  rig.at(14_500, () => rig.setFile('F', 0))
  rig.run(30_000)
  const weights = history(rig).map(line => `${line.split(' ')[0]} ${/2\.1:80=(\d+)/.exec(line)?.[1]}`)
  t.strictSame(weights, [
    '6000 1', '7000 10', '8000 20', '9000 30', '9500 60', '10000 80', '11000 100', '12000 120', '12500 0', '14500 80',
    '15000 90', '16000 100',
  ]) // prettier-ignore
})

/** `10500 80`: the weight of server 1 after each change from 10 s on. */
const shown = (rig: VirtualRig): string[] =>
  history(rig).flatMap(line =>
    Number(line.split(' ')[0]) < 10_000 ? [] : `${line.split(' ')[0]} ${/2\.1:80=(\d+)/.exec(line)?.[1]}`,
  )

t.test('a reload while it grows', async t => {
  const before = virtual([slow(1, 100), real(2)])
  const reloaded = (after: CheckedService): VirtualRig => {
    const rig = rigOf(before)
    rig.at(10_500, () => {
      const around = { fileValue: () => 0, isSuspended: () => false, newServers: 'are left out' } as const
      const rehearsed = rehearseReload(snapshotOf(rig.machine.services), [after], around)
      rig.actions.length = 0
      rig.machine.reload([after], rig.nowMs)
      t.strictSame(
        rig.actions.filter(({ kind }) => kind !== 'log'),
        rehearsed,
      )
    })
    return rig.run(30_000)
  }
  t.strictSame(shown(reloaded(virtual([slow(1, 200), real(2)]))), [
    '10000 40', '10500 80', '11000 100', '12000 120', '13000 140', '14000 160', '15000 180', '16000 200',
  ]) // prettier-ignore
  t.strictSame(shown(reloaded(virtual([real(1, 100, { checkers }), real(2)]))), ['10000 40', '10500 100'])
  t.strictSame(shown(reloaded(before)).slice(0, 2), ['10000 40', '11000 50'])
  t.strictSame(reloaded(virtual([real(2)])).rules.saved(), 'V 10.1.2.2:80=1')
  t.strictSame(shown(reloaded(virtual([slow(1, 100, { slowStartMs: 5000 }), real(2)]))), ['10000 40', '11000 100'])
})

t.test('a server that a reload adds to a service that is there grows; one of a new service does not', async t => {
  const after = [
    virtual([real(2), slow(1, 100), slow(3, 50, { checkers: [] }), slow(4, 1)]),
    virtual([slow(5, 100)], { name: 'W', target: { kind: 'fwmark', mark: 7 } }),
  ]
  for (const newServers of ['count as up', 'are left out'] as const) {
    const rig = new VirtualRig([virtual([real(2)])], () => ALIVE)
    rig.at(10_500, () => {
      const around = { fileValue: () => 0, isSuspended: () => false, newServers } as const
      const rehearsed = rehearseReload(snapshotOf(rig.machine.services), after, around)
      const weights = rehearsed.flatMap(change => (change.kind === 'add-server' ? [change.weight] : []))
      t.strictSame(weights, newServers === 'count as up' ? [1, 1, 1, 100] : [1], `planned where they ${newServers}`)
      rig.machine.reload(after, rig.nowMs)
    })
    rig.run(30_000)
    const of = (n: number): (string | undefined)[] =>
      rig.history.map(({ rules }) => new RegExp(`2\\.${n}:80=(\\d+)`).exec(rules)?.[1])
    const steps = (n: number): string[] =>
      of(n).filter((weight, i, all): weight is string => weight !== undefined && weight !== all[i - 1])
    // Its check ends just behind the moment of server 3, whose steps it takes: its first one lasts longer.
    t.strictSame(steps(1), ['1', '19', '29', '39', '49', '59', '69', '79', '89', '99', '100'])
    t.strictSame(steps(3), ['1', '5', '10', '15', '20', '25', '30', '35', '40', '45', '50'])
    t.strictSame(steps(4), ['1'])
    t.strictSame(steps(5), ['100'])
    t.equal(rig.log.filter(({ line }) => line.includes('grows from 1')).length, 2)
  }
})

t.test('a server that a reload adds and that is down is no other: it grows when it comes', async t => {
  const rig: VirtualRig = new VirtualRig([virtual([real(2)])], () => (rig.nowMs < 15_000 ? DEAD : ALIVE))
  rig.at(10_500, () => rig.machine.reload([virtual([real(2), slow(1, 100)])], rig.nowMs))
  rig.run(40_000)
  const weights = rig.history.flatMap(({ rules }) => /2\.1:80=(\d+)/.exec(rules)?.[1] ?? [])
  t.strictSame([weights[0], weights.at(-1)], ['1', '100'])
})

t.test('the quorum counts all of its weight; kept out of the pool it does not grow', async t => {
  const alone = rigOf(virtual([slow(1, 100)], { quorum: 100, sorryServer: sorry(9) })).run(30_000)
  t.strictSame(history(alone).slice(0, 2), ['6000 V 10.1.2.1:80=1', '7000 V 10.1.2.1:80=10'])
  t.equal(alone.rules.saved(), 'V 10.1.2.1:80=100')
  const file = { kind: 'FILE_CHECK', trackFile: 'F', weight: 0, isReverse: false } as const
  const other = real(2, 100, { checkers: [file] })
  const two = rigOf(virtual([slow(1, 100), other], { quorum: 200, sorryServer: sorry(9) }))
  two.at(3000, () => two.setFile('F', 1))
  two.at(20_500, () => two.setFile('F', 0))
  two.run(40_000)
  t.strictSame(
    history(two)
      .slice(0, 2)
      .map(line => line.slice(6)),
    ['V 10.1.2.1:80=1 10.1.2.2:80=100', 'V 10.1.2.1:80=10 10.1.2.2:80=100'],
  )
})
