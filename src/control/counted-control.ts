import type { Control, Operation, Reply, Request } from './api.js'

/** Requests by operation and how they ended: 'ok' or the refusal's name. */
export type RequestCounts = ReadonlyMap<Operation, ReadonlyMap<string, number>>

/** The same control, with what is asked through it counted. */
export class CountedControl implements Control {
  readonly counts = new Map<Operation, Map<string, number>>()
  readonly #control: Control

  constructor(control: Control) {
    this.#control = control
  }

  async call<O extends Operation>(request: Request<O>): Promise<Reply<O>> {
    const reply = await this.#control.call(request)
    const outcomes = this.counts.get(request.op) ?? new Map<string, number>()
    this.counts.set(request.op, outcomes)
    const outcome = reply.ok ? 'ok' : reply.refusal
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    return reply
  }
}
