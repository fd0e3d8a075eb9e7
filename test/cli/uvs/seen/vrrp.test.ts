import t from 'tap'
import { showVrrp } from '../../../../src/cli/uvs/seen/vrrp.js'
import { BenchDirector } from '../../../support/bench-director.js'
import { LOOKED_S } from '../../sample-health.js'
import { sampleSeen } from '../../sample-seen.js'
import { columns } from './columns.js'

t.test('a table: each virtual router, what it heard and refused, groups, scripts', async t => {
  const { status, out, err } = await showVrrp(sampleSeen(), { nowS: LOOKED_S })
  t.match({ status, err }, { status: 0, err: '' })
  t.strictSame(columns(out), [
    ['', 'STATE', 'SINCE', 'NEXT', 'WHY'],
    ['VI_1 eth0 vrid 51 v2 priority 100', 'MASTER', '4 s', 'advert in 0.2 s', 'no advert was heard'],
    ['', 'addresses', 'held', '192.0.2.100/24, 192.0.2.101/24, 192.0.2.102/24 and 1 more'],
    ['', 'adverts', 'none heard', '5 sent, 0 heard; its state changed 2 times'],
    ['', 'refused ttl', '1'],
    ['VI_2 eth0 vrid 52 v2 priority 80 (100, script chk -20)', 'BACKUP', '8 s', 'election in 3.2 s', 'start'],
    ['', 'address', 'not held', '192.0.2.100/24'],
    ['', 'adverts', 'heard', '0 s', 'from 192.0.2.3 with priority 200; 0 sent, 3 heard; its state changed once'],
    ['VI_3 eth1 vrid 53 v2 priority 100', 'FAULT', '8 s', 'interface eth1 down'],
    ['', 'address', 'not held', '192.0.2.100/24'],
    ['', 'adverts', 'none heard', '0 sent, 0 heard; its state changed once'],
    ['VI_4 eth0 vrid 53 v2 priority 100', 'FAULT', '8 s', 'a fault in its sync group'],
    ['', 'address', 'not held', '192.0.2.100/24'],
    ['', 'adverts', 'none heard', '0 sent, 0 heard; its state changed once'],
    ['group G', 'FAULT', '8 s', 'VI_3: interface eth1 down'],
    ['script chk', 'bad', '0 s', 'run in 0.5 s', 'timed_out'],
    ['script slow', 'unknown', '0 s', 'under way', 'its first run has not ended'],
    ['unclaimed unknown-vrid', '1'],
  ])
})

t.test('one line of a director without --keepalived, and of a configuration without virtual routers', async t => {
  await t.rejects(showVrrp(new BenchDirector().control), { message: /it was started without --keepalived$/ })
  const none = { instances: [], groups: [], scripts: [], unclaimed: {} }
  const control = { call: async () => ({ ok: true, value: none }) as never }
  t.equal((await showVrrp(control)).out, 'the configuration has no vrrp_instance\n')
})
