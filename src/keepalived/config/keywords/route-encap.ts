import { addressOf } from '../addresses.js'
import type { Family } from '../../../wire/ip-addr.js'
import { unsignedOf } from '../numbers.js'
import type { Parser } from '../parser.js'
import { octetOf } from './routing-numbers.js'
import type { WordWalk } from './word-walk.js'

const MOST_LABEL = 0xfffff
const MOST_LABELS = 2
const LOCATOR = /^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}$/i

/** What stands behind `encap`. False: keepalived knows no such type. A bad option is told and stays: it is read again, as one of the route. */
export function encapOf(walk: WordWalk): boolean {
  const { parser, next: type } = walk
  walk.skip()
  if (type === undefined) parser.error('Missing encap type', TYPES)
  else if (type === 'mpls') one(walk, areLabels, ['missing address for MPLS encapsulation', 'mpls address'])
  else if (type === 'ila') one(walk, text => LOCATOR.test(text), ['missing locator for ILA encapsulation', 'locator'])
  else if (type === 'ip' || type === 'ip6') tunnel(walk, type)
  else {
    parser.error(`Unknown encap type - ${type}`, TYPES)
    return false
  }
  return true
}
const TYPES = 'allowed: mpls, ip, ip6, ila'

function one(walk: WordWalk, isFine: (text: string) => boolean, [missing, what]: [string, string]): void {
  const { parser, next } = walk
  walk.skip()
  const type = what === 'locator' ? 'ila ' : ''
  if (next === undefined) parser.error(missing)
  else if (!isFine(next)) parser.error(`invalid ${what} ${next} for ${type}encapsulation`)
}

function areLabels(text: string): boolean {
  const labels = text.split('/')
  return labels.length <= MOST_LABELS && labels.every(label => /^\d+$/.test(label) && Number(label) <= MOST_LABEL)
}

type Kind = 'ip' | 'ip6'
/** Tells what is wrong with an option's value, and returns whether it is right. */
type Option = (value: string, kind: Kind, parser: Parser) => boolean

const address =
  (name: string): Option =>
  (value, kind, parser) => {
    const family: Family = kind === 'ip' ? 4 : 6
    const found = addressOf(value)?.family
    if (found === undefined) {
      parser.error(`VRRP parsed invalid IP ${value}. skipping IP...`)
      parser.error(`Invalid encap ${kind} ${name} ${value}`)
    } else if (found !== family) parser.error(`IPv${found} address ${value} not valid for ${kind} encapsulation`)
    return found === family
  }
const number =
  (most: number, wrong: (value: string, kind: Kind) => string): Option =>
  (value, kind, parser) => {
    if (unsignedOf(value, { least: 0, most }, parser) !== undefined) return true
    parser.error(wrong(value, kind))
    return false
  }
const dsfield =
  (wrong: (value: string, kind: Kind) => string): Option =>
  (value, kind, parser) => {
    if (octetOf(value, 'rt_dsfield', parser) !== undefined) return true
    parser.error(wrong(value, kind))
    return false
  }

const shortId = number(4_294_967_295, value => `encap id ${value} value is invalid`)
/** Of 64 bits: what has fewer digits than its greatest is one. */
const id: Option = (value, kind, parser) => /^\+?\d{1,19}$/.test(value) || shortId(value, kind, parser)

const BOTH: Record<string, Option> = {
  id,
  dst: address('dst'),
  src: address('src'),
  flags: number(65_535, (value, kind) => `flags ${value} is not valid for ${kind} encapsulation`),
}
const tos = dsfield((value, kind) => `dsfield ${value} not valid for ${kind} encapsulation`)
const OPTIONS: Record<Kind, Record<string, Option>> = {
  ip: {
    ...BOTH,
    tos,
    dsfield: tos,
    ttl: number(255, (value, kind) => `ttl ${value} is not valid for ${kind} encapsulation`),
  },
  ip6: {
    ...BOTH,
    // Its name, not its value, is what 2.2.7 says.
    tc: dsfield((_value, kind) => `tc value tc is invalid for ${kind} encapsulation`),
    hoplimit: number(255, (value, kind) => `Invalid hoplimit ${value} specified for ${kind} encapsulation`),
  },
}

function tunnel(walk: WordWalk, kind: Kind): void {
  let isBound = false
  for (;;) {
    const { next: name = '', second: value, parser } = walk
    const option = Object.hasOwn(OPTIONS[kind], name) ? OPTIONS[kind][name] : undefined
    if (option === undefined || value === undefined) break
    if (!option(value, kind, parser)) return
    isBound ||= name === 'id' || name === 'dst'
    walk.skip(2)
  }
  if (!isBound) walk.parser.error(`address or id missing for ${kind} encapsulation`, 'write dst ADDRESS or id NUMBER')
}
