import type { EventQueue } from './event-queue.js'

/** A request at a real server. */
export interface Job {
  readonly arrivedMs: number
  /** How long it takes once it has a place. */
  readonly workMs: number
  readonly done: () => void
}

/** Places at which requests are worked, and those that wait for one. */
export class WorkQueue {
  busy = 0
  queueMost = 0
  queuedMsMost = 0
  readonly #events: EventQueue
  readonly #places: number
  readonly #room: number
  #waiting: Job[] = []
  /** Jobs of a real server that has failed since are nobody's. */
  #era = 0
  #busyMs = 0
  #countedMs = 0

  constructor(events: EventQueue, places: number, room: number) {
    this.#events = events
    this.#places = places
    this.#room = room
  }

  get queued(): number {
    return this.#waiting.length
  }
  /** The time of all places that were taken, up to now. */
  get busyMs(): number {
    this.#count()
    return this.#busyMs
  }

  /** Returns false if it neither has a place nor may wait. */
  add(job: Job): boolean {
    if (this.busy < this.#places) this.#begin(job)
    else if (this.#waiting.length < this.#room) {
      this.#waiting.push(job)
      this.queueMost = Math.max(this.queueMost, this.#waiting.length)
    } else return false
    return true
  }
  /** All that is worked at or waits is lost. */
  clear(): void {
    this.#count()
    this.#era++
    this.busy = 0
    this.#waiting = []
  }

  #begin(job: Job): void {
    this.#count()
    this.busy++
    this.queuedMsMost = Math.max(this.queuedMsMost, this.#events.nowMs - job.arrivedMs)
    const era = this.#era
    this.#events.after(job.workMs, () => {
      if (era !== this.#era) return
      this.#count()
      this.busy--
      job.done()
      const next = this.#waiting.shift()
      if (next) this.#begin(next)
    })
  }
  #count(): void {
    const now = this.#events.nowMs
    this.#busyMs += this.busy * (now - this.#countedMs)
    this.#countedMs = now
  }
}
