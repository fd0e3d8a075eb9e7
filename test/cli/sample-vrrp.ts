import type { VrrpInfo } from '../../src/control/protocol/api.js'
import { vrrpInfo } from '../../src/keepalived/seen/vrrp-seen.js'
import { WallClock } from '../../src/keepalived/seen/wall-clock.js'
import { forged } from '../keepalived/vrrp/forged.js'
import { instanceSettings, Machine, routerSettings, vip } from '../keepalived/vrrp/machine.js'

/** When the sample starts: seconds since 1970. */
const STARTED_S = 1_700_000_000

/**
 * Virtual routers with every field that there is, 8.5 s after their start. VI_1 is master since 3.6 s, has heard a lower advert since and refused
 * one; VI_2 has heard of a master; VI_3, whose link is down, is in a group with VI_4.
 */
export function sampleMachine(): Machine {
  const alone = instanceSettings({
    vips: ['192.0.2.100', '192.0.2.101', '192.0.2.102', '192.0.2.103'].map(on => vip(on)),
  })
  const tracked = {
    interfaces: [],
    scripts: [{ name: 'chk', weight: -20, isReverse: false }],
    files: [],
    processes: [],
  }
  const second = instanceSettings({ name: 'VI_2', vrid: 52, tracked })
  const [third, fourth] = ['VI_3', 'VI_4'].map((name, at) =>
    instanceSettings({ name, vrid: 53, interface: at === 0 ? 'eth1' : 'eth0' }),
  )
  const group = { name: 'G', members: ['VI_3', 'VI_4'] }
  const machine = new Machine(routerSettings([alone, second, third!, fourth!], { groups: [group] }))
  machine.link('eth1', false)
  machine.start()
  machine.run(2000)
  machine.hear(forged({ vrid: 52, priority: 200 }))
  machine.hear(forged({ vrid: 99 }))
  machine.run(5000)
  machine.hear(forged({ vrid: 52, priority: 200 }))
  machine.hear(forged({ ttl: 254 }))
  machine.run(8000)
  machine.hear(forged({ vrid: 52, priority: 200 }))
  machine.take(machine.router.setScript('chk', false, machine.nowMs))
  machine.run(8500)
  return machine
}

export function sampleVrrp(): VrrpInfo {
  const { router, nowMs } = sampleMachine()
  const clock = new WallClock(() => STARTED_S * 1000 + nowMs)
  const chk = { name: 'chk', isGood: false, sinceMs: 8000, why: 'timed_out', isRunning: false, nextMs: 9000 }
  const slow = { name: 'slow', isGood: undefined, sinceMs: 8400, why: 'its first run has not ended' }
  return vrrpInfo(router, [chk, { ...slow, isRunning: true, nextMs: 9400 }], { nowMs, clock })
}
