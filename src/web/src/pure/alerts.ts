import type { Linted } from '../../../control/dashboard/rules-work.ts'
import type { Tick } from '../live/tick.ts'
import { roleOf } from './role.ts'
import { serviceRoute } from './routes.ts'
import { serviceName } from './service-name.ts'

/** What somebody should look at now. */
export interface Alert {
  level: 'bad' | 'warn'
  kind: 'table' | 'drops' | 'no-server' | 'health' | 'fault' | 'lint'
  /** For the text: a share, a count, a name. */
  subject: string
  value: number
  href: string
}

const FULL_WARN = 0.8
const FULL_BAD = 0.95
/** Frames that any network has: nobody needs to act. */
const ORDINARY: readonly string[] = [
  'refused',
  'drop-not-ours',
  'drop-ethertype',
  'drop-arp-not-for-us',
  'drop-broadcast',
  'drop-rst-unknown',
]

/** The worst first. `linted`: what lint says, if that is known. */
export function alertsOf(tick: Tick, linted?: Linted): Alert[] {
  const alerts: Alert[] = []
  const { connections, health, services, drops, vrrp } = tick
  const share = connections.capacity > 0 ? connections.open / connections.capacity : 0
  if (share >= FULL_WARN) {
    const level = share >= FULL_BAD ? 'bad' : 'warn'
    alerts.push({ level, kind: 'table', subject: '', value: share, href: '/connections' })
  }
  if (roleOf(vrrp) === 'FAULT') alerts.push({ level: 'bad', kind: 'fault', subject: '', value: 1, href: '/redundancy' })
  if (health && health.servers.down > 0)
    alerts.push({ level: 'bad', kind: 'health', subject: '', value: health.servers.down, href: '/redundancy' })
  for (const service of services.rows) {
    if (service.destinations.some(({ weight }) => weight > 0)) continue
    alerts.push({
      level: 'bad',
      kind: 'no-server',
      subject: serviceName(service),
      value: 0,
      href: serviceRoute(service),
    })
  }
  for (const { reason, rate } of drops) {
    if (rate < 1 || ORDINARY.includes(reason)) continue
    alerts.push({ level: 'warn', kind: 'drops', subject: reason, value: rate, href: '/drops' })
  }
  if (linted && linted.hazards > 0) {
    const [first, ...others] = linted.services
    const href = first && others.length === 0 ? serviceRoute(first.service) : '/services'
    alerts.push({ level: 'warn', kind: 'lint', subject: '', value: linted.hazards, href })
  }
  return alerts.sort((one, other) => Number(one.level === 'warn') - Number(other.level === 'warn'))
}
