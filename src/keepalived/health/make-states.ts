import type { Act } from './action.js'
import { CheckerState, type Known } from './checker-state.js'
import { ServerState, type FileState } from './server-state.js'
import type { Checker } from '../config/tree/checker.js'
import type { RealServer } from '../config/tree/virtual-server.js'
import type { CheckedService } from './checked-service.js'
import { ServiceState, type HealthSettings } from './service-state.js'

/** What states are made with. */
export interface StateParts {
  readonly act: Act
  readonly settings: HealthSettings
  readonly fileValue: (trackFile: string) => number
}

export function serviceStates(services: readonly CheckedService[], parts: StateParts): ServiceState[] {
  return services.map(options => serviceState(options, parts))
}

/** A service with its servers, of which nothing is known yet. */
export function serviceState(options: CheckedService, parts: StateParts): ServiceState {
  const service = new ServiceState(options, parts.act, parts.settings)
  service.servers = options.realServers.map(server => serverState(server, service, parts))
  return service
}

export function serverState(options: RealServer, service: ServiceState, parts: StateParts): ServerState {
  const server = new ServerState(options, service, (changed, nowMs) => service.recheck(changed, nowMs))
  server.checkers = options.checkers.flatMap(checker => checkerState(checker, server, 'unknown'))
  server.files = fileStates(options, parts)
  return server
}

/** None for what is not done in checks: files are watched, BFD is not there. */
export function checkerState(checker: Checker, server: ServerState, known: Known): CheckerState[] {
  return checker.kind === 'BFD_CHECK' || checker.kind === 'FILE_CHECK' ? [] : [new CheckerState(checker, server, known)]
}

export function fileStates({ checkers }: RealServer, { fileValue }: StateParts): FileState[] {
  return checkers.flatMap(checker =>
    checker.kind === 'FILE_CHECK' ? [{ checker, value: fileValue(checker.trackFile ?? '') }] : [],
  )
}
