import { execute, localControl } from '../../../control/operations/execute.js'
import { allServices } from '../../../control/protocol/all-services.js'
import type { ServiceInfo } from '../../../control/protocol/api.js'
import { trialDirectorMaker } from '../../../control/rules/trial-director.js'
import type { Director } from '../../../director/director.js'
import { keyOf } from '../../../control/protocol/service-key.js'
import { serviceRequests } from '../../../fleet/service-requests.js'
import type { FleetService } from '../../../fleet/service-value.js'
import { refusalText } from '../../uvsadm/ask.js'
import { badLine, type Rule } from '../rules/parsed-rules.js'
import { schedulerUrls } from '../options/scheduler-urls.js'

/** Makes trials. `schedulers`: files of schedulers that the directors have. UsageError for one that is none. */
export async function trialMaker(schedulers: readonly string[]): Promise<() => TrialRules> {
  const makeTrial = await trialDirectorMaker({
    devices: [],
    director: { addresses: [], seed: 0 },
    schedulers: schedulerUrls(schedulers),
  })
  return () => new TrialRules(makeTrial())
}

/** Rules that are tried on a director without addresses or traffic, which refuses what any director would. */
export class TrialRules {
  readonly #director: Director

  constructor(director: Director) {
    this.#director = director
  }

  /** Returns why it is refused; then none of it is there. */
  add(service: FleetService): string | undefined {
    for (const request of serviceRequests(service)) {
      const reply = execute(this.#director, request)
      if (reply.ok) continue
      if (request.op !== 'add-service') execute(this.#director, { op: 'delete-service', service: keyOf(service) })
      return reply.message
    }
    return undefined
  }

  /** UsageError, with the line, for the first that is refused. */
  async take(rules: AsyncIterable<Rule>): Promise<void> {
    for await (const rule of rules) {
      const reply = execute(this.#director, rule.request)
      if (!reply.ok) throw badLine(rule, refusalText(reply, rule.refusals))
    }
  }

  /** As the director lists them. */
  async services(): Promise<ServiceInfo[]> {
    const all = await allServices(localControl(this.#director))
    if (!all.ok) throw new Error(all.message)
    return all.value
  }
}
