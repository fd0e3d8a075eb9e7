import t from 'tap'
import { vrrpInfo } from '../../../src/keepalived/seen/vrrp-seen.js'
import { WallClock } from '../../../src/keepalived/seen/wall-clock.js'
import { sampleVrrp } from '../../cli/sample-vrrp.js'
import { forged } from '../vrrp/forged.js'
import { instanceSettings, Machine, routerSettings } from '../vrrp/machine.js'

t.test('nothing is spoken', async t => {
  const info = vrrpInfo(undefined, [], { nowMs: 0, clock: new WallClock() })
  t.strictSame(info, { instances: [], groups: [], scripts: [], unclaimed: {} })
})

t.test('a backup that becomes master: state, since when, why, what is next', async t => {
  const machine = new Machine(routerSettings([instanceSettings()]))
  const clock = new WallClock(() => 1_000_000 + machine.nowMs)
  const seen = () => vrrpInfo(machine.router, [], { nowMs: machine.nowMs, clock }).instances[0]!
  t.match(seen(), { state: 'INIT', why: 'not started', sent: 0, heard: 0, transitions: 0 })
  machine.start()
  machine.run(1000)
  const backup = seen()
  t.match(backup, { state: 'BACKUP', since: 1000, why: 'start', sent: 0, transitions: 1 })
  t.strictSame(backup.next, { event: 'master', seconds: 2.609 }, '3 s and a skew of 156/256 s')
  machine.run(5000)
  t.match(seen(), { state: 'MASTER', since: 1003.609, why: 'no advert was heard', sent: 2, transitions: 2 })
  t.match(seen().next, { event: 'advert', seconds: 0.609 })
  machine.link('eth0', false)
  const fault = seen()
  t.match(fault, { state: 'FAULT', since: 1005, why: 'interface eth0 down', faults: ['interface eth0 down'] })
  t.notOk('next' in fault)
})

t.test('why a backup becomes master, when adverts were heard', async t => {
  const heard: readonly [number, string][] = [
    [200, 'no advert was heard'],
    [0, '192.0.2.3 stops'],
    [90, 'only lower priorities were heard: 90 from 192.0.2.3'],
  ]
  for (const [priority, why] of heard) {
    const machine = new Machine(routerSettings([instanceSettings()]))
    machine.start()
    machine.run(1000)
    machine.hear(forged({ priority }))
    machine.run(6000)
    const { status } = machine.instance
    t.match(status, { state: 'MASTER', reason: why })
    machine.hear(forged({ priority: 200 }))
    machine.run(20_000)
    t.match(
      machine.instance.status,
      { state: 'MASTER', reason: 'no advert was heard' },
      'and the next time, by what was heard since',
    )
  }
})

t.test('the sample: who was heard, what was refused, a sync group, scripts', async t => {
  const { instances, groups, scripts, unclaimed } = sampleVrrp()
  t.match(instances, [
    { name: 'VI_1', state: 'MASTER', heard: 0, refused: { ttl: 1, checksum: 0 } },
    { name: 'VI_2', state: 'BACKUP', heard: 3, lastAdvert: { source: '192.0.2.3', priority: 200, at: 1_700_000_008 } },
    { name: 'VI_3', state: 'FAULT', group: 'G', faults: ['interface eth1 down'] },
    { name: 'VI_4', state: 'FAULT', group: 'G', faults: [] },
  ])
  t.match(instances[1], {
    name: 'VI_2',
    priority: 80,
    configuredPriority: 100,
    priorityChanges: [{ by: 'script chk', change: -20 }],
  })
  t.match(groups, [{ name: 'G', members: ['VI_3', 'VI_4'], state: 'FAULT', since: 1_700_000_000 }])
  t.match(scripts, [
    { name: 'chk', state: 'bad', why: 'timed_out', next: { event: 'run', seconds: 0.5 } },
    { name: 'slow', state: 'unknown', next: { event: 'result' } },
  ])
  t.match(unclaimed, { 'unknown-vrid': 1, 'ip-header': 0 })
})
