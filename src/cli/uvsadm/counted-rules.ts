import type { Answer, Control, OperationName, Reply, Request, RuleChange } from '../../control/protocol/api.js'

/** Passes one input's requests to the director, and records their effect on the services. */
export class CountedRules implements Control {
  /** Services that were added. */
  added = 0
  /** Whether -C or -D was requested. */
  isDeleting = false
  protected readonly director: Control

  constructor(director: Control) {
    this.director = director
  }

  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    const asked: Request = request
    if (asked.op !== 'batch') return this.otherwise(request)
    const reply = await this.batch(asked.requests)
    if (reply.ok) for (const [i, { ok }] of reply.value.entries()) if (ok) this.#count(asked.requests[i]?.op)
    return reply as Reply<O>
  }

  protected batch(requests: RuleChange[]): Promise<Answer<Answer<null>[]>> {
    return this.director.call<'batch'>({ op: 'batch', requests })
  }
  protected otherwise<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    this.#count(request.op)
    return this.director.call(request)
  }

  #count(op: OperationName | undefined): void {
    if (op === 'add-service') this.added++
    if (op === 'flush' || op === 'delete-service') this.isDeleting = true
  }
}

/** Not a rule: its output shows the present rules. */
export class NoRule extends Error {}

/** The same, but stages each request in the open transaction. Throws NoRule for a request that cannot be staged. */
export class StagedRules extends CountedRules {
  protected override async batch(requests: RuleChange[]): Promise<Answer<Answer<null>[]>> {
    const answers: Answer<null>[] = []
    while (answers.length < requests.length) {
      const reply = await this.director.call<'stage'>({ op: 'stage', requests: requests.slice(answers.length) })
      if (!reply.ok) return reply
      const { accepted, refused } = reply.value
      for (let i = 0; i < accepted; i++) answers.push({ ok: true, value: null })
      if (refused) answers.push({ ok: false, ...refused })
    }
    return { ok: true, value: answers }
  }
  protected override otherwise(): never {
    throw new NoRule()
  }
}
