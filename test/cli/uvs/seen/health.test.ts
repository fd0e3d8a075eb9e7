import t from 'tap'
import { KeepalivedControl } from '../../../../src/cli/uvs/director/keepalived-control.js'
import { planKeepalived } from '../../../../src/cli/uvs/rules/plan-keepalived.js'
import { health, showHealth } from '../../../../src/cli/uvs/seen/health.js'
import { showVrrp } from '../../../../src/cli/uvs/seen/vrrp.js'
import { keepalivedMetrics } from '../../../../src/control/metrics/keepalived-metrics.js'
import { UsageError } from '../../../../src/director/options.js'
import { BenchDirector } from '../../../support/bench-director.js'
import { LOOKED_S } from '../../sample-health.js'
import { sampleSeen } from '../../sample-seen.js'
import { columns } from './columns.js'

t.test('a table: each virtual server, its real servers, their checks', async t => {
  const { status, out, err } = await showHealth(sampleSeen(), { nowS: LOOKED_S })
  t.match({ status, err }, { status: 0, err: '' })
  t.strictSame(columns(out), [
    ['', 'STATE', 'SINCE', 'NEXT', 'WHY'],
    ['TCP 10.1.1.1:80', 'up', '8 s', 'Gained quorum 4+0=4 <= 4'],
    ['', '10.1.2.1:80 weight 5', 'up', '8 s', 'TCP_CHECK, FILE_CHECK succeeded'],
    ['', 'TCP_CHECK 10.1.2.1:8080', 'up', '8 s', 'check in 0.5 s', 'it succeeded'],
    ['', 'FILE_CHECK tf', 'up', '0 s', 'it says 2'],
    ['', '10.1.2.2:80 weight 1', 'up', '8 s', 'TCP_CHECK succeeded'],
    ['', 'TCP_CHECK', 'up', '8 s', 'retry in 0.6 s', 'connection refused, failed 1 time'],
    ['', '10.1.2.9:80 sorry server', 'idle', 'it waits for a lost quorum'],
    ['FWM 7', 'up', '8 s', 'Gained quorum 1+0=1 <= 1'],
    ['', '10.1.2.3:80 weight 1, not in the rules', 'unknown', '8 s', 'its first checks have not ended'],
    ['', 'HTTP_GET /slow', 'unknown', '8 s', 'under way', 'it has not ended yet'],
    ['', '10.1.2.4:80 weight 1', 'up', '8 s', 'it has no check'],
    ['TCP group G', 'up', '8 s', 'suspended', 'Gained quorum 1+0=1 <= 1'],
    [
      '',
      '10.1.2.5:80 weight 1',
      'up',
      '8 s',
      'not checked: the virtual address is on no interface of this host (ha_suspend)',
    ],
    ['', 'TCP_CHECK', 'up', '8 s', 'it succeeded'],
  ])
})

t.test('one line of a director without --keepalived', async t => {
  const { control } = new BenchDirector()
  const why = /^the director runs no keepalived\.conf: it was started without --keepalived$/
  await t.rejects(showHealth(control), { message: why })
  await t.rejects(showHealth(new KeepalivedControl(control, false)), { message: why }, 'whoever stands in front of it')
})

t.test('one line of a director whose keepalived.conf does not run yet', async t => {
  const control = new KeepalivedControl(new BenchDirector().control, true)
  const starting = { message: 'the director is starting: its keepalived.conf does not run yet' }
  await t.rejects(showHealth(control), starting)
  await t.rejects(showVrrp(control), starting)
  await t.rejects(planKeepalived(control, 'a.conf', false), starting)
  t.strictSame(await keepalivedMetrics(control), [], 'nothing to be exported, and no error')
  t.match(await control.call({ op: 'timeouts' }), { ok: true }, 'all else is answered')
})

t.test('all but what is asked of keepalived goes to the data plane', async t => {
  const asked = sampleSeen()
  t.match(await asked.call({ op: 'timeouts' }), { ok: false, message: 'asked the data plane' })
  t.match(await asked.call({ op: 'health' }), { ok: true, value: { services: { length: 3 }, next: null } })
  t.match(await asked.call({ op: 'vrrp' }), { ok: true, value: { instances: { length: 4 } } })
})

t.test('what may be said with --watch', async t => {
  for (const [args, why] of [
    [['--watch', '0'], "--watch '0': 0.1 to 3600 seconds"],
    [['--watch=often'], "--watch 'often': 0.1 to 3600 seconds"],
    [['--watch', '--json'], '--watch does not go with --json'],
    [['--watch', '3', '--watch'], '--watch is given twice'],
  ] as const)
    await t.rejects(health.run([...args]), new UsageError(why), args.join(' '))
})
