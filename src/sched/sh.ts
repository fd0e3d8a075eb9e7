import type { Destination } from '../service/destination.js'
import { SchedFlag } from '../service/service-settings.js'
import type { Service } from '../service/service.js'
import { AS_IT_CAME, BY_THE_RULES, type HashOrder } from './hash-order.js'
import { goldenHash, hashedPort } from './hash.js'
import type { BoundScheduler, Flow, Scheduler, SchedulerView } from './scheduler.js'
import { placesView } from './views.js'

const BUCKET_BITS = 8
const BUCKETS = 2 ** BUCKET_BITS

/**
 * Source hash: a client hashes to one of 256 buckets, and each bucket has one server; a server fills as many consecutive buckets
 * as its weight (ipvs-behaviour.md §3.5). A server of weight 0 fills one too, and refuses there, unless sh-fallback is set.
 */
export const sh: Scheduler = { name: 'sh', bind: service => new SourceHash(service, AS_IT_CAME) }
/** The same buckets on every director with the same rules. */
export const fleetSh: Scheduler = { name: 'sh', bind: service => new SourceHash(service, BY_THE_RULES) }

class SourceHash implements BoundScheduler {
  readonly #service: Service
  readonly #order: HashOrder
  /** Filled at first use: of many services, some never get a packet. */
  #buckets: (Destination | undefined)[] | undefined

  constructor(service: Service, order: HashOrder) {
    this.#service = service
    this.#order = order
  }

  schedule(flow: Flow): Destination | undefined {
    const { schedFlags } = this.#service.settings
    const bucket = this.#bucketOf(flow)
    const buckets = (this.#buckets ??= this.#fill())
    const dest = buckets[bucket]
    if (dest === undefined || dest.eligible) return dest
    return schedFlags & SchedFlag.FALLBACK ? fallback(buckets, bucket) : undefined
  }
  view(flow: Flow): SchedulerView {
    const otherwise = this.#service.settings.schedFlags & SchedFlag.FALLBACK ? '; if it refuses, of a later bucket' : ''
    return placesView('bucket', (this.#buckets ??= this.#fill()), this.#bucketOf(flow), otherwise)
  }
  added(): void {
    this.#buckets = undefined
  }
  edited(): void {
    this.#buckets = undefined
  }
  removed(): void {
    this.#buckets = undefined
  }

  #bucketOf(flow: Flow): number {
    const { schedFlags } = this.#service.settings
    return goldenHash((schedFlags & SchedFlag.PORT ? hashedPort(flow) : 0) + flow.caddr, BUCKET_BITS)
  }
  #fill(): (Destination | undefined)[] {
    const buckets: (Destination | undefined)[] = Array.from({ length: BUCKETS })
    const destinations = this.#order.servers(this.#service)
    let which = 0
    let given = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const dest = destinations[which]
      buckets[bucket] = dest
      if (dest === undefined || ++given < dest.weight) continue
      which = (which + 1) % destinations.length
      given = 0
    }
    return buckets
  }
}

/** From twice the bucket's number on, once round the table: the kernel's order. */
function fallback(buckets: readonly (Destination | undefined)[], bucket: number): Destination | undefined {
  for (let i = 0; i < BUCKETS; i++) {
    const dest = buckets[(2 * bucket + i) % BUCKETS]!
    if (dest.eligible) return dest
  }
  return undefined
}
