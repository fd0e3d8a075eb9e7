import t from 'tap'
import { readConfig } from '../../../src/keepalived/config/read-config.js'
import type { VrrpInstance } from '../../../src/keepalived/config/tree/vrrp.js'
import { instanceChanges } from '../../../src/keepalived/seen/instance-changes.js'
import { recordedHost } from '../config/recorded-host.js'

function instances(text: string): readonly VrrpInstance[] {
  return readConfig('c.conf', recordedHost('c.conf', { text })).config!.instances
}
const instance = (name: string, vrid: number, more = '', address = '192.0.2.1/24'): string =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${vrid}\n${more}\nvirtual_ipaddress {\n${address}\n}\n}\n`

t.test('instances that come, go, stay', async t => {
  const before = instances(instance('A', 1) + instance('B', 2))
  t.strictSame(instanceChanges(before, before), [])
  t.match(instanceChanges(before, instances(instance('B', 3) + instance('A', 1))), [
    { instance: 'B', change: 'removed', settings: [{ keyword: 'interface', was: 'eth0' }, { keyword: 'virtual_router_id', was: '2' }, {}, {}, {}] },
    { instance: 'B', change: 'added', settings: [{}, { keyword: 'virtual_router_id', is: '3' }, {}, {}, { keyword: 'virtual_ipaddress', is: '192.0.2.1/24' }] },
  ]) // prettier-ignore
})

const auth = (password: string): string => `authentication {\nauth_type PASS\nauth_pass ${password}\n}`
const changes = (one: string, other: string, address?: string) =>
  instanceChanges(instances(instance('A', 1, one)), instances(instance('A', 1, other, address)))[0]?.settings

t.test('settings by keyword, passwords by no word', async t => {
  t.strictSame(changes('priority 100', 'priority 150\nnopreempt'), [
    { keyword: 'priority', is: '150', was: '100' },
    { keyword: 'nopreempt', is: 'on' },
  ])
  t.strictSame(changes(auth('one'), auth('two')), [{ keyword: 'auth_pass', is: 'another' }])
  t.strictSame(changes('advert_int 1', 'advert_int 2', '192.0.2.1/24\n192.0.2.2/24 dev lo'), [
    { keyword: 'virtual_ipaddress', is: '192.0.2.1/24, 192.0.2.2/24 dev lo', was: '192.0.2.1/24' },
    { keyword: 'advert_int', is: '2 s', was: '1 s' },
  ])
  t.strictSame(changes('notify_master /bin/a', 'notify_master /bin/b'), [
    { keyword: 'notify', is: 'master /bin/b', was: 'master /bin/a' },
  ])
})
