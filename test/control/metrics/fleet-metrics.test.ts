import { execFileSync, spawnSync } from 'node:child_process'
import t from 'tap'
import { fleetMetrics, type EtcdFigures } from '../../../src/control/metrics/fleet-metrics.js'
import type { Control, Reply } from '../../../src/control/protocol/api.js'

const noPromtool = spawnSync('promtool', ['--version']).status === 0 ? false : 'there is no promtool (prometheus)'

const ETCD: EtcdFigures = {
  isReachable: true,
  lastContact: 1.5e9,
  revision: 7,
  isFromDisk: false,
  isRefused: true,
  brokenKeys: 3,
  changedServices: 2,
}
const ANNOUNCED: Reply<'announcements'> = {
  ok: true,
  value: {
    interface: 'uvs0',
    withdraw: 'any',
    hold: 10,
    isWithdrawn: false,
    vips: { announced: 3, held: 1, idle: 2, elsewhere: 0 },
  },
}
const NOTHING: Reply<'announcements'> = { ok: false, refusal: 'EOPNOTSUPP', message: 'announces nothing' }

async function lines(reply: Reply<'announcements'>, etcd?: EtcdFigures): Promise<string[]> {
  const control: Control = { call: async () => reply as never }
  const text = Buffer.concat(await fleetMetrics(control, etcd)).toString()
  return text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
}

t.test('etcd, as far as it is known', async t => {
  t.strictSame(await lines(NOTHING, ETCD), [
    'uvs_etcd_up 1',
    'uvs_etcd_last_contact_timestamp_seconds 1500000000',
    'uvs_etcd_rules_revision 7',
    'uvs_etcd_rules_from_disk 0',
    'uvs_etcd_rules_refused 1',
    'uvs_etcd_broken_keys 3',
    'uvs_etcd_changed_services 2',
  ])
  const never = {
    isReachable: false,
    lastContact: undefined,
    revision: 5,
    isFromDisk: true,
    isRefused: false,
    brokenKeys: 0,
    changedServices: 0,
  }
  t.strictSame(await lines(NOTHING, never), [
    'uvs_etcd_up 0',
    'uvs_etcd_rules_revision 5',
    'uvs_etcd_rules_from_disk 1',
    'uvs_etcd_rules_refused 0',
    'uvs_etcd_broken_keys 0',
    'uvs_etcd_changed_services 0',
  ])
})

t.test('VIPs, announced or not', async t => {
  t.strictSame(await lines(ANNOUNCED), [
    'uvs_announced_vips{state="announced"} 3',
    'uvs_announced_vips{state="held"} 1',
    'uvs_announced_vips{state="idle"} 2',
    'uvs_announced_vips{state="elsewhere"} 0',
    'uvs_announcements_withdrawn 0',
  ])
})

t.test('nothing of what the director does not do; another refusal is one', async t => {
  t.strictSame(await lines(NOTHING), [])
  await t.rejects(lines({ ok: false, refusal: 'EIO', message: 'the worker has ended' } as never), {
    message: 'the worker has ended',
  })
})

t.test('Prometheus has nothing to say against them', { skip: noPromtool }, async () => {
  const control: Control = { call: async () => ANNOUNCED as never }
  execFileSync('promtool', ['check', 'metrics'], { input: Buffer.concat(await fleetMetrics(control, ETCD)) })
})
