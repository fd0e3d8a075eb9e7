import type { ServiceInfo } from '../../../control/protocol/api.js'
import type { ClaimInfo } from '../../../control/protocol/claims.js'
import type { DropInfo } from '../../../control/protocol/drops.js'

/** What a director shows, as of one moment. */
export interface Seen {
  services: readonly ServiceInfo[]
  drops: readonly DropInfo[]
  /** How many of each reason there were before it looked. */
  before: ReadonlyMap<string, number>
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

/** '1 packet was', '2 packets were': `one` and `many` are what follows the number. */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
