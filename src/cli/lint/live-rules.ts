import type { DestinationInfo, ServiceInfo, ServiceKey } from '../../control/protocol/api.js'
import type { Finding, LintedServer, LintedService, RuleSet } from './hazard.js'
import { findingsByHazard } from './hazards.js'

/** The mask that -p has without -M: each client is its own. */
const NO_NETMASK = ['255.255.255.255', '128']
/** A director does not say which weight a server of weight 0 had before; one that is drained had one. */
const ANY_WEIGHT = 1

/** What is known of a director besides its rules. */
export type Around = Pick<RuleSet, 'marks' | 'timeouts' | 'networks' | 'isFleet' | 'areAnnounced'>

/** A finding in the rules that a director has now. */
export interface LiveFinding extends Pick<Finding, 'hazard' | 'severity' | 'message'> {
  service: ServiceKey
}

/** Finds the hazards of a director's rules, each with the service that it is about, a list for each hazard. */
export function* lintServices(services: readonly ServiceInfo[], around: Around): Generator<LiveFinding[], void> {
  const owners: ServiceKey[] = []
  const linted = services.map((service): LintedService => {
    const key = keyOf(service)
    // A rule's number takes the place of its line, and leads back to the service.
    const number = (): number => owners.push(key) - 1
    const { localAddresses = [], destinations } = service
    return {
      line: number(),
      key,
      settings: service,
      hasNetmask: !NO_NETMASK.includes(service.netmask),
      localAddresses: localAddresses.map(address => ({ line: number(), address })),
      servers: destinations.map(server => serverOf(server, number())),
    }
  })
  const rules: RuleSet = { ...around, services: linted, whoAnswers: undefined, hasLines: false }
  for (const findings of findingsByHazard(rules))
    yield findings.map(({ line, hazard, severity, message }) => ({ service: owners[line]!, hazard, severity, message }))
}

function serverOf(server: DestinationInfo, line: number): LintedServer {
  const { address, port, weight } = server
  return { line, address, port, settings: server, lastWeight: weight || ANY_WEIGHT }
}

function keyOf(service: ServiceInfo): ServiceKey {
  if (!('mark' in service)) return { protocol: service.protocol, address: service.address, port: service.port }
  const { mark, family } = service
  return { mark, ...(family && { family }) }
}
