import { OPERATIONS } from '../control/operations/index.js'
import type { Operation } from '../control/operations/operation.js'
import type { Reply, Request } from '../control/protocol/api.js'
import { ServiceColumns } from '../control/protocol/service-columns.js'

export interface Asked {
  id: number
  request: Request
}

/**
 * A reply as JSON: cheaper to send to another thread than an object, and sent by the socket unchanged. Or its columns, whose memory
 * changes hands.
 */
export type Answered = { id: number; json: string } | { id: number; columns: ServiceColumns }

function answered(id: number, reply: Reply): Answered {
  if (reply.ok && reply.value instanceof ServiceColumns) return { id, columns: reply.value }
  return { id, json: JSON.stringify(reply) }
}
/** The memory that goes with them to the other thread. */
export function memoryOf(all: readonly Answered[]): ArrayBuffer[] {
  return all.flatMap(each => ('columns' in each ? [each.columns.keys.buffer, each.columns.sums.buffer] : []))
}

/** Requests that are carried out one after the other, step by step. */
class Lane {
  readonly #waiting: Asked[] = []
  /** The steps of the first request, once begun. */
  #steps: Generator<void, Reply> | undefined

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  add(asked: Asked): void {
    this.#waiting.push(asked)
  }

  /** A step of the first request. Returns its reply if it is done. */
  step(begin: (request: Request) => Generator<void, Reply>): Answered | undefined {
    const { id, request } = this.#waiting[0]!
    this.#steps ??= begin(request)
    const step = this.#steps.next()
    if (!step.done) return undefined
    this.#waiting.shift()
    this.#steps = undefined
    return answered(id, step.value)
  }
}

/**
 * Requests to the data plane's thread. A request that needs more time than a turn of the loop allows continues in the next turn; no
 * other is begun before it is done. Those that may be overtaken have a lane of their own: a step a turn, and the time that no other needs.
 */
export class RequestQueue {
  readonly #lane = new Lane()
  readonly #slowLane = new Lane()
  readonly #begin: (request: Request) => Generator<void, Reply>

  constructor(begin: (request: Request) => Generator<void, Reply>) {
    this.#begin = begin
  }

  get isEmpty(): boolean {
    return this.#lane.isEmpty && this.#slowLane.isEmpty
  }

  add(asked: readonly Asked[]): void {
    for (const each of asked) {
      const { isOvertaken } = OPERATIONS[each.request.op] as Operation
      ;(isOvertaken ? this.#slowLane : this.#lane).add(each)
    }
  }

  /** Works until all is done or `now` passes `until`, by at most a step of each lane. Returns the replies. */
  work(until: number, now: () => number): Answered[] {
    const done: Answered[] = []
    for (const lane of [this.#lane, this.#slowLane])
      while (!lane.isEmpty) {
        const reply = lane.step(this.#begin)
        if (reply) done.push(reply)
        if (now() >= until) break
      }
    return done
  }
}
