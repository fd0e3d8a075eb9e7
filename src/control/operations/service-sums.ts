import type { Director } from '../../director/director.js'
import { Count } from '../../service/shared-counts.js'
import { KEY_COLUMNS, ServiceColumns, SUM_COLUMNS, SumColumn } from '../protocol/service-columns.js'
import { planning, type SumsPlan } from './sums-plan.js'

/** A step is of so many services: some hundredths of a millisecond. */
const STEP = 256

/** What was found of the rules of each director. It stands until others are listed. */
const plans = new WeakMap<Director, SumsPlan>()

/**
 * All services in the kernel's order, each summed up. Numbers alone, from where they lie one behind the other: ten thousand are read every
 * other second.
 */
export function* summingUp(director: Director): Generator<void, ServiceColumns> {
  let plan = plans.get(director)
  if (plan === undefined || plan.revision !== director.balancing.places.revision) {
    plan = yield* planning(director)
    plans.set(director, plan)
  }
  const { services } = plan
  const columns = ServiceColumns.of(services, plan.schedulers)
  for (let from = 0; from < services; from += STEP) {
    fill(columns, plan, director, from, Math.min(services, from + STEP))
    yield
  }
  return columns
}

function fill({ keys, sums }: ServiceColumns, plan: SumsPlan, { balancing }: Director, from: number, to: number): void {
  const { heads, counters, ends, countsAt } = plan
  const { counts } = balancing.destinations
  keys.set(plan.keys.subarray(from * KEY_COLUMNS, to * KEY_COLUMNS), from * KEY_COLUMNS)
  for (let service = from; service < to; service++) {
    const at = service * SUM_COLUMNS
    sums[at + SumColumn.SERVERS] = heads[service * 3]!
    sums[at + SumColumn.READY] = heads[service * 3 + 1]!
    sums[at + SumColumn.WEIGHT] = heads[service * 3 + 2]!
    let active = 0
    let inactive = 0
    let persistent = 0
    for (let i = service === 0 ? 0 : ends[service - 1]!; i < ends[service]!; i++) {
      const of = countsAt[i]!
      active += counts[of + Count.ACTIVE]!
      inactive += Math.max(0, counts[of + Count.TOTAL]! - counts[of + Count.ACTIVE]!)
      persistent += counts[of + Count.PERSISTENT]!
    }
    sums[at + SumColumn.ACTIVE_CONNS] = active
    sums[at + SumColumn.INACT_CONNS] = inactive
    sums[at + SumColumn.PERSIST_CONNS] = persistent
    if (counters[service]! >= 0) balancing.counters.shownInto(sums, at + SumColumn.CONNS, counters[service]!)
  }
}
