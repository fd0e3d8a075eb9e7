import t from 'tap'
import { routerSettingsFrom } from '../../../src/keepalived/vrrp/from-config.js'
import type { RouterSettings } from '../../../src/keepalived/vrrp/settings.js'
import { Machine } from './machine.js'
import { configOf } from './recording.js'

/* What keepalived 2.2.7 sent with these configurations, to the tenth of a second behind the first: interface and last octet. */

const TWO = '192.0.2.100/24\n198.51.100.100/24 dev eth1'

function settings(garp: string, vips: string, before = ''): RouterSettings {
  return routerSettingsFrom(
    configOf(`${before}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority 150
  ${garp}
  virtual_ipaddress {
    ${vips}
  }
}
`),
  )
}

/** Becomes master, and goes on so long. */
function announced(of: RouterSettings, ms: number): [number, string][] {
  const machine = new Machine(of)
  machine.start()
  const found: [number, string][] = []
  let first: number | undefined
  for (const end = 4000 + ms; machine.nowMs < end;) {
    for (const action of machine.run(machine.nowMs + 10)) {
      if (action.kind !== 'announce') continue
      first ??= machine.nowMs
      const octet = Number(action.address) & 255
      found.push([Math.round((machine.nowMs - first) / 100) / 10, `${action.interface} ${octet}`])
    }
  }
  return found.filter(([at]) => at * 1000 <= ms)
}

t.test('garp_extra_if all: the first address of each other interface, each N seconds', async t => {
  const vips = `${TWO}\n198.51.100.101/24 dev eth1`
  t.strictSame(announced(settings('garp_master_delay 0\n garp_master_repeat 1\n garp_extra_if all 1', vips), 2500), [
    [0, 'eth0 100'],
    [0, 'eth1 100'],
    [0, 'eth1 101'],
    [1, 'eth1 100'],
    [2, 'eth1 100'],
  ])
  const plain = 'garp_master_delay 0\n garp_master_repeat 1\n garp_extra_if 1'
  t.equal(announced(settings(plain, vips), 2500).length, 3, 'without all only virtual MACs get more')
})

const group = (of: string): string => `garp_group {\n garp_interval 0.3\n ${of}\n}\n`

t.test('garp_group: interfaces that wait for each other', async t => {
  const garp = 'garp_master_delay 2\n garp_master_repeat 3'
  t.strictSame(announced(settings(garp, TWO, group('interfaces {\n eth0\n eth1\n }')), 3000), [
    [0, 'eth0 100'],
    [0.3, 'eth0 100'],
    [0.6, 'eth1 100'],
    [2, 'eth0 100'],
    [2.3, 'eth0 100'],
    [2.6, 'eth1 100'],
  ])
  t.strictSame(announced(settings(garp, TWO, group('interface eth0')), 1000), [
    [0, 'eth0 100'],
    [0, 'eth1 100'],
    [0, 'eth1 100'],
    [0, 'eth1 100'],
    [0.3, 'eth0 100'],
  ])
  const both = `global_defs {\n vrrp_garp_interval 0.1\n}\n${group('interface eth0')}`
  t.strictSame(announced(settings(garp, TWO, both), 1000), [
    [0, 'eth0 100'],
    [0, 'eth1 100'],
    [0.1, 'eth1 100'],
    [0.3, 'eth0 100'],
  ])
})

const extra = (seconds: number): RouterSettings =>
  settings(`garp_master_delay 0\n garp_master_repeat 1\n garp_extra_if all ${seconds}`, TWO)

t.test('garp_extra_if ends with the mastership, and follows a reload', async t => {
  const machine = new Machine(extra(0))
  machine.start()
  machine.run(4000)
  const sent = (ms: number): number => machine.run(machine.nowMs + ms).filter(({ kind }) => kind === 'announce').length
  t.equal(sent(3000), 0)
  machine.take(machine.router.reload(extra(1), machine.nowMs))
  t.equal(sent(3100), 3)
  machine.take(machine.router.setLink('eth0', { isUp: false, addresses: [] }, machine.nowMs))
  t.equal(sent(3000), 0)
  t.equal(machine.router.nextAtMs, Infinity)
})
