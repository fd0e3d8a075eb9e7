import type {
  Answer,
  BlockChange,
  Control,
  InstanceChange,
  PlannedChange,
  ReloadPlanPage,
} from '../../../control/protocol/api.js'
import { allServices } from '../../../control/protocol/all-services.js'
import { fit } from '../../../control/rules/fit.js'
import { valueIn } from '../../../keepalived/health/track-files.js'
import type { HealthChecker } from '../../../keepalived/health/health-checker.js'
import { changeRequests } from '../../../keepalived/rules/change-requests.js'
import { blockChanges } from '../../../keepalived/seen/block-changes.js'
import { instanceChanges } from '../../../keepalived/seen/instance-changes.js'
import { messageOf } from '../../../linux/error-text.js'
import { whyNotReloaded, type ReadFile } from './read-keepalived.js'

/** Changes in one page. */
const PAGE = 256

interface Plan {
  readonly changes: readonly PlannedChange[]
  readonly instances: InstanceChange[]
  readonly blocks: BlockChange[]
  readonly left: string[]
}

export interface ReloadPlannerOf {
  readonly director: Control
  readonly checker: HealthChecker
  /** Reads a file as a reload does. UsageError: it cannot be run. */
  read(file: string): Promise<ReadFile>
  running(): ReadFile
}

/** Finds out what a reload would change, and changes nothing: `uvs plan --keepalived`. */
export class ReloadPlanner {
  readonly #of: ReloadPlannerOf
  /** As of the last request for a first page. */
  #plan: Plan = { changes: [], instances: [], blocks: [], left: [] }

  constructor(of: ReloadPlannerOf) {
    this.#of = of
  }

  /** A page of the plan. Refused as EINVAL: a file with which a reload would change nothing, and why. */
  async page(file: string, from: number): Promise<Answer<ReloadPlanPage>> {
    try {
      if (from === 0) this.#plan = await this.#planOf(file)
    } catch (error) {
      return { ok: false, refusal: 'EINVAL', message: messageOf(error).replace(/^--keepalived: /, '') }
    }
    const { changes, ...rest } = this.#plan
    const end = from + PAGE
    const first = from === 0 ? rest : { instances: [], blocks: [], left: [] }
    return { ok: true, value: { rows: changes.slice(from, end), ...first, next: end < changes.length ? end : null } }
  }

  async #planOf(file: string): Promise<Plan> {
    const { checker, director } = this.#of
    const read = await this.#of.read(file)
    const running = this.#of.running()
    const why = whyNotReloaded(file, read, running)
    if (why !== undefined) throw new Error(why)
    const paths = new Map(read.config.trackFiles.map(({ name, path }) => [name, path]))
    const { before, changes } = checker.rehearse(read.services, {
      fileValue: name => valueIn(paths.get(name)),
      newServers: 'count as up',
    })
    const current = await allServices(director)
    if (!current.ok) throw new Error(current.message)
    const fitted = fit(current.value, await changeRequests(before, changes))
    const instances = instanceChanges(running.config.instances, read.config.instances)
    const blocks = blockChanges(running.config, read.config)
    return { changes: fitted.changes, instances, blocks, left: [...fitted.left] }
  }
}
