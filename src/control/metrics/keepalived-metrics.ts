/* The text of the metrics of what a director runs of a keepalived.conf: checks and virtual routers. Written straight, as those of services are. */
import { allHealth } from '../protocol/all-health.js'
import type { CheckedKey, Control, InstanceInfo, ServerHealth, ServiceHealth, VrrpInfo } from '../protocol/api.js'
import { headOf, type MetricFamily } from './family.js'
import { escape, serviceLabels } from './service-metrics.js'

const FAMILIES = [
  [
    'uvs_virtual_server_up',
    'gauge',
    '1 while what is up makes the quorum, else 0; not there before first checks have ended',
  ],
  ['uvs_virtual_server_weight', 'gauge', 'Weight of its real servers that are up'],
  ['uvs_virtual_server_quorum', 'gauge', 'Weight that makes the quorum'],
  [
    'uvs_virtual_server_sorry_server_in_use',
    'gauge',
    '1 while the sorry server takes the place of all; only if there is one',
  ],
  ['uvs_virtual_server_last_change_timestamp_seconds', 'gauge', 'When its quorum was last gained or lost'],
  ['uvs_real_server_healthy', 'gauge', '1 while all its checks succeed, else 0; not there before the first have ended'],
  ['uvs_real_server_last_change_timestamp_seconds', 'gauge', 'When it was last taken for up or down'],
  ['uvs_check_up', 'gauge', '1 while the check says up, else 0; number: of the real server, from 1'],
  ['uvs_vrrp_state', 'gauge', '1 for the state that the virtual router is in, 0 for the others'],
  ['uvs_vrrp_priority', 'gauge', 'Effective priority'],
  ['uvs_vrrp_last_transition_timestamp_seconds', 'gauge', 'When it came to its state'],
  ['uvs_vrrp_transitions_total', 'counter', 'Changes of state'],
  ['uvs_vrrp_adverts_sent_total', 'counter', 'Adverts sent'],
  ['uvs_vrrp_adverts_heard_total', 'counter', 'Valid adverts heard'],
  ['uvs_vrrp_refused_adverts_total', 'counter', 'Adverts refused, by reason'],
  ['uvs_vrrp_unclaimed_packets_total', 'counter', 'VRRP packets that came to no virtual router, by reason'],
  [
    'uvs_vrrp_script_good',
    'gauge',
    '1 while a track script says good, else 0; not there before its first run has ended',
  ],
] as const satisfies readonly MetricFamily[]

type Name = (typeof FAMILIES)[number][0]
const STATES = ['INIT', 'BACKUP', 'MASTER', 'FAULT'] as const

/** The lines of each family stand together. The same labels are one sample: a configuration may name a server twice. */
class Lines {
  readonly #lines = new Map<Name, Map<string, number>>(FAMILIES.map(([name]) => [name, new Map()]))

  add(name: Name, labels: string, value: number | boolean): void {
    this.#lines.get(name)!.set(labels, Number(value))
  }

  *pieces(): Generator<Buffer> {
    for (const family of FAMILIES) {
      const [name] = family
      const lines = [...this.#lines.get(name)!].map(([labels, value]) => `${name}{${labels}} ${value}\n`)
      yield Buffer.from(`${headOf(family)}${lines.join('')}`)
    }
  }
}

/** Nothing of a director that runs no keepalived.conf, or does not yet. Rejects with any other refusal. */
export async function keepalivedMetrics(control: Control): Promise<Buffer[]> {
  const [health, vrrp] = [await allHealth(control), await control.call({ op: 'vrrp' })]
  for (const reply of [health, vrrp]) if (!reply.ok && reply.refusal !== 'EOPNOTSUPP') throw new Error(reply.message)
  if (!health.ok || !vrrp.ok) return []
  const lines = new Lines()
  for (const service of health.value) writeService(lines, service)
  writeRouters(lines, vrrp.value)
  return [...lines.pieces()]
}

function writeService(lines: Lines, service: ServiceHealth): void {
  const labels = labelsOf(service)
  const { state, weight, quorum, since, sorryServer } = service
  if (state !== 'unknown') lines.add('uvs_virtual_server_up', labels, state === 'up')
  lines.add('uvs_virtual_server_weight', labels, weight)
  lines.add('uvs_virtual_server_quorum', labels, quorum)
  if (sorryServer) lines.add('uvs_virtual_server_sorry_server_in_use', labels, sorryServer.inUse)
  lines.add('uvs_virtual_server_last_change_timestamp_seconds', labels, since)
  for (const server of service.servers) writeServer(lines, labels, server)
}

function labelsOf(key: CheckedKey): string {
  if (!('group' in key)) return serviceLabels(key)
  return `protocol="${key.protocol ?? 'fwm'}",service="${escape(key.group)}"`
}

function writeServer(lines: Lines, ofService: string, { address, port, state, since, checks }: ServerHealth): void {
  const labels = `${ofService},real_server="${address}:${port}"`
  if (state !== 'unknown') lines.add('uvs_real_server_healthy', labels, state === 'up')
  lines.add('uvs_real_server_last_change_timestamp_seconds', labels, since)
  for (const [at, { check, state: said }] of checks.entries())
    if (said !== 'unknown') lines.add('uvs_check_up', `${labels},check="${check}",number="${at + 1}"`, said === 'up')
}

function writeRouters(lines: Lines, { instances, scripts, unclaimed }: VrrpInfo): void {
  for (const instance of instances) writeInstance(lines, instance)
  if (instances.length > 0)
    for (const [reason, count] of Object.entries(unclaimed))
      lines.add('uvs_vrrp_unclaimed_packets_total', `reason="${reason}"`, count)
  for (const { name, state } of scripts)
    if (state !== 'unknown') lines.add('uvs_vrrp_script_good', `script="${escape(name)}"`, state === 'good')
}

function writeInstance(lines: Lines, instance: InstanceInfo): void {
  const { name, interface: device, vrid, state, priority, since, transitions, sent, heard, refused } = instance
  const labels = `vrrp_instance="${escape(name)}",interface="${escape(device)}",vrid="${vrid}"`
  for (const each of STATES) lines.add('uvs_vrrp_state', `${labels},state="${each}"`, each === state)
  lines.add('uvs_vrrp_priority', labels, priority)
  lines.add('uvs_vrrp_last_transition_timestamp_seconds', labels, since)
  lines.add('uvs_vrrp_transitions_total', labels, transitions)
  lines.add('uvs_vrrp_adverts_sent_total', labels, sent)
  lines.add('uvs_vrrp_adverts_heard_total', labels, heard)
  for (const [reason, count] of Object.entries(refused))
    lines.add('uvs_vrrp_refused_adverts_total', `${labels},reason="${reason}"`, count)
}
