import type { Control, OperationName, Reply, Request, RuleChange } from '../../control/protocol/api.js'
import type { Change } from '../health/action.js'
import type { ServiceSnapshot } from '../health/snapshot.js'
import { RuleWriter } from './rule-writer.js'

/** The rule changes that a writer sends for `changes`, whose rules are those of `before`. Nothing is sent. */
export async function changeRequests(
  before: readonly ServiceSnapshot[],
  changes: readonly Change[],
): Promise<RuleChange[]> {
  const sent: RuleChange[] = []
  const writer = new RuleWriter(new Taker(sent), () => {})
  for (const change of before.flatMap(placing)) writer.change(change)
  await writer.written()
  sent.length = 0
  for (const change of changes) writer.change(change)
  await writer.written()
  return sent
}

/** What puts into the rules what is in them. */
function placing({ options: service, sorryInRules, servers }: ServiceSnapshot): Change[] {
  const { realServers, sorryServer } = service
  const members = realServers.flatMap((server, at): Change[] => {
    const weight = servers[at]!.inRules
    return weight === undefined ? [] : [{ kind: 'add-server', service, server, weight }]
  })
  const sorry: Change[] =
    sorryServer && sorryInRules !== undefined
      ? [{ kind: 'add-server', service, server: sorryServer, weight: sorryInRules }]
      : []
  return [{ kind: 'add-service', service }, ...members, ...sorry]
}

/** A director that takes every batch. */
export class Taker implements Control {
  readonly #taken: RuleChange[]

  constructor(taken: RuleChange[]) {
    this.#taken = taken
  }

  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    if (request.op !== 'batch') throw new RangeError(`a rule writer sends batches, and no '${request.op}'`)
    const { requests } = request as Request<'batch'>
    this.#taken.push(...requests)
    return { ok: true, value: requests.map(() => ({ ok: true, value: null })) } as Reply<O>
  }
}

/** A writer's way to a director. While it is shut, what the writer sends counts as carried out: a reload has done it. */
export class Gate implements Control {
  isShut = false
  readonly #director: Control

  constructor(director: Control) {
    this.#director = director
  }

  call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    return this.isShut ? new Taker([]).call(request) : this.#director.call(request)
  }
}
