import type { Family } from '../../../wire/ip-addr.js'
import type { Parser } from '../parser.js'
import type { RoutingNames } from '../surroundings.js'

/* Numbers of routes and rules: in C's notations, or by the names that iproute2's files give them. */

/** 18, 022 or 0x12, with a sign at will. Undefined: another word. */
export function cNumberOf(text: string): number | undefined {
  const [, sign, hex, octal, decimal] = /^([+-]?)(?:0x([0-9a-f]+)|(0[0-7]*)|([1-9]\d*))$/i.exec(text) ?? []
  if (sign === undefined) return undefined
  const value = hex ? Number.parseInt(hex, 16) : octal ? Number.parseInt(octal, 8) : Number(decimal)
  return sign === '-' ? -value : value
}

/** Of one octet. Undefined: neither a number of one nor a name. */
export function octetOf(text: string, names: RoutingNames, parser: Parser): number | undefined {
  const number = cNumberOf(text)
  if (number === undefined) return parser.surroundings.routingNumber(names, text)
  return number >= 0 && number <= 255 ? number : undefined
}

/** A routing table, of 32 bits as the kernel takes it: -1 is the last one. */
export function tableOf(text: string, parser: Parser): number | undefined {
  const number = cNumberOf(text) ?? parser.surroundings.routingNumber('rt_tables', text)
  return number === undefined ? undefined : number >>> 0
}

/** `TO`, or `FROM/TO`. */
export function areRealms(text: string, parser: Parser): boolean {
  const parts = text.split('/')
  return parts.length <= 2 && parts.every(part => octetOf(part, 'rt_realms', parser) !== undefined)
}

/** rtnetlink's number of what keepalived has set; routes and rules of other protocols are not tracked. */
export const KEEPALIVED_PROTOCOL = 18

export const familyOf = (word: 'inet' | 'inet6'): Family => (word === 'inet' ? 4 : 6)

/** Whether addresses of both families would stand in one route or rule. */
export const areMixed = (one: Family | undefined, other: Family | undefined): boolean =>
  one !== undefined && one !== other
