import { addressOf } from '../addresses.js'
import type { Family } from '../../../wire/ip-addr.js'
import { unsignedOf } from '../numbers.js'
import type { Parser } from '../parser.js'

/** Of a route or rule; the family of `default` is either. */
export interface Destination {
  readonly family?: Family
}

/** `default`, `all`, `any`, or an address; of a bad prefix length something is said, and the whole address counts. Undefined: another word. */
export function destinationOf(text: string, parser: Parser): Destination | undefined {
  if (/^(default|all|any)$/.test(text)) return {}
  const slash = text.indexOf('/')
  const family = addressOf(slash < 0 ? text : text.slice(0, slash))?.family
  if (family === undefined) return undefined
  const most = family === 4 ? 32 : 128
  if (slash >= 0 && unsignedOf(text.slice(slash + 1), { least: 0, most }, parser) === undefined)
    parser.error(`Invalid address prefix len ${text.slice(slash + 1)} for address ${text} - using ${most}`)
  return { family }
}
