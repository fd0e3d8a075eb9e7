import { isDeepStrictEqual } from 'node:util'
import type { CheckerState } from './checker-state.js'
import { checkerState, fileStates, serverState, serviceState, type StateParts } from './make-states.js'
import type { ServerState } from './server-state.js'
import type { RealServer } from '../config/tree/virtual-server.js'
import type { CheckedService } from './checked-service.js'
import type { ServiceState } from './service-state.js'

export interface Reloaded {
  readonly added: ServiceState[]
  /** Checkers that are no more. */
  readonly gone: readonly CheckerState[]
}

/**
 * The states of another configuration. A service is found again by its target and protocol, a server by address and port: their rules are
 * changed in place, and what did not change is not touched. A checker is found again if it is the same in all; one that changed is new:
 * of a server that was up it counts as up and decides with retries, of one that was down nothing is known until its first check.
 */
export function applyReload(
  services: readonly ServiceState[],
  options: readonly CheckedService[],
  parts: StateParts,
  nowMs: number,
): Reloaded {
  const gone: CheckerState[] = []
  const kept = new Map<CheckedService, ServiceState>()
  const left = [...services]
  for (const wanted of options) {
    const at = left.findIndex(({ options: old }) => isSameService(old, wanted))
    if (at >= 0) kept.set(wanted, left.splice(at, 1)[0]!)
  }
  for (const service of left) {
    parts.act({ kind: 'log', line: `Removing Virtual Server ${service.name}` })
    gone.push(...service.servers.flatMap(({ checkers }) => checkers))
    parts.act({ kind: 'remove-service', service: service.options })
  }
  const added = options.map(wanted => {
    const service = kept.get(wanted)
    if (service) {
      gone.push(...changeService(service, wanted, parts))
      return service
    }
    const created = serviceState(wanted, parts)
    created.sinceMs = nowMs
    parts.act({ kind: 'add-service', service: wanted })
    return created
  })
  return { added, gone }
}

function isSameService(a: CheckedService, b: CheckedService): boolean {
  return a.protocol === b.protocol && isDeepStrictEqual(a.target, b.target)
}

function changeService(service: ServiceState, wanted: CheckedService, parts: StateParts): CheckerState[] {
  const was = service.options
  service.dropSorryUnless(wanted.sorryServer)
  service.options = wanted
  if (!isDeepStrictEqual(rulesOf(was), rulesOf(wanted))) parts.act({ kind: 'edit-service', service: wanted, was })
  const gone: CheckerState[] = []
  const left = [...service.servers]
  const servers = wanted.realServers.map(options => {
    const at = left.findIndex(({ options: old }) => old.address === options.address && old.port === options.port)
    if (at < 0) return newServer(options, service, parts)
    const server = left.splice(at, 1)[0]!
    gone.push(...changeServer(service, server, options, parts))
    return server
  })
  for (const server of left) {
    parts.act({ kind: 'log', line: `service ${server.name} no longer exist` })
    service.drop(server)
    gone.push(...server.checkers)
  }
  service.servers = servers
  return gone
}

function newServer(options: RealServer, service: ServiceState, parts: StateParts): ServerState {
  const server = serverState(options, service, parts)
  server.isNew = true
  return server
}

/** What of a service stands in its rule. */
function rulesOf({ realServers: _servers, sorryServer: _sorry, ...service }: CheckedService): object {
  const { scheduler, flags, ops, persistenceSeconds, persistenceGranularity, persistenceEngine, entries } = service
  return { scheduler, flags, ops, persistenceSeconds, persistenceGranularity, persistenceEngine, entries }
}

function changeServer(
  service: ServiceState,
  server: ServerState,
  options: RealServer,
  parts: StateParts,
): CheckerState[] {
  const was = server.options
  const old = [...server.checkers]
  server.options = options
  server.checkers = options.checkers.flatMap(checker => {
    const at = old.findIndex(state => isDeepStrictEqual(state.checker, checker))
    if (at >= 0) return old.splice(at, 1)
    return checkerState(checker, server, server.known === 'up' ? 'up' : 'unknown')
  })
  server.files = fileStates(options, parts)
  if (!options.slowStartMs) server.growth.end()
  const { method, upperThreshold, lowerThreshold } = options
  if (!isDeepStrictEqual({ method, upperThreshold, lowerThreshold }, pick(was))) service.rewrite(server)
  return old
}

function pick({ method, upperThreshold, lowerThreshold }: RealServer): object {
  return { method, upperThreshold, lowerThreshold }
}
