import * as fc from 'fast-check'
import t from 'tap'
import type { HostLink } from '../../../src/linux/rtnetlink/link.js'
import type { HostSnapshot } from '../../../src/linux/rtnetlink/snapshot.js'
import {
  diffSnapshots,
  type LinkChange,
  type ListDiff,
  type SnapshotDiff,
} from '../../../src/linux/rtnetlink/snapshot-diff.js'
import { anySnapshot, link, lookup, route, snapshot } from './made-up.js'

const NOTHING: SnapshotDiff = {
  links: [],
  addresses: { removed: [], added: [] },
  routes: { removed: [], added: [] },
  rules: { removed: [], added: [] },
  nextHops: { removed: [], added: [] },
  neighbours: { removed: [], added: [] },
}

function linkChanges(before: HostLink[], after: HostLink[]): readonly LinkChange[] {
  return diffSnapshots(snapshot({ links: before }), snapshot({ links: after })).links
}

t.test('what befalls a link', async t => {
  const [one, two] = [link(1), link(2)]
  t.strictSame(linkChanges([one], [one, two]), [{ what: 'added', after: two }])
  t.strictSame(linkChanges([one, two], [two]), [{ what: 'removed', before: one }])
  const fields: [Partial<HostLink>, string[]][] = [
    [{ name: 'lan0' }, ['name']],
    [{ isUp: false, hasCarrier: false }, ['isUp', 'hasCarrier']],
    [{ mtu: 9000 }, ['mtu']],
    [{ mac: { hi: 2, lo: 3 } }, ['mac']],
    [{ master: 5, portOf: 'bridge' }, ['master', 'portOf']],
  ]
  for (const [changes, expected] of fields) {
    const after = link(1, changes)
    t.strictSame(linkChanges([one], [after]), [{ what: 'changed', before: one, after, fields: expected }])
  }
  t.strictSame(linkChanges([one], [link(1)]), [])
})

t.test('a link that is made again, and names that change hands', async t => {
  const old = link(3, { name: 'eth0' })
  const made = link(7, { name: 'eth0', mtu: 1400 })
  t.strictSame(linkChanges([old], [made]), [{ what: 'made again', before: old, after: made }])
  const [a, b] = [link(1, { name: 'a' }), link(2, { name: 'b' })]
  const [a2, b2] = [link(1, { name: 'b' }), link(2, { name: 'a' })]
  t.strictSame(linkChanges([a, b], [a2, b2]), [
    { what: 'changed', before: a, after: a2, fields: ['name'] },
    { what: 'changed', before: b, after: b2, fields: ['name'] },
  ])
})

t.test('lists', async t => {
  const [one, two] = [route('10.0.0.0/8 dev 1'), route('0.0.0.0/0 via 10.0.0.9 dev 1')]
  const before = snapshot({ routes: [one] })
  t.strictSame(diffSnapshots(before, snapshot({ routes: [{ ...one }] })), NOTHING)
  t.strictSame(diffSnapshots(before, snapshot({ routes: [two, one] })), {
    ...NOTHING,
    routes: { removed: [], added: [two] },
  })
  const changed = { ...one, mtu: 1400 }
  t.strictSame(diffSnapshots(before, snapshot({ routes: [changed] })).routes, { removed: [one], added: [changed] })
  const rule = lookup(5, 100, 'fwmark 0x1')
  t.strictSame(diffSnapshots(snapshot({ rules: [] }), snapshot({ rules: [rule] })).rules, {
    removed: [],
    added: [rule],
  })
})

/** In whatever order. */
function sorted(values: readonly unknown[]): string {
  return JSON.stringify(values.map(value => JSON.stringify(value)).sort())
}
function applied<T>(before: readonly T[], { removed, added }: ListDiff<T>): T[] {
  const left = before.map(value => JSON.stringify(value))
  for (const value of removed) {
    const at = left.indexOf(JSON.stringify(value))
    if (at < 0) throw new Error(`${JSON.stringify(value)} was not there`)
    left.splice(at, 1)
  }
  return [...left.map(text => JSON.parse(text) as T), ...added]
}
function appliedLinks(before: readonly HostLink[], changes: readonly LinkChange[]): HostLink[] {
  const links = new Map(before.map(each => [each.index, each]))
  for (const change of changes) if (change.what !== 'added') links.delete(change.before.index)
  for (const change of changes) if (change.what !== 'removed') links.set(change.after.index, change.after)
  return [...links.values()]
}

t.test('a difference makes one snapshot the other', async () => {
  fc.assert(
    fc.property(anySnapshot, anySnapshot, (before: HostSnapshot, after: HostSnapshot) => {
      const diff = diffSnapshots(before, after)
      for (const kind of ['addresses', 'routes', 'rules'] as const)
        if (sorted(applied<unknown>(before[kind], diff[kind])) !== sorted(after[kind])) return false
      return sorted(appliedLinks(before.links, diff.links)) === sorted(after.links)
    }),
  )
  fc.assert(
    fc.property(anySnapshot, made => {
      const copy = structuredClone(made)
      return sorted([diffSnapshots(made, copy)]) === sorted([NOTHING])
    }),
  )
})
