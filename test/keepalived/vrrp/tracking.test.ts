import t from 'tap'
import { instanceSettings, ip, Machine, routerSettings } from './machine.js'

/** A router that follows one process. */
function following(weight: number, isReverse: boolean): Machine {
  const processes = [{ name: 'tp', weight, isReverse }]
  return new Machine(
    routerSettings([instanceSettings({ tracked: { interfaces: [], scripts: [], files: [], processes } })]),
  )
}

// As recorded of keepalived 2.2.7, and of weight 0 as its manual has it.
for (const [weight, isReverse, running, missing] of [
  [60, false, 160, 100],
  [-60, false, 100, 40],
  [60, true, 40, 100],
  [-60, true, 100, 160],
  [0, false, 'good', 'process tp failed'],
  [0, true, 'process tp is good, in reverse', 'good'],
] as const) {
  void t.test(`track_process, weight ${weight}${isReverse ? ' reverse' : ''}`, async t => {
    const machine = following(weight, isReverse)
    const now = (): number | string =>
      weight === 0 ? machine.instance.status.faults.join() || 'good' : machine.instance.status.priority
    machine.take(machine.router.setProcess('tp', true, machine.nowMs))
    machine.start()
    t.equal(now(), running)
    machine.take(machine.router.setProcess('tp', false, machine.nowMs))
    t.equal(now(), missing)
    machine.take(machine.router.setProcess('tp', true, machine.nowMs))
    t.equal(now(), running)
  })
}

t.test('an interface without an address of its own is a fault, and says so', async t => {
  const machine = new Machine(routerSettings([instanceSettings()]))
  // What hostLinks makes of an interface whose only address is a virtual one.
  machine.take(machine.router.setLink('eth0', { isUp: true, addresses: [] }, machine.nowMs))
  machine.start()
  t.strictSame(machine.instance.status.faults, [
    'interface eth0 has no IPv4 address to send adverts from (virtual addresses do not count)',
  ])
  machine.take(machine.router.setLink('eth0', { isUp: true, addresses: [ip('192.0.2.1')] }, machine.nowMs))
  t.strictSame(machine.instance.status.faults, [])
})
