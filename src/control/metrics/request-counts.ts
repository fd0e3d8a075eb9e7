import type { OperationName, Reply, Request } from '../protocol/operations.js'

/** Counts requests by operation and outcome: 'ok' or the refusal's name. */
export class RequestCounts {
  readonly #byOperation = new Map<OperationName, Map<string, number>>()

  add({ op }: Request, reply: Reply): void {
    const outcome = reply.ok ? 'ok' : reply.refusal
    const outcomes = this.#byOperation.get(op) ?? new Map<string, number>()
    this.#byOperation.set(op, outcomes)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }

  get byOperation(): ReadonlyMap<OperationName, ReadonlyMap<string, number>> {
    return this.#byOperation
  }
}
