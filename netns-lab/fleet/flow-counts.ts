import { type DirectorName, TRANSLATED, type Vip } from './fleet-plan.js'
import type { FlowCounts } from './fleet-report.js'
import { type Flow, flowKey } from './fleet-router.js'

/** What was seen of a step. Flows by flowKey. */
export interface SeenFlows {
  /** That went on when it began. */
  readonly flows: readonly Flow[]
  /** Where their packets came in, before and after. */
  readonly before: ReadonlyMap<string, DirectorName>
  readonly after: ReadonlyMap<string, DirectorName>
  /** The directors that the router shares flows among afterwards. */
  readonly hops: readonly DirectorName[]
  /** Those that have broken since. */
  readonly ended: ReadonlySet<string>
  /** Those that had moved, or lost their director, in an earlier step: one that is silent then breaks later. */
  readonly displaced: ReadonlySet<string>
}

/** Flows that are sent to another director now, or have to be. Pure. */
export function displacedBy({ flows, before, after, hops }: Omit<SeenFlows, 'ended' | 'displaced'>): string[] {
  return flows.map(flowKey).filter(flow => before.get(flow) !== after.get(flow) || !hops.includes(before.get(flow)!))
}

/** Pure. */
export function countsOf(vip: Vip, { flows: all, before, after, hops, ended, displaced }: SeenFlows): FlowCounts {
  const flows = all.filter(flow => flow.vip === vip).map(flowKey)
  const moved = flows.filter(flow => before.get(flow) !== after.get(flow))
  const had = new Set(all.map(flow => before.get(flowKey(flow))))
  const gone = flows.filter(flow => !hops.includes(before.get(flow)!)).length
  const come = hops.filter(name => !had.has(name)).length
  const broken = flows.filter(flow => ended.has(flow))
  return {
    flows: flows.length,
    moved: moved.length,
    needed: gone > 0 ? gone : Math.round((flows.length * come) / hops.length),
    broken: broken.length,
    brokenUnmoved: broken.filter(flow => !moved.includes(flow) && !displaced.has(flow)).length,
    promised: vip === TRANSLATED ? moved.length : 0,
  }
}
