import type { DestinationInfo, ServiceInfo } from '../../../control/protocol/api.js'
import type { ClaimInfo } from '../../../control/protocol/claims.js'
import type { DropInfo } from '../../../control/protocol/drops.js'

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

/** As `uvs drops` names it: 'TCP 10.0.0.100:80', 'FWM 7'. */
export function serviceName(service: ServiceInfo): string {
  if ('mark' in service) return `FWM ${service.mark}`
  return `${service.protocol.toUpperCase()} ${service.address}:${service.port}`
}

/** Tells a real server of a service from all others. */
export function serverName(service: ServiceInfo, { address, port }: DestinationInfo): string {
  return `${serviceName(service)} ${address}:${port}`
}

/** '1 packet was', '2 packets were': `one` and `many` are what follows the number. */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
