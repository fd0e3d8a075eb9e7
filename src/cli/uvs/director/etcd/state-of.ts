import { allServices } from '../../../../control/protocol/all-services.js'
import type { Control, ServiceInfo, ServiceKey } from '../../../../control/protocol/api.js'
import type { FollowerStatus } from '../../../../fleet/follow/follower.js'
import { DRAINING_MAX, type DirectorState } from '../../../../fleet/publish/director-state.js'
import { keyOf } from '../../../../fleet/service-requests.js'
import { packageVersion } from '../../../../package-version.js'

type Draining = NonNullable<DirectorState['draining']>[number]

export interface StateParts {
  readonly name: string
  readonly since: string
  readonly status: FollowerStatus
  /** That are applied; may be iterated once. */
  readonly services: Iterable<ServiceInfo>
  readonly isDraining: boolean
}

/** What a director says of itself as of now. */
export async function stateOf(control: Control, parts: StateParts): Promise<DirectorState> {
  const { name, since, status, isDraining } = parts
  const { revision, from, refused } = status
  const counts = { services: 0, realServers: 0, servicesDown: 0, realServersDown: 0 }
  const without: ServiceKey[] = []
  for (const service of parts.services) {
    const { destinations } = service
    const down = destinations.filter(({ weight }) => weight === 0).length
    counts.services++
    counts.realServers += destinations.length
    counts.realServersDown += down
    if (down > 0) without.push(keyOf(service))
    if (down === destinations.length) counts.servicesDown++
  }
  const { services, realServers, servicesDown, realServersDown } = counts
  const draining = await drainingOf(control, without)
  return {
    name,
    uvs: packageVersion(),
    since,
    rules: { revision, from, services, realServers, ...(refused !== undefined && { refused: refused.slice(0, 1000) }) },
    health: { servicesDown, realServersDown },
    load: await loadOf(control),
    isDraining,
    ...(draining && { draining }),
  }
}

/** Services with a real server of weight 0 that are asked for connections, one by one. */
const ASKED_MAX = 256

/** Real servers of weight 0 that still have connections; undefined: there are too many to say. */
async function drainingOf(control: Control, asked: readonly ServiceKey[]): Promise<Draining[] | undefined> {
  if (asked.length > ASKED_MAX) return undefined
  const found: Draining[] = []
  for (const service of asked) {
    const reply = await allServices(control, service)
    const servers = reply.ok ? (reply.value[0]?.destinations ?? []) : []
    for (const { weight, address, port, activeConns, inactConns } of servers) {
      const connections = activeConns + inactConns
      if (weight === 0 && connections > 0) found.push({ service, address, port, connections })
    }
  }
  return found.length > DRAINING_MAX ? undefined : found
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
