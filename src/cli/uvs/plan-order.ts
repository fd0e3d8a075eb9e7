import type { PlannedChange, RuleChange } from '../../control/protocol/api.js'
import { sortByServer, sortByService } from '../uvsadm/listing/sort.js'

type DeletedServer = PlannedChange & { request: Extract<RuleChange, { op: 'delete-destination' }> }

/**
 * Sorts a plan's changes as a listing does; the director has them in the order of its hash tables. First the services that
 * must be deleted before others are added, then those added or changed, then those deleted. A service's changes stay together.
 */
export function inListedOrder(changes: readonly PlannedChange[]): PlannedChange[] {
  const services = runs(changes, ({ request }) => JSON.stringify(request.service))
  return runs(services, ([first]) => first!.request.op === 'delete-service')
    .flatMap(phase => sortByService(phase, ([first]) => first!.request.service))
    .flatMap(deletedServersSorted)
}

function deletedServersSorted(changes: readonly PlannedChange[]): PlannedChange[] {
  return runs(changes, isDeletedServer).flatMap(run =>
    run.every(isDeletedServer) ? sortByServer(run, ({ request }) => request.destination) : run,
  )
}

function isDeletedServer(change: PlannedChange): change is DeletedServer {
  return change.request.op === 'delete-destination'
}

/** Cuts a list wherever `markOf` differs from the item before. */
function runs<T>(items: readonly T[], markOf: (item: T) => unknown): T[][] {
  const all: T[][] = []
  let mark: unknown
  for (const item of items) {
    const next = markOf(item)
    if (all.length > 0 && next === mark) all.at(-1)!.push(item)
    else all.push([item])
    mark = next
  }
  return all
}
