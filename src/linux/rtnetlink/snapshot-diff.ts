import type { HostAddress } from './address.js'
import { isSame } from './is-same.js'
import type { HostLink } from './link.js'
import type { HostNeighbour } from './neighbour.js'
import type { NextHopObject } from './next-hop.js'
import type { HostRoute } from './route.js'
import type { HostRule } from './rule.js'
import type { HostSnapshot } from './snapshot.js'

/** What became of a link. One that was deleted and made again has the name of the old one, and another index. */
export type LinkChange =
  | { readonly what: 'added'; readonly after: HostLink }
  | { readonly what: 'removed'; readonly before: HostLink }
  | { readonly what: 'made again'; readonly before: HostLink; readonly after: HostLink }
  | { readonly what: 'changed'; readonly before: HostLink; readonly after: HostLink; readonly fields: LinkField[] }
/** 'name': it was renamed. */
export type LinkField = Exclude<keyof HostLink, 'index'>

/** Of what has no more to it than that it is there. One that changed is in both. */
export interface ListDiff<T> {
  readonly removed: readonly T[]
  readonly added: readonly T[]
}

export interface SnapshotDiff {
  readonly links: readonly LinkChange[]
  readonly addresses: ListDiff<HostAddress>
  readonly routes: ListDiff<HostRoute>
  readonly rules: ListDiff<HostRule>
  readonly nextHops: ListDiff<NextHopObject>
  readonly neighbours: ListDiff<HostNeighbour>
}

/**
 * How one snapshot differs from an earlier one. Of objects that both snapshots share nothing is compared. The order of routes is not
 * told: that of equal ones counts for the kernel, so whoever routes compares `effectiveRoutes` by `changedRoutes`.
 */
export function diffSnapshots(before: HostSnapshot, after: HostSnapshot): SnapshotDiff {
  return {
    links: diffLinks(before.links, after.links),
    addresses: diffLists(before.addresses, after.addresses),
    routes: diffLists(before.routes, after.routes),
    rules: diffLists(before.rules, after.rules),
    nextHops: diffLists(before.nextHops, after.nextHops),
    neighbours: diffLists(before.neighbours, after.neighbours),
  }
}

function diffLinks(before: readonly HostLink[], after: readonly HostLink[]): LinkChange[] {
  if (before === after) return []
  const stood = new Map(before.map(link => [link.index, link]))
  const stands = new Set(after.map(({ index }) => index))
  const gone = new Map(before.filter(({ index }) => !stands.has(index)).map(link => [link.name, link]))
  const changes: LinkChange[] = []
  for (const link of after) {
    const same = stood.get(link.index)
    const old = gone.get(link.name)
    if (same !== undefined) {
      const fields = changedFields(same, link)
      if (fields.length > 0) changes.push({ what: 'changed', before: same, after: link, fields })
    } else if (old !== undefined) {
      gone.delete(link.name)
      changes.push({ what: 'made again', before: old, after: link })
    } else changes.push({ what: 'added', after: link })
  }
  for (const link of gone.values()) changes.push({ what: 'removed', before: link })
  return changes
}

function changedFields(before: HostLink, after: HostLink): LinkField[] {
  if (before === after) return []
  return (Object.keys(after) as LinkField[]).filter(field => !isSame(before[field], after[field]))
}

function diffLists<T>(before: readonly T[], after: readonly T[]): ListDiff<T> {
  if (before === after) return { removed: [], added: [] }
  const [stood, stands] = [new Set(before), new Set(after)]
  const gone = new Map(before.filter(value => !stands.has(value)).map(value => [textOf(value), value]))
  const added: T[] = []
  for (const value of after) if (!stood.has(value) && !gone.delete(textOf(value))) added.push(value)
  return { removed: [...gone.values()], added }
}

/** What tells values apart that are not the same object. */
function textOf(value: unknown): string {
  return JSON.stringify(value)
}
