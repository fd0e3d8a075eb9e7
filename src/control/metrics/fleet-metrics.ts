/* The text of the metrics of a director with --etcd and of one with --announce. Written straight, as those of services are. */
import type { AnnouncementsInfo, Control } from '../protocol/api.js'
import { headOf, type MetricFamily } from './family.js'

/** What a director knows of its rules in etcd. */
export interface EtcdFigures {
  /** etcd has answered last. */
  isReachable: boolean
  /** When its lease was last renewed there, in seconds since 1970; undefined: never. */
  lastContact: number | undefined
  /** Of the rules that the director has; 0: it has none. */
  revision: number
  /** The rules are those of the file that was kept. */
  isFromDisk: boolean
  /** What etcd holds cannot be used: the last good rules stay. */
  isRefused: boolean
  /** At least so many keys hold what cannot be used. */
  brokenKeys: number
  /** Services that somebody changed here, beside etcd. */
  changedServices: number
}

type Sample = readonly [labels: string, value: number]

/** Nothing of what the director does not do. Rejects with any other refusal. */
export async function fleetMetrics(control: Control, etcd: EtcdFigures | undefined): Promise<Buffer[]> {
  const announced = await control.call({ op: 'announcements' })
  if (!announced.ok && announced.refusal !== 'EOPNOTSUPP') throw new Error(announced.message)
  const pieces = [...(etcd ? ofEtcd(etcd) : []), ...(announced.ok ? ofAnnouncements(announced.value) : [])]
  return pieces.map(piece => Buffer.from(piece))
}

function* ofEtcd({
  isReachable,
  lastContact,
  revision,
  isFromDisk,
  isRefused,
  brokenKeys,
  changedServices,
}: EtcdFigures): Generator<string> {
  yield gauge('uvs_etcd_up', '1 while etcd answers and the watch of the rules stands, else 0', Number(isReachable))
  if (lastContact !== undefined)
    yield gauge('uvs_etcd_last_contact_timestamp_seconds', 'When the lease was last renewed', lastContact)
  yield gauge('uvs_etcd_rules_revision', 'Revision of the newest key of rules that is applied', revision)
  yield gauge('uvs_etcd_rules_from_disk', '1 while the rules are those of an earlier run, else 0', Number(isFromDisk))
  yield gauge('uvs_etcd_rules_refused', '1 while what etcd holds cannot be used, else 0', Number(isRefused))
  yield gauge('uvs_etcd_broken_keys', 'Keys that hold what cannot be used, at least', brokenKeys)
  yield gauge('uvs_etcd_changed_services', 'Services that are not as etcd has them: changed here', changedServices)
}

function* ofAnnouncements({ isWithdrawn, vips }: AnnouncementsInfo): Generator<string> {
  const byState = Object.entries(vips).map(([state, count]): Sample => [`{state="${state}"}`, count])
  yield family('uvs_announced_vips', 'VIPs: announced; held down; idle, without real servers; elsewhere', byState)
  yield gauge('uvs_announcements_withdrawn', '1 while the director drains: no VIP is announced', Number(isWithdrawn))
}

function gauge(name: string, help: string, value: number): string {
  return family(name, help, [['', value]])
}

function family(name: string, help: string, samples: readonly Sample[]): string {
  const head: MetricFamily = [name, 'gauge', help]
  return `${headOf(head)}${samples.map(([labels, value]) => `${name}${labels} ${value}\n`).join('')}`
}
