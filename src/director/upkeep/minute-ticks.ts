import type { ScheduledService } from '../rules/scheduled-service.js'

/** Schedulers that are told in one turn of the loop: a bound. */
const PER_TURN = 32

/** Tells schedulers with a cache of their own that a minute is over, a few in each turn of the loop. */
export class MinuteTicks {
  /** Services whose schedulers want their minute, the next one first. */
  readonly #services = new Set<ScheduledService>()
  /** When the first one is due, in ms. */
  #next = Infinity

  /** Puts the service, which has just been bound or told, behind all the others: none is due later. */
  expect(service: ScheduledService): void {
    this.#services.delete(service)
    if (service.bound.tick) this.#services.add(service)
    this.#next = Math.min(this.#next, service.nextTick)
  }
  /** The service has been deleted. */
  forget(service: ScheduledService): void {
    this.#services.delete(service)
  }

  poll(now: number): void {
    if (now < this.#next) return
    this.#next = Infinity
    let left = PER_TURN
    for (const service of this.#services) {
      if (now < service.nextTick || left-- === 0) {
        this.#next = service.nextTick
        return
      }
      service.tick(now)
      this.expect(service)
    }
  }
}
