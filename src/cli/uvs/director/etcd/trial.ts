import { setImmediate as nextTurn } from 'node:timers/promises'
import { execute, localControl } from '../../../../control/operations/execute.js'
import { allServices } from '../../../../control/protocol/all-services.js'
import type { ServiceInfo } from '../../../../control/protocol/api.js'
import type { Director } from '../../../../director/director.js'
import type { FleetEntry } from '../../../../fleet/fleet-rules.js'
import { KeyError } from '../../../../fleet/key-error.js'
import { serviceRequests } from '../../../../fleet/service-requests.js'
import type { FleetService } from '../../../../fleet/service-value.js'
import { granted } from './granted.js'

/** Services tried between two turns of the event loop. */
const AT_ONCE = 200
/** A director that had more services is not kept. */
const KEPT_MAX = 256

/** Tries services on a director without frames and rules. It is kept, since to make one takes some ms (docs/measurements.md). */
export class Trial {
  readonly #make: () => Director
  #kept: Director | undefined

  constructor(make: () => Director) {
    this.#make = make
  }

  /** Returns how a director lists them. KeyError: one is refused. */
  async list(entries: readonly FleetEntry[]): Promise<ServiceInfo[]> {
    if (entries.length === 0) return []
    const director = this.#kept ?? this.#make()
    this.#kept = undefined
    const refused: { key: string; why: string }[] = []
    for (const [i, { key, service }] of entries.entries()) {
      if (i % AT_ONCE === AT_ONCE - 1) await nextTurn()
      const why = tryService(director, service)
      if (why !== undefined) refused.push({ key, why })
    }
    const listed = granted(await allServices(localControl(director)))
    if (entries.length <= KEPT_MAX && execute(director, { op: 'reset' }).ok) this.#kept = director
    const [first] = refused
    if (first) throw new KeyError(first.key, first.why, refused.length - 1)
    return listed
  }
}

/** Adds it. Why it is refused; undefined: it is not. */
function tryService(director: Director, service: FleetService): string | undefined {
  for (const request of serviceRequests(service)) {
    const reply = execute(director, request)
    if (reply.ok) continue
    const where = 'destination' in request ? `${request.destination.address}:${request.destination.port}: ` : ''
    return `${where}${reply.message}`
  }
  return undefined
}
