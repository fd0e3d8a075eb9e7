import type { Known } from './checker-state.js'
import type { CheckedService } from './checked-service.js'
import { serviceState, type StateParts } from './make-states.js'
import type { ServiceState } from './service-state.js'

/** What is known of a real server, as plain data. */
export interface ServerSnapshot {
  readonly known: Known
  readonly inRules?: number
  readonly shownWeight: number
  /** slow_start: the share of its weight that it has; absent: all. */
  readonly share?: number
  /** In the order of its options, without those that are not done in checks. */
  readonly checkers: readonly { readonly known: Known; readonly weight?: number }[]
}

/** What is known of a virtual server: enough to find out what another configuration would change. */
export interface ServiceSnapshot {
  readonly options: CheckedService
  readonly quorum: ServiceState['quorum']
  readonly isSuspended: boolean
  readonly sorryInRules?: number
  /** In the order of its real servers. */
  readonly servers: readonly ServerSnapshot[]
}

export function snapshotOf(services: readonly ServiceState[]): ServiceSnapshot[] {
  return services.map(({ options, quorum, isSuspended, sorryInRules, servers }) => ({
    options,
    quorum,
    isSuspended,
    ...(sorryInRules !== undefined && { sorryInRules }),
    servers: servers.map(({ known, inRules, shownWeight, growth, checkers }) => ({
      known,
      ...(inRules !== undefined && { inRules }),
      shownWeight,
      ...(growth.share < 1 && { share: growth.share }),
      checkers: checkers.map(checker => ({
        known: checker.known,
        ...(checker.weight !== undefined && { weight: checker.weight }),
      })),
    })),
  }))
}

/** States that know what the snapshots say, apart from those that they were taken of. */
export function statesOf(snapshots: readonly ServiceSnapshot[], parts: StateParts): ServiceState[] {
  return snapshots.map(snapshot => {
    const service = serviceState(snapshot.options, parts)
    service.quorum = snapshot.quorum
    service.isSuspended = snapshot.isSuspended
    service.sorryInRules = snapshot.sorryInRules
    for (const [at, server] of service.servers.entries()) {
      const { known, inRules, shownWeight, share = 1, checkers } = snapshot.servers[at]!
      server.known = known
      server.inRules = inRules
      server.shownWeight = shownWeight
      server.growth.share = share
      for (const [i, checker] of server.checkers.entries()) {
        checker.known = checkers[i]!.known
        checker.weight = checkers[i]!.weight
      }
    }
    return service
  })
}
