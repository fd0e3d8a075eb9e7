import type { PlannedChange, RuleChange } from '../../control/protocol/api.js'
import { sortByServer, sortByService } from '../uvsadm/listing/sort.js'

type DeletedServer = PlannedChange & { request: Extract<RuleChange, { op: 'delete-destination' }> }

/**
 * The changes of a plan in the order of a listing, where the director has them by its hash tables: first the services that
 * must go before others come, then those that come or change, then those that go. What is done to one service stays together.
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

/** Cut wherever `markOf` says something else than of the item before. */
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
