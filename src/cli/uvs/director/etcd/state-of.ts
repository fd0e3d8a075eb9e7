import type { Control, ServiceInfo } from '../../../../control/protocol/api.js'
import type { FollowerStatus } from '../../../../fleet/follow/follower.js'
import type { DirectorState } from '../../../../fleet/publish/director-state.js'
import { packageVersion } from '../../../../package-version.js'

export interface StateParts {
  readonly name: string
  readonly since: string
  readonly status: FollowerStatus
  /** That are applied. */
  readonly services: Iterable<ServiceInfo>
  readonly isDraining: boolean
}

/** What a director says of itself as of now. */
export async function stateOf(control: Control, parts: StateParts): Promise<DirectorState> {
  const { name, since, status, isDraining } = parts
  const { revision, from, refused } = status
  const counts = { services: 0, realServers: 0, servicesDown: 0, realServersDown: 0 }
  for (const { destinations } of parts.services) {
    const down = destinations.filter(({ weight }) => weight === 0).length
    counts.services++
    counts.realServers += destinations.length
    counts.realServersDown += down
    if (down === destinations.length) counts.servicesDown++
  }
  const { services, realServers, servicesDown, realServersDown } = counts
  return {
    name,
    uvs: packageVersion(),
    since,
    rules: { revision, from, services, realServers, ...(refused !== undefined && { refused: refused.slice(0, 1000) }) },
    health: { servicesDown, realServersDown },
    load: await loadOf(control),
    isDraining,
  }
}

async function loadOf(control: Control): Promise<DirectorState['load']> {
  const [totals, figures] = await Promise.all([
    control.call<'totals'>({ op: 'totals' }),
    control.call<'figures'>({ op: 'figures' }),
  ])
  const rates = totals.ok ? totals.value.rates : { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 }
  const { cps, inPps, outPps, inBps, outBps } = rates
  return { connections: figures.ok ? figures.value.connections.open : 0, cps, inPps, outPps, inBps, outBps }
}
