import type { Action, Change } from './action.js'
import { CheckMachine } from './check-machine.js'
import type { CheckedService } from './checked-service.js'
import type { ServerState } from './server-state.js'
import { statesOf, type ServiceSnapshot } from './snapshot.js'

export interface Rehearsal {
  readonly fileValue: (trackFile: string) => number
  readonly isSuspended: (service: CheckedService) => boolean
  /** Real servers that are new: their first checks have not been, and may fail. */
  readonly newServers: 'count as up' | 'are left out'
}

/** What a reload would change in the rules, in its order: it is done on a copy, and nothing else happens. */
export function rehearseReload(
  before: readonly ServiceSnapshot[],
  services: readonly CheckedService[],
  { fileValue, isSuspended, newServers }: Rehearsal,
): Change[] {
  const changes: Change[] = []
  const settings = { rsInitNotifies: false }
  const act = (action: Action): void => {
    if (isChange(action)) changes.push(action)
  }
  const idle = { begin: () => {}, abandon: () => {}, random: () => 0 }
  const machine = new CheckMachine({ services: [], settings, act, ...idle, fileValue, isSuspended })
  machine.services = statesOf(before, { act, settings, fileValue })
  const old = new Set(machine.services.flatMap(({ servers }) => servers))
  machine.reload(services, 0)
  if (newServers === 'count as up') for (const server of newIn(machine, old)) trust(server)
  return changes
}

export function isChange(action: Action): action is Change {
  return 'service' in action
}

function newIn({ services }: CheckMachine, old: ReadonlySet<ServerState>): ServerState[] {
  return services.flatMap(({ servers }) => servers.filter(server => !old.has(server) && server.known === 'unknown'))
}

function trust(server: ServerState): void {
  for (const checker of server.checkers) checker.trust(0)
  server.recheck(0)
}
