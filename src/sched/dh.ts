import type { Destination } from '../service/destination.js'
import type { Service } from '../service/service.js'
import { goldenHash } from './hash.js'
import type { BoundScheduler, Flow, Scheduler } from './scheduler.js'

const BUCKET_BITS = 8
const BUCKETS = 2 ** BUCKET_BITS

/** Destination hash: as sh, by the virtual address and without weights (ipvs-behaviour.md §3.6). For caches behind one mark. */
export const dh: Scheduler = { name: 'dh', bind: service => new DestinationHash(service) }

class DestinationHash implements BoundScheduler {
  readonly #service: Service
  readonly #buckets: (Destination | undefined)[] = Array.from({ length: BUCKETS })

  constructor(service: Service) {
    this.#service = service
    this.#fill()
  }

  schedule(flow: Flow): Destination | undefined {
    const dest = this.#buckets[goldenHash(flow.vaddr, BUCKET_BITS)]
    return dest?.available && dest.eligible ? dest : undefined
  }
  added(): void {
    this.#fill()
  }
  removed(): void {
    this.#fill()
  }

  #fill(): void {
    const { destinations } = this.#service
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#buckets[bucket] = destinations[bucket % destinations.length]
  }
}
