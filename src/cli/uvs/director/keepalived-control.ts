import type {
  Answer,
  Control,
  HealthPage,
  OperationName,
  Operations,
  ReloadPlanPage,
  Reply,
  Request,
  VrrpInfo,
} from '../../../control/protocol/api.js'

/** What a running keepalived.conf tells of itself. */
export interface Seen {
  healthPage(from: number): HealthPage
  vrrp(): VrrpInfo
  planReload(file: string, from: number): Promise<Answer<ReloadPlanPage>>
}

/**
 * A director, and in front of it what this thread runs of a keepalived.conf: requests about that do not go to the data plane, which knows nothing
 * of it and refuses them.
 */
export class KeepalivedControl implements Control {
  readonly #director: Control
  #seen: Seen | undefined

  constructor(director: Control) {
    this.#director = director
  }

  /** From now on it is asked. */
  show(seen: Seen): void {
    this.#seen = seen
  }

  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    const asked = request as Request
    if (this.#seen && asked.op === 'plan-reload')
      return (await this.#seen.planReload(asked.file, asked.from)) as Reply<O>
    const value = this.#seen && answered(this.#seen, request)
    return value === undefined ? this.#director.call(request) : ({ ok: true, value } as Reply<O>)
  }
}

/** Undefined: it is the data plane's. */
function answered(seen: Seen, request: Request): Operations[OperationName]['value'] | undefined {
  if (request.op === 'health') return seen.healthPage(request.from ?? 0)
  return request.op === 'vrrp' ? seen.vrrp() : undefined
}
