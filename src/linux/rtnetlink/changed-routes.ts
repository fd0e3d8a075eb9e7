import type { EffectiveRoute } from './effective-routes.js'
import { isSame } from './is-same.js'
import { PrefixTable } from './prefix-table.js'

export interface ChangedRoutes {
  readonly removed: readonly EffectiveRoute[]
  readonly added: readonly EffectiveRoute[]
}

/** What to delete, then to add, for one list of effective routes to become another. A block whose route changed is in both. */
export function changedRoutes(before: readonly EffectiveRoute[], after: readonly EffectiveRoute[]): ChangedRoutes {
  const gone = new PrefixTable<EffectiveRoute>()
  for (const route of before) gone.set(route.to, route)
  const added: EffectiveRoute[] = []
  for (const route of after) {
    const stood = gone.get(route.to)
    if (stood !== undefined && isSame(stood, route)) gone.delete(route.to)
    else added.push(route)
  }
  return { removed: gone.values(), added }
}
