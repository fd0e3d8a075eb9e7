import { isDeepStrictEqual } from 'node:util'
import { BATCH_MAX, type Control, type RuleChange, type ServiceKey } from '../../control/protocol/api.js'
import type { RealServer, SorryServer } from '../config/tree/virtual-server.js'
import type { Change } from '../health/action.js'
import { SCHEDULERS_DONE } from '../config/keywords/virtual-server.js'
import type { CheckedService } from '../health/checked-service.js'
import { destinationOf, serviceKeys, serviceSettings } from './service-rules.js'

interface Member {
  readonly server: RealServer | SorryServer
  readonly weight: number
}

/** What was asked for of a virtual server. */
interface Placed {
  readonly keys: readonly ServiceKey[]
  readonly members: Map<string, Member>
  /** By server: where it was refused, though it is not there. */
  readonly missing: Map<string, ServiceKey[]>
}

interface Waiting {
  readonly request: RuleChange
  readonly change: Change
}

/**
 * Carries changes of virtual servers to a director's rules, in order, those of one moment in one batch. Other rules are left alone. A
 * change that is refused, such as a service that somebody has added by hand, is told of, and the rest goes on, as with keepalived.
 */
export class RuleWriter {
  readonly #control: Control
  readonly #refused: (message: string, change?: Change) => void
  readonly #placed = new Map<string, Placed>()
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined

  /** `refused` is told the change, too, of a server that is not there now: the same change again tries it where it was refused. */
  constructor(control: Control, refused: (message: string, change?: Change) => void) {
    this.#control = control
    this.#refused = refused
  }

  change(change: Change): void {
    this.#waiting.push(...this.#requestsOf(change).map(request => ({ request, change })))
    this.#writing ??= this.#write()
  }

  /** All changes so far have been carried out or refused. */
  async written(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  async #write(): Promise<void> {
    // What belongs to one event comes in one turn of the event loop.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const sent = this.#waiting.splice(0, BATCH_MAX)
      const reply = await this.#control.call<'batch'>({ op: 'batch', requests: sent.map(({ request }) => request) })
      if (!reply.ok) this.#refused(reply.message)
      else for (const [i, each] of reply.value.entries()) if (!each.ok) this.#wasRefused(sent[i]!, each)
    }
    this.#writing = undefined
  }

  #wasRefused({ request, change }: Waiting, { refusal, message }: { refusal: string; message: string }): void {
    const placed = this.#placed.get(change.service.name)
    if (request.op !== 'add-destination' || refusal === 'EEXIST' || !placed || !('server' in change))
      return this.#refused(`${ruleOf(change)}: ${message}`)
    const name = nameOf(change.server)
    placed.missing.set(name, [...(placed.missing.get(name) ?? []), request.service])
    this.#refused(`${ruleOf(change)}: ${message}`, change)
  }

  #requestsOf(change: Change): RuleChange[] {
    const { service } = change
    const placed = this.#placed.get(service.name)
    switch (change.kind) {
      case 'add-service': {
        const keys = serviceKeys(service)
        this.#placed.set(service.name, { keys, members: new Map(), missing: new Map() })
        return keys.map(key => addService(service, key))
      }
      case 'edit-service':
        return placed === undefined ? [] : this.#edit(service, placed)
      case 'remove-service':
        this.#placed.delete(service.name)
        return (placed?.keys ?? []).map(key => ({ op: 'delete-service', service: key }))
      case 'remove-server':
        placed?.members.delete(nameOf(change.server))
        placed?.missing.delete(nameOf(change.server))
        return (placed?.keys ?? []).map(key => {
          const { destination } = destinationOf(key, change.server, 0)
          return { op: 'delete-destination', service: key, destination }
        })
      default: {
        const name = nameOf(change.server)
        const isAdded = change.kind === 'add-server'
        const again = isAdded ? placed?.missing.get(name) : undefined
        placed?.missing.delete(name)
        placed?.members.set(name, change)
        const op = isAdded ? 'add-destination' : 'edit-destination'
        return (again ?? placed?.keys ?? []).map(key => ({ op, ...destinationOf(key, change.server, change.weight) }))
      }
    }
  }

  /** Services of a group come and go with its addresses; the others are changed in place. */
  #edit(service: CheckedService, { keys: old, members, missing }: Placed): RuleChange[] {
    const keys = serviceKeys(service)
    this.#placed.set(service.name, { keys, members, missing })
    return [
      ...old.filter(key => !isIn(keys, key)).map((key): RuleChange => ({ op: 'delete-service', service: key })),
      ...keys.flatMap((key): RuleChange[] => {
        if (isIn(old, key)) return [{ op: 'edit-service', service: key, settings: serviceSettings(service, key) }]
        const servers = [...members.values()].map(({ server, weight }): RuleChange => ({
          op: 'add-destination',
          ...destinationOf(key, server, weight),
        }))
        return [addService(service, key), ...servers]
      }),
    ]
  }
}

function isIn(list: readonly ServiceKey[], key: ServiceKey): boolean {
  return list.some(one => isDeepStrictEqual(one, key))
}

function addService(service: CheckedService, key: ServiceKey): RuleChange {
  return { op: 'add-service', service: key, settings: serviceSettings(service, key) }
}

/** The virtual server, and the real server if it is about one, in the words of keepalived's log. */
function ruleOf(change: Change): string {
  if (!('server' in change)) return `VS ${change.service.name}`
  const { address, port } = change.server
  return `[${address}]:${port} of VS ${change.service.name}`
}
function nameOf({ address, port }: { address: string; port: number }): string {
  return `${address} ${port}`
}

/** A rule that a director refuses: of which virtual server, and why. */
export interface RefusedRule {
  readonly service: string
  readonly why: string
}

/**
 * Tries all rules that a configuration can lead to on a director that handles no frames. Returns the first that is refused; undefined:
 * none. Two virtual servers that share a service are no refusal.
 */
export async function triedRules(
  services: readonly CheckedService[],
  trial: Control,
): Promise<RefusedRule | undefined> {
  for (const service of services) {
    const why = await whyRefused(service, trial).catch((error: Error) => error.message)
    if (why !== undefined) return { service: service.name, why }
  }
  return undefined
}

async function whyRefused(service: CheckedService, trial: Control): Promise<string | undefined> {
  for (const key of serviceKeys(service)) {
    const added = await trial.call(addService(service, key))
    if (!added.ok && added.refusal !== 'EEXIST')
      return `lb_algo ${service.scheduler}: ${schedulerHelp(service) ?? added.message}`
    for (const server of service.realServers) {
      const reply = await trial.call({ op: 'add-destination', ...destinationOf(key, server, server.weight) })
      if (!reply.ok && reply.refusal !== 'EEXIST') return `real server ${server.address}: ${reply.message}`
    }
  }
  return undefined
}

/** Of a scheduler that keepalived knows and uvs has not. */
function schedulerHelp({ scheduler }: CheckedService): string | undefined {
  const isDone = SCHEDULERS_DONE.some(name => name === scheduler)
  return isDone ? undefined : `uvs has no such scheduler; it has ${SCHEDULERS_DONE.join(', ')}`
}
