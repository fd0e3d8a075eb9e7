import type { MarkRuleInfo, Reply, Request } from '../../../../control/protocol/api.js'

/** The rules of marks that a director has: no operation lists them. */
export class SeenMarks {
  #rules: readonly MarkRuleInfo[]

  /** `given`: at the start. */
  constructor(given: readonly MarkRuleInfo[]) {
    this.#rules = given
  }

  get all(): readonly MarkRuleInfo[] {
    return this.#rules
  }

  /** Told of each request of the control socket. */
  saw(request: Request, reply: Reply): void {
    if (!reply.ok) return
    if (request.op === 'add-mark') this.#rules = [...this.#rules, request.rule]
    if (request.op === 'clear-marks' || request.op === 'reset') this.#rules = []
  }
}
