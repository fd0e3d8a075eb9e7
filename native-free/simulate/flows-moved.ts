/*
 * How many flows a change of the rules moves, by the director's own decisions:
 * 1. new flows         each flow's first packet to a director with the rules before, and to one with those after; a connection that is open
 *                      is placed on the first where it is
 * 2. open connections  on the first of the two the change is applied; then the next packet of each flow
 * 3. clients           there, a new flow of each flow's client
 */
import { nameOfService } from '../../src/director/rules/service-name.js'
import type { FlowDirector, Outcome } from './flows-moved-director.js'
import type { ClientFlow } from './flows-moved-frames.js'

/** So many flows from one real server to another; where there is none: why, in words. */
export interface MovedRow {
  from: string
  to: string
  flows: number
}
/** Of flows that begin: before and after. */
export interface NewFlowsMoved {
  flows: number
  /** To the same real server, or to none both times. */
  same: number
  elsewhere: number
  /** Of `elsewhere`, those whose real server takes no new connections after the change, or had none: they have to move. */
  mustMove: number
  rows: MovedRow[]
  /** How many each real server has, and where it has none, why. */
  servers: ServerFlows[]
}
export interface ServerFlows {
  server: string
  before: number
  after: number
}
/** Of connections that were open when the rules changed. */
export interface OpenMoved {
  flows: number
  stay: number
  move: number
  /** The next packet went to no real server. */
  break: number
  rows: MovedRow[]
}
export interface ServiceMoved {
  service: string
  /** Empty: the rules do not have it. */
  before: ServiceRules | undefined
  after: ServiceRules | undefined
  newFlows: NewFlowsMoved
  open: OpenMoved
  returning: NewFlowsMoved
}
export interface ServiceRules {
  scheduler: string
  /** Seconds; 0: none. */
  persistence: number
}
export interface FlowsMoved {
  /** Flows that a service of either has. */
  flows: number
  /** Those that none has. */
  forNoService: number
  services: ServiceMoved[]
}

export interface FlowsMovedOptions {
  flows: readonly ClientFlow[]
  /** With the rules before, and with those after. */
  before: FlowDirector
  after: FlowDirector
  /** Makes the rules of `before` those of `after`, as on a director that runs. */
  apply: () => Promise<void>
  /** Is told now and then how much of the work is done, 0 to 1. */
  reached?: (share: number) => void
}

/** Each flow is looked at so often. */
const STEPS = 4
const REACHED_EVERY = 4096

/** The same for the same flows and rules. */
export async function flowsMoved({ flows, before, after, apply, reached }: FlowsMovedOptions): Promise<FlowsMoved> {
  let done = 0
  const count = (): void => {
    if (++done % REACHED_EVERY === 0) reached?.(done / (STEPS * flows.length))
  }
  const counts = new Map<string, ServiceCount>()
  const ofFlow = flows.map(flow => serviceCount(counts, flow, before, after))
  const meant = flows.filter((_, at) => ofFlow[at] !== undefined)
  const countOf = ofFlow.filter(count => count !== undefined)
  const was = meant.map(flow => {
    count()
    return before.place(flow)
  })
  meant.forEach((flow, at) => {
    count()
    countOf[at]!.newFlows.add(was[at]!, after.open(flow))
  })
  await apply()
  before.turn()
  meant.forEach((flow, at) => {
    count()
    if (was[at]!.server !== undefined) countOf[at]!.open.add(was[at]!, before.goOn(flow))
  })
  meant.forEach((flow, at) => {
    count()
    countOf[at]!.returning.add(was[at]!, before.open(before.nextFlowOf(flow)))
  })
  const services = [...counts.values()].toSorted((a, b) => (a.service < b.service ? -1 : 1))
  return {
    flows: meant.length,
    forNoService: flows.length - meant.length,
    services: services.map(count => count.result()),
  }
}

/** The count of the service that the flow is for before, or else after. */
function serviceCount(
  counts: Map<string, ServiceCount>,
  flow: ClientFlow,
  before: FlowDirector,
  after: FlowDirector,
): ServiceCount | undefined {
  const [one, other] = [before.serviceOf(flow), after.serviceOf(flow)]
  const service = one ?? other
  if (service === undefined) return undefined
  const name = nameOfService(service)
  let count = counts.get(name)
  if (count === undefined) {
    const rules = [one, other].map(each => each && rulesOf(each))
    counts.set(name, (count = new ServiceCount(name, rules[0], rules[1], after.serversOf(name, other))))
  }
  return count
}
function rulesOf({ scheduler, settings }: NonNullable<ReturnType<FlowDirector['serviceOf']>>): ServiceRules {
  return { scheduler: scheduler.name, persistence: settings.persistence }
}

class ServiceCount {
  readonly newFlows: NewFlowsCount
  readonly returning: NewFlowsCount
  readonly open = new OpenCount()
  readonly service: string
  readonly #before: ServiceRules | undefined
  readonly #after: ServiceRules | undefined

  /** `stay`: the real servers that take new connections afterwards. */
  constructor(
    service: string,
    before: ServiceRules | undefined,
    after: ServiceRules | undefined,
    stay: ReadonlySet<string>,
  ) {
    this.service = service
    this.#before = before
    this.#after = after
    this.newFlows = new NewFlowsCount(stay)
    this.returning = new NewFlowsCount(stay)
  }

  result(): ServiceMoved {
    return {
      service: this.service,
      before: this.#before,
      after: this.#after,
      newFlows: this.newFlows.result(),
      open: this.open.result(),
      returning: this.returning.result(),
    }
  }
}

class NewFlowsCount {
  #flows = 0
  #elsewhere = 0
  #mustMove = 0
  readonly #rows = new Rows()
  readonly #servers = new Map<string, ServerFlows>()
  readonly #stay: ReadonlySet<string>

  constructor(stay: ReadonlySet<string>) {
    this.#stay = stay
  }

  add(was: Outcome, is: Outcome): void {
    this.#flows++
    this.#rows.add(was, is)
    this.#of(was).before++
    this.#of(is).after++
    if (was.server === is.server) return
    this.#elsewhere++
    if (was.server === undefined || !this.#stay.has(was.server)) this.#mustMove++
  }
  result(): NewFlowsMoved {
    const [flows, elsewhere] = [this.#flows, this.#elsewhere]
    const servers = [...this.#servers.values()].toSorted((a, b) => (a.server < b.server ? -1 : 1))
    return { flows, same: flows - elsewhere, elsewhere, mustMove: this.#mustMove, rows: this.#rows.result(), servers }
  }

  #of({ server: chosen, verdict }: Outcome): ServerFlows {
    const server = chosen ?? verdict
    let found = this.#servers.get(server)
    if (found === undefined) this.#servers.set(server, (found = { server, before: 0, after: 0 }))
    return found
  }
}

class OpenCount {
  #stay = 0
  #move = 0
  #break = 0
  readonly #rows = new Rows()

  add(was: Outcome, is: Outcome): void {
    if (is.server === undefined) this.#break++
    else if (is.server === was.server) this.#stay++
    else this.#move++
    this.#rows.add(was, is)
  }
  result(): OpenMoved {
    const [stay, move, broken] = [this.#stay, this.#move, this.#break]
    return { flows: stay + move + broken, stay, move, break: broken, rows: this.#rows.result() }
  }
}

/** All but those that go to the same real server. */
class Rows {
  readonly #flows = new Map<string, Map<string, number>>()

  add(was: Outcome, is: Outcome): void {
    if (was.server !== undefined && was.server === is.server) return
    const from = was.server ?? was.verdict
    const to = is.server ?? is.verdict
    let row = this.#flows.get(from)
    if (row === undefined) this.#flows.set(from, (row = new Map<string, number>()))
    row.set(to, (row.get(to) ?? 0) + 1)
  }
  result(): MovedRow[] {
    const rows = [...this.#flows].flatMap(([from, row]) => [...row].map(([to, flows]) => ({ from, to, flows })))
    return rows.toSorted((a, b) => b.flows - a.flows || (a.from + a.to < b.from + b.to ? -1 : 1))
  }
}
