import type { Destination } from '../service/destination.js'
import type { Service } from '../service/service.js'
import { goldenHash } from './hash.js'
import type { BoundScheduler, Flow, Scheduler, SchedulerView } from './scheduler.js'
import { placesView } from './views.js'

const BUCKET_BITS = 8
const BUCKETS = 2 ** BUCKET_BITS

/** Destination hash: as sh, by the virtual address and without weights (ipvs-behaviour.md §3.6). For caches behind one mark. */
export const dh: Scheduler = { name: 'dh', bind: service => new DestinationHash(service) }

class DestinationHash implements BoundScheduler {
  readonly #service: Service
  /** Filled at first use: of many services, some never get a packet. */
  #buckets: (Destination | undefined)[] | undefined

  constructor(service: Service) {
    this.#service = service
  }

  schedule(flow: Flow): Destination | undefined {
    const dest = (this.#buckets ??= this.#fill())[goldenHash(flow.vaddr, BUCKET_BITS)]
    return dest?.available && dest.eligible ? dest : undefined
  }
  view(flow: Flow): SchedulerView {
    return placesView('bucket', (this.#buckets ??= this.#fill()), goldenHash(flow.vaddr, BUCKET_BITS), '')
  }
  added(): void {
    this.#buckets = undefined
  }
  removed(): void {
    this.#buckets = undefined
  }

  #fill(): (Destination | undefined)[] {
    const { destinations } = this.#service
    return Array.from({ length: BUCKETS }, (_, bucket) => destinations[bucket % destinations.length])
  }
}
