import type { FieldInfo } from '../../protocol/explain.js'

const NONE = '–'
const WITHIN = /^(?:inner|quoted)\./

/**
 * What is other in a frame than in the one that came in: name, before, after. In a tunnel the inner headers are compared with those
 * that came in, and the outer ones are new. A field that is not there is '–'.
 */
export function changedFields(before: readonly FieldInfo[], after: readonly FieldInfo[]): [...FieldInfo, string][] {
  const came = new Map(before)
  const isWrapped = after.some(([name]) => name.startsWith('inner.')) && !before.some(([name]) => WITHIN.test(name))
  const left = new Map(after.map(([name, value]) => [isWrapped ? unwrapped(name) : name, value]))
  const changed: [...FieldInfo, string][] = []
  for (const [name, value] of left) if (came.get(name) !== value) changed.push([name, came.get(name) ?? NONE, value])
  for (const [name, value] of came) if (!left.has(name)) changed.push([name, value, NONE])
  return changed
}

/** `inner.ip.dst` is what came in as `ip.dst`; what is before it is the tunnel's. */
function unwrapped(name: string): string {
  if (name.startsWith('inner.')) return name.slice('inner.'.length)
  return name.startsWith('eth.') ? name : `tunnel.${name}`
}
