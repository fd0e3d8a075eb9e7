import type { ConfigDraft } from '../draft.js'
import type { Parser } from '../parser.js'

/**
 * Whether the host has an interface that is named; `missing` is said where it has not. keepalived does not start then, unless
 * dynamic_interfaces lets it come later.
 */
export function isThere(name: string, config: ConfigDraft, parser: Parser, missing: string): boolean {
  if (parser.surroundings.hasInterface(name)) return true
  config.missingInterfaceAt ??= parser.place!
  parser.error(missing)
  return false
}

/** Whether it is lo, or its like: no router speaks there. `use`: `vrrp`, `VRF`. */
export function isLoopback(name: string, instance: string, use: string, parser: Parser): boolean {
  if (!parser.surroundings.isLoopback(name)) return false
  parser.error(
    `(${instance}) cannot use a loopback interface (${name}) for ${use} - ignoring`,
    'write the interface that the other routers are on; an address may have dev lo',
  )
  return true
}
