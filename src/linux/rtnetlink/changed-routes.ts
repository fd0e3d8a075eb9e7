import type { EffectiveRoute } from './effective-routes.js'
import { isSame } from './is-same.js'
import { PrefixTable } from './prefix-table.js'

export interface ChangedRoutes {
  readonly removed: readonly EffectiveRoute[]
  readonly added: readonly EffectiveRoute[]
}

/** What to delete, then to add, for one list of effective routes to become another. A block whose route changed is in both. */
export function changedRoutes(before: readonly EffectiveRoute[], after: readonly EffectiveRoute[]): ChangedRoutes {
  return { removed: without(before, after), added: without(after, before) }
}

/** The routes that are not the same among the others. */
function without(routes: readonly EffectiveRoute[], others: readonly EffectiveRoute[]): EffectiveRoute[] {
  const table = new PrefixTable<EffectiveRoute>()
  for (const other of others) table.set(other.to, other)
  return routes.filter(route => !isSame(table.get(route.to), route))
}
