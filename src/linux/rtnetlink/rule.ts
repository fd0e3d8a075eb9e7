import { formatIpv4, type Ipv4Addr } from '../../wire/addr.js'
import { AF_INET } from '../socket-constants.js'
import type { Attributes } from './attributes.js'
import { HOST_ORDER } from './message.js'
import { RouteTableId } from './route.js'

/*
 * struct fib_rule_hdr (linux/fib_rules.h, RTM_NEWRULE):
 *
 *      0        1            2            3     4       5       7        8       12
 *     +--------+------------+------------+-----+-------+-------+--------+-------+----
 *     | family | dst prefix | src prefix | TOS | table |       | action | flags | attributes
 *     +--------+------------+------------+-----+-------+-------+--------+-------+----
 */
const DST_PREFIX = 1
const SRC_PREFIX = 2
const TOS = 3
const TABLE = 4
const ACTION = 7
const FLAGS = 8
export const RULE_BODY_LEN = 12
const INVERT = 2
const Fra = {
  UNSPECIFIED: 0,
  DST: 1,
  SRC: 2,
  IIFNAME: 3,
  GOTO: 4,
  PRIORITY: 6,
  FWMARK: 10,
  SUPPRESS_PREFIX: 14,
  TABLE: 15,
  FWMASK: 16,
  OIFNAME: 17,
  PAD: 18,
  L3MDEV: 19,
  PROTOCOL: 21,
} as const
/** Attributes that choose no packets, or that are said otherwise. */
const NO_SELECTORS = new Set<number>([
  Fra.UNSPECIFIED,
  Fra.GOTO,
  Fra.PRIORITY,
  Fra.SUPPRESS_PREFIX,
  Fra.TABLE,
  Fra.FWMASK,
  Fra.PAD,
  Fra.PROTOCOL,
])
const NO_SUPPRESSION = 0xffffffff

/** By FR_ACT_…, linux/fib_rules.h. */
const ACTIONS = [
  'unspecified',
  'lookup',
  'goto',
  'nop',
  'unspecified',
  'unspecified',
  'blackhole',
  'unreachable',
  'prohibit',
] as const
export type RuleAction = (typeof ACTIONS)[number]

/** A rule of ip-rule(8): which packets, asked by priority, find their route in which table. */
export interface HostRule {
  /** The least is asked first. */
  readonly priority: number
  readonly action: RuleAction
  readonly table: number
  /** What it is for, in the words of ip-rule(8): 'from 10.0.0.0/8', 'fwmark 0x1'. Empty: all packets. */
  readonly selectors: readonly string[]
}

/** Undefined if it is no IPv4 rule. */
export function readRule(
  view: DataView<ArrayBufferLike>,
  body: number,
  end: number,
  attributes: Attributes,
): HostRule | undefined {
  if (end - body < RULE_BODY_LEN || view.getUint8(body) !== AF_INET) return undefined
  attributes.wrap(view, body + RULE_BODY_LEN, end)
  const tos = view.getUint8(body + TOS)
  const isInverted = (view.getUint32(body + FLAGS, HOST_ORDER) & INVERT) !== 0
  const suppressed = attributes.word(Fra.SUPPRESS_PREFIX) ?? NO_SUPPRESSION
  const selectors = attributes.types().filter(type => !NO_SELECTORS.has(type))
  return {
    priority: attributes.word(Fra.PRIORITY) ?? 0,
    action: ACTIONS[view.getUint8(body + ACTION)] ?? 'unspecified',
    table: attributes.word(Fra.TABLE) ?? view.getUint8(body + TABLE),
    selectors: [
      ...(isInverted ? ['not'] : []),
      ...selectors.map(type =>
        selectorText(type, attributes, view.getUint8(body + SRC_PREFIX), view.getUint8(body + DST_PREFIX)),
      ),
      ...(tos === 0 ? [] : [`tos 0x${tos.toString(16)}`]),
      ...(suppressed === NO_SUPPRESSION ? [] : [`suppress_prefixlength ${suppressed}`]),
    ],
  }
}

function selectorText(type: number, attributes: Attributes, srcPrefix: number, dstPrefix: number): string {
  const block = (prefix: number): string => `${formatIpv4(attributes.addr(type) ?? (0 as Ipv4Addr))}/${prefix}`
  switch (type) {
    case Fra.SRC:
      return `from ${block(srcPrefix)}`
    case Fra.DST:
      return `to ${block(dstPrefix)}`
    case Fra.IIFNAME:
      return `iif ${attributes.text(type)}`
    case Fra.OIFNAME:
      return `oif ${attributes.text(type)}`
    case Fra.L3MDEV:
      return 'l3mdev'
    case Fra.FWMARK: {
      const mask = attributes.word(Fra.FWMASK) ?? 0xffffffff
      const mark = `fwmark 0x${(attributes.word(type) ?? 0).toString(16)}`
      return mask === 0xffffffff ? mark : `${mark}/0x${mask.toString(16)}`
    }
    default:
      return `selector ${type}`
  }
}

/** '100: from 10.0.0.0/8 lookup 200' */
export function formatRule({ priority, action, table, selectors }: HostRule): string {
  const what = action === 'lookup' ? `lookup ${tableName(table)}` : action
  return [`${priority}:`, ...(selectors.length > 0 ? selectors : ['from all']), what].join(' ')
}

function tableName(table: number): string {
  const named = Object.entries(RouteTableId).find(([, id]) => id === table)
  return named?.[0].toLowerCase() ?? String(table)
}
