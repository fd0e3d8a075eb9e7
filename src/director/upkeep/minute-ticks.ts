import type { ScheduledService } from '../rules/scheduled-service.js'

/** The most schedulers ticked in one turn of the loop. */
const PER_TURN = 32

/** Ticks schedulers that have a cache once a minute, a few in each turn of the loop. */
export class MinuteTicks {
  /** Services whose schedulers have a `tick`, the next one first. */
  readonly #services = new Set<ScheduledService>()
  /** When the first one is due, in ms. */
  #next = Infinity

  /** Puts a service that was just bound or ticked behind the others: none is due later. */
  expect(service: ScheduledService): void {
    this.#services.delete(service)
    if (service.bound.tick) this.#services.add(service)
    this.#next = Math.min(this.#next, service.nextTick)
  }
  /** The service has been deleted. */
  forget(service: ScheduledService): void {
    this.#services.delete(service)
  }

  poll(nowMs: number): void {
    if (nowMs < this.#next) return
    this.#next = Infinity
    let left = PER_TURN
    for (const service of this.#services) {
      if (nowMs < service.nextTick || left-- === 0) {
        this.#next = service.nextTick
        return
      }
      service.tick(nowMs)
      this.expect(service)
    }
  }
}
