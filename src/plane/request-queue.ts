import type { Reply, Request } from '../control/protocol/api.js'

export interface Asked {
  id: number
  request: Request
}

/** The reply as JSON: it crosses to another thread cheaper than as an object, and goes out by the socket as it is. */
export interface Answered {
  id: number
  json: string
}

/**
 * Requests that wait for the data plane's thread, carried out one after the other, a step at a time: what takes longer
 * than a turn of the loop may have for it goes on in the next turn, and nothing else is begun before it is done.
 */
export class RequestQueue {
  readonly #waiting: Asked[] = []
  readonly #begin: (request: Request) => Generator<void, Reply>
  /** Of the first that waits, once it has been begun. */
  #steps: Generator<void, Reply> | undefined

  constructor(begin: (request: Request) => Generator<void, Reply>) {
    this.#begin = begin
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  add(asked: readonly Asked[]): void {
    this.#waiting.push(...asked)
  }

  /** Works until all is done or `now` is past `until`, by a step at the most. Answers what is done. */
  work(until: number, now: () => number): Answered[] {
    const answered: Answered[] = []
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      this.#steps ??= this.#begin(first.request)
      const step = this.#steps.next()
      if (step.done) {
        answered.push({ id: first.id, json: JSON.stringify(step.value) })
        this.#waiting.shift()
        this.#steps = undefined
      }
      if (now() >= until) break
    }
    return answered
  }
}
