import t from 'tap'
import type { InstanceSettings } from '../../../src/keepalived/vrrp/settings.js'
import { InstanceTimer } from '../../../src/keepalived/vrrp/instance-timer.js'
import { advertsOf, instanceSettings, Machine, routerSettings } from './machine.js'
import { forged } from './forged.js'

/* To the millisecond: keepalived's own dump says `Master down timer = 3609375 usecs`. */

t.test('the master-down time', async t => {
  for (const [settings, priority, downMs] of [
    [{}, 100, 3609.375],
    [{}, 1, 3996.09375],
    [{}, 150, 3414.0625],
    [{}, 254, 3007.8125],
    [{ advertIntervalMs: 3000 }, 200, 9218.75],
    [{ downTimerAdverts: 5 }, 100, 5609.375],
    [{ version: 3, advertIntervalMs: 100 }, 150, 341.40625],
    [{ version: 3, advertIntervalMs: 2000 }, 200, 6437.5],
  ] as [Partial<InstanceSettings>, number, number][]) {
    const timer = new InstanceTimer(instanceSettings(settings))
    t.equal(timer.downMs(priority), downMs, JSON.stringify({ ...settings, priority }))
    const { advertIntervalMs: intervalMs = 1000 } = settings
    const machine = new Machine(routerSettings([instanceSettings({ ...settings, priority })]))
    machine.start()
    t.strictSame(advertsOf(machine.run(downMs - 0.001)), [])
    t.strictSame(advertsOf(machine.run(downMs)), [priority])
    t.strictSame(advertsOf(machine.run(downMs + intervalMs - 0.001)), [])
    t.strictSame(advertsOf(machine.run(downMs + intervalMs)), [priority])
  }
})

t.test('after an advert of priority 0 the skew time alone', async t => {
  const machine = new Machine(routerSettings([instanceSettings()]))
  machine.start()
  machine.nowMs = 500
  machine.hear(forged({ priority: 0 }))
  t.strictSame(advertsOf(machine.run(500 + 609.374)), [])
  t.strictSame(advertsOf(machine.run(500 + 609.375)), [100])
})

t.test('version 3: the interval of the master, until it is one itself; never 0', async t => {
  const settings = instanceSettings({ version: 3, advertIntervalMs: 2000 })
  const machine = new Machine(routerSettings([settings]))
  machine.start()
  machine.hear(forged({ version: 3, priority: 200, interval: 50 }))
  t.equal(machine.instance.status.timerAtMs, 1500 + (156 / 256) * 500)
  machine.hear(forged({ version: 3, priority: 200, interval: 0 }))
  t.equal(machine.instance.status.timerAtMs, 1500 + (156 / 256) * 500)
  machine.run(1900)
  t.equal(machine.instance.state, 'MASTER')
  t.equal(machine.instance.status.timerAtMs, 1500 + (156 / 256) * 500 + 2000)
})

t.test('a lower master is preempted when the own wait is over, with nopreempt never', async t => {
  for (const nopreempt of [false, true]) {
    const machine = new Machine(routerSettings([instanceSettings({ nopreempt })]))
    machine.start()
    for (let atMs = 0; atMs <= 6000; atMs += 1000) {
      machine.run(atMs)
      machine.hear(forged({ priority: 50 }))
    }
    t.equal(machine.instance.state, nopreempt ? 'BACKUP' : 'MASTER')
  }
})
