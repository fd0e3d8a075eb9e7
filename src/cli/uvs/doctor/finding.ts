import type { DestinationInfo, ServiceInfo } from '../../../control/protocol/api.js'
import type { ClaimInfo } from '../../../control/protocol/claims.js'
import type { DropInfo } from '../../../control/protocol/drops.js'
import { endpointText } from '../../../control/protocol/service-name.js'
import { nameOf } from '../seen/checked-name.js'

/** What a director shows, as of one moment. */
export interface Seen {
  services: readonly ServiceInfo[]
  drops: readonly DropInfo[]
  /** Before it looked: how many of each reason there were, and what each real server had had, by its service's name and its own. */
  before: { drops: ReadonlyMap<string, number>; stats: ReadonlyMap<string, DestinationInfo['stats']> }
  claims: readonly ClaimInfo[]
  sysctls: ReadonlyMap<string, string>
}

/** What is wrong, in a line each: the cause, what shows it, what to do. */
export interface Finding {
  cause: string
  seen: string
  advice: string
}

export type Examine = (seen: Seen) => Iterable<Finding>

/** Tells a real server of a service from all others. */
export function serverName(service: ServiceInfo, server: DestinationInfo): string {
  return `${nameOf(service)} ${endpointText(server)}`
}

/** '1 packet was', '2 packets were': `one` and `many` are what follows the number. */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
