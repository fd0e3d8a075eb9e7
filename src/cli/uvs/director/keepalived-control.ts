import type {
  Answer,
  Control,
  HealthPage,
  OperationName,
  ReloadPlanPage,
  Reply,
  Request,
  VrrpInfo,
} from '../../../control/protocol/api.js'
import { type Cidr, parseCidr } from '../../../wire/addr.js'

/** What a running keepalived.conf tells of itself. */
export interface Seen {
  healthPage(from: number): HealthPage
  vrrp(): VrrpInfo
  planReload(file: string, from: number): Promise<Answer<ReloadPlanPage>>
  /** Why nobody but a virtual router claims the block; undefined: anybody may. */
  whyNotClaimed(block: Cidr): string | undefined
  /** The same of letting go. */
  whyNotLetGo(block: Cidr): string | undefined
}

/**
 * A director, and in front of it what this thread runs of a keepalived.conf: requests about that do not go to the data plane, which knows nothing
 * of it and refuses them. Until it runs they are refused here, if it `isExpected`. So are those about an address that a virtual router has.
 */
export class KeepalivedControl implements Control {
  readonly #director: Control
  readonly #isExpected: boolean
  #seen: Seen | undefined

  constructor(director: Control, isExpected: boolean) {
    this.#director = director
    this.#isExpected = isExpected
  }

  /** From now on it is asked. */
  show(seen: Seen): void {
    this.#seen = seen
  }

  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    const asked = request as Request
    const why = this.#seen && whyRefused(this.#seen, asked)
    if (why !== undefined) return { ok: false, refusal: 'EINVAL', message: why }
    if (!isAboutKeepalived(asked)) return this.#director.call(request)
    if (this.#seen) return (await answer(this.#seen, asked)) as Reply<O>
    return this.#isExpected ? STARTING : this.#director.call(request)
  }
}

type Asked = Request<'health' | 'vrrp' | 'plan-reload'>

const STARTING = {
  ok: false,
  refusal: 'EOPNOTSUPP',
  message: 'the director is starting: its keepalived.conf does not run yet',
} as const

function isAboutKeepalived(request: Request): request is Asked {
  return request.op === 'health' || request.op === 'vrrp' || request.op === 'plan-reload'
}

function whyRefused(seen: Seen, request: Request): string | undefined {
  if (request.op !== 'add-vip' && request.op !== 'delete-vip') return undefined
  const block = parseCidr(request.cidr)
  if (block === undefined) return undefined
  return request.op === 'add-vip' ? seen.whyNotClaimed(block) : seen.whyNotLetGo(block)
}

async function answer(seen: Seen, asked: Asked): Promise<Answer<HealthPage | VrrpInfo | ReloadPlanPage>> {
  if (asked.op === 'plan-reload') return seen.planReload(asked.file, asked.from)
  return { ok: true, value: asked.op === 'health' ? seen.healthPage(asked.from ?? 0) : seen.vrrp() }
}
