import { allServices } from '../../../../control/protocol/all-services.js'
import type { Control, ServiceKey } from '../../../../control/protocol/api.js'
import type { FollowerStatus } from '../../../../fleet/follow/follower.js'
import { DRAINING_MAX, type DirectorState } from '../../../../fleet/publish/director-state.js'
import { keyOf } from '../../../../control/protocol/service-key.js'
import { packageVersion } from '../../../../package-version.js'
import type { AppliedServices } from './applied-services.js'
import type { Beside } from './changed-beside.js'

type Draining = NonNullable<DirectorState['draining']>[number]

export interface StateParts {
  readonly name: string
  readonly since: string
  readonly status: FollowerStatus
  /** That are applied. */
  readonly services: AppliedServices
  readonly beside?: Beside | undefined
  readonly load: DirectorState['load']
  readonly isDraining: boolean
}

/** What a director says of itself as of now. */
export async function stateOf(control: Control, parts: StateParts): Promise<DirectorState> {
  const { name, since, status, beside, load, isDraining } = parts
  const { revision, from, refused } = status
  const { size, realServers, servicesDown, realServersDown, partlyDown } = parts.services
  const draining = await drainingOf(control, partlyDown.values(), partlyDown.size)
  return {
    name,
    uvs: packageVersion(),
    since,
    rules: {
      revision,
      from,
      services: size,
      realServers,
      ...(refused !== undefined && { refused: refused.slice(0, 1000) }),
      ...(beside && { beside }),
    },
    health: { servicesDown, realServersDown },
    load,
    isDraining,
    ...(draining && { draining }),
  }
}

/** Services with a real server of weight 0 that are asked for connections, one by one. */
const ASKED_MAX = 256

/** Real servers of weight 0 that still have connections; undefined: there are too many to say. */
async function drainingOf(
  control: Control,
  partlyDown: Iterable<ServiceKey>,
  count: number,
): Promise<Draining[] | undefined> {
  if (count > ASKED_MAX) return undefined
  const found: Draining[] = []
  for (const each of partlyDown) {
    const service = keyOf(each)
    const reply = await allServices(control, service)
    const servers = reply.ok ? (reply.value[0]?.destinations ?? []) : []
    for (const { weight, address, port, activeConns, inactConns } of servers) {
      const connections = activeConns + inactConns
      if (weight === 0 && connections > 0) found.push({ service, address, port, connections })
    }
  }
  return found.length > DRAINING_MAX ? undefined : found
}
