import { deepStrictEqual } from 'node:assert'
import t from 'tap'
import { hostSockets } from '../../../src/keepalived/checkers/host-sockets.js'
import type { RealServer } from '../../../src/keepalived/config/tree/virtual-server.js'
import type { CheckedService } from '../../../src/keepalived/health/checked-service.js'
import { HealthChecker } from '../../../src/keepalived/health/health-checker.js'
import { isChange, rehearseReload } from '../../../src/keepalived/health/rehearse-reload.js'
import { snapshotOf } from '../../../src/keepalived/health/snapshot.js'
import { command, real, sorry, tcp, virtual } from './options.js'
import { VirtualRig, type Answer } from './virtual-rig.js'

const DEAD: Answer = { result: { isUp: false, why: 'connection refused' }, tookMs: 0 }
const ALIVE: Answer = { result: { isUp: true }, tookMs: 0 }

/** A rig of servers 1 and 2, of which those in `dead` are dead, reloaded at 5 s: as it was rehearsed. */
function reloaded(before: CheckedService, after: CheckedService[], dead: string[] = []): VirtualRig {
  const rig = new VirtualRig([before], ({ server, checker }) => {
    const port = ('connectPort' in checker && checker.connectPort) || server.options.port
    return dead.includes(`${server.options.address}:${port}`) ? DEAD : ALIVE
  })
  rig.at(5000, () => {
    rig.actions.length = 0
    rig.log.length = 0
    const rehearsed = rehearseReload(snapshotOf(rig.machine.services), after, {
      fileValue: () => 0,
      isSuspended: () => false,
      newServers: 'are left out',
    })
    rig.machine.reload(after, rig.nowMs)
    deepStrictEqual(rig.actions.filter(isChange), rehearsed)
  })
  return rig.run(9900)
}

const changes = (rig: VirtualRig): string[] =>
  rig.actions.map(({ kind }) => kind).filter(kind => !['log', 'fifo', 'mail', 'happened'].includes(kind))
const lines = (rig: VirtualRig): string[] => rig.log.map(({ line }) => line)

const notifying = (): CheckedService => virtual([real(1, 3, { notifyDown: command('down') }), real(2)])

t.test('an unchanged file changes nothing, and a server that is down stays down', async t => {
  const rig = reloaded(notifying(), [notifying()], ['10.1.2.2:80'])
  t.strictSame(rig.actions, [])
  t.strictSame(
    rig.begun.filter(({ atMs, name }) => name.includes('.1]') && atMs >= 5000).map(({ atMs }) => atMs),
    [6000, 8000],
    'its timer starts anew',
  )
})

t.test('weights, up and down', async t => {
  const rig = reloaded(virtual([real(1, 3), real(2)]), [virtual([real(1, 5), real(2, 4)])], ['10.1.2.2:80'])
  t.strictSame(changes(rig), ['edit-server'])
  t.strictSame(lines(rig), [
    'Changing weight from 3 to 5 for active service [10.1.2.1]:tcp:80 of VS V',
    'Changing weight from 1 to 4 for inactive service [10.1.2.2]:tcp:80 of VS V',
  ])
  t.equal(rig.rules.saved(), 'V 10.1.2.1:80=5')
})

t.test('servers and services that come and go', async t => {
  const other = virtual([real(1)], { name: 'W', target: { kind: 'fwmark', mark: 7 } })
  const rig = reloaded(virtual([real(1), real(2)]), [virtual([real(2), real(3)]), other], ['10.1.2.4:80'])
  t.strictSame(changes(rig), ['remove-server', 'add-service', 'add-server', 'add-server'])
  t.equal(rig.rules.saved(), 'V 10.1.2.2:80=1 10.1.2.3:80=1\nW 10.1.2.1:80=1')
  const gone = reloaded(virtual([real(1), real(2)]), [other])
  t.strictSame(lines(gone).slice(0, 1), ['Removing Virtual Server V'])
  t.equal(gone.rules.saved(), 'W 10.1.2.1:80=1')
  const dead = reloaded(virtual([real(1)]), [virtual([real(1), real(2)])], ['10.1.2.2:80'])
  t.strictSame(changes(dead), [], 'a dead server that is added is never in the rules')
})

const unchecked = (n: number): RealServer => real(n, 1, { checkers: [], notifyUp: command(`up ${n}`) })

t.test('rs_init_notifies of the file that is read again counts for servers that it adds', async t => {
  for (const [before, after, wanted] of [
    [false, true, ['up 2']],
    [true, false, ['up 1']],
    [true, true, ['up 1', 'up 2']],
  ] as const) {
    const scripts: string[] = []
    const checker = new HealthChecker({
      services: [virtual([unchecked(1)])],
      settings: { rsInitNotifies: before },
      act: action => void (action.kind === 'script' && scripts.push(action.script.text)),
      sockets: hostSockets,
      fileValue: () => 0,
      isSuspended: () => false,
    })
    checker.start()
    checker.reload([virtual([unchecked(1), unchecked(2)])], { rsInitNotifies: after })
    checker.stop()
    t.strictSame(scripts, wanted, `${before}, then ${after}`)
  }
})

t.test('settings of the service, method of a server', async t => {
  const rig = reloaded(virtual([real(1)]), [virtual([real(1, 1, { method: { kind: 'DR' } })], { scheduler: 'rr' })])
  t.strictSame(changes(rig), ['edit-service', 'edit-server'])
  t.equal(rig.history.at(-1)!.rules, 'V 10.1.2.1:80=1', 'it was never out')
})

t.test('a checker that changed', async t => {
  const at81 = real(1, 3, { checkers: [tcp({ connectPort: 81 })] })
  const mended = reloaded(virtual([real(1, 3), real(2)]), [virtual([at81, real(2)])], ['10.1.2.1:80'])
  t.match(lines(mended).slice(0, 2), [/success/, /^Adding service \[10.1.2.1\]/])
  t.equal(mended.history.at(-1)!.atMs, 5000, 'at once')
  const broken = reloaded(virtual([real(1, 3), real(2)]), [virtual([at81, real(2)])], ['10.1.2.1:81'])
  t.equal(broken.history.at(-1)!.atMs, 7000, 'with retries')
  const without = real(1, 3, { checkers: [] })
  const freed = reloaded(virtual([real(1, 3), real(2)]), [virtual([without, real(2)])], ['10.1.2.1:80'])
  t.strictSame([freed.history.at(-1)!.atMs, freed.rules.saved()], [5000, 'V 10.1.2.1:80=3 10.1.2.2:80=1'])
})

t.test('sorry servers, inhibit_on_failure', async t => {
  const dead = ['10.1.2.1:80']
  const came = reloaded(virtual([real(1)]), [virtual([real(1)], { sorryServer: sorry(9) })], dead)
  t.equal(came.rules.saved(), 'V 10.1.2.9:80=1')
  const other = [virtual([real(1)], { sorryServer: sorry(8) })]
  const changed = reloaded(virtual([real(1)], { sorryServer: sorry(9) }), other, dead)
  t.equal(changed.rules.saved(), 'V 10.1.2.8:80=1')
  t.equal(reloaded(virtual([real(1)], { sorryServer: sorry(9) }), [virtual([real(1)])], dead).rules.saved(), 'V')
  const inhibited = [virtual([real(1, 1, { inhibitOnFailure: true })])]
  t.equal(reloaded(virtual([real(1)]), inhibited, dead).rules.saved(), 'V 10.1.2.1:80=0')
})

t.test('the quorum is computed anew', async t => {
  const scripts = { quorumUp: command('qup'), quorumDown: command('qdown') }
  const rig = reloaded(virtual([real(1), real(2)], scripts), [virtual([real(1), real(2)], { ...scripts, quorum: 3 })])
  t.match(lines(rig), ['Lost quorum 3-0=3 > 2 for VS V'])
  t.equal(rig.scripts.at(-1)!.script, 'qdown')
})

t.test('a rehearsal in which new servers count as up, and nothing happens', async t => {
  const rig = new VirtualRig([virtual([real(1), real(2)])], ({ server }) =>
    server.options.address.endsWith('.2') ? DEAD : ALIVE,
  ).run(3000)
  const before = JSON.stringify(snapshotOf(rig.machine.services))
  const after = [virtual([real(2, 4), real(3, 7)], { scheduler: 'rr' })]
  const changes = rehearseReload(snapshotOf(rig.machine.services), after, {
    fileValue: () => 0,
    isSuspended: () => false,
    newServers: 'count as up',
  })
  t.match(changes, [
    { kind: 'edit-service' },
    { kind: 'remove-server', server: { address: '10.1.2.1' } },
    { kind: 'add-server', server: { address: '10.1.2.3' }, weight: 7 },
  ])
  t.equal(changes.length, 3, 'a server that is down stays down')
  t.equal(JSON.stringify(snapshotOf(rig.machine.services)), before)
})
