import type { Reply, Request } from '../control/protocol/api.js'

export interface Asked {
  id: number
  request: Request
}

/** A reply as JSON: cheaper to send to another thread than an object, and sent by the socket unchanged. */
export interface Answered {
  id: number
  json: string
}

/**
 * Requests to the data plane's thread. They are carried out one after the other, step by step. A request that needs more time than
 * a turn of the loop allows continues in the next turn; no other is begun before it is done.
 */
export class RequestQueue {
  readonly #waiting: Asked[] = []
  readonly #begin: (request: Request) => Generator<void, Reply>
  /** The steps of the first request, once begun. */
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

  /** Works until all is done or `now` passes `until`, by at most a step. Returns the replies. */
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
