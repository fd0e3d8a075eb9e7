import { number, time } from '../arguments.js'
import { type Keyword, type Parser, type Table } from '../parser.js'
import { unsignedOf } from '../numbers.js'
import type { GarpSettings } from '../tree/global.js'

const MOST_SECONDS = 4294
const MOST_COUNT = 4_294_967_295

/** Where a table's messages differ: in global_defs names have `vrrp_` in front, in an instance messages begin with its name. */
export interface GarpNames<T> {
  readonly prefix: 'vrrp_' | ''
  says(target: T): string
  garp(target: T): Partial<GarpSettings>
  /** The least seconds of garp_extra_if: an instance may switch it off. */
  readonly leastExtra: number
}

/** A setting: its name behind `garp_`, seconds or a count, and what is said of a bad one. */
interface Setting {
  readonly name: string
  readonly key:
    | 'masterDelayMs'
    | 'masterRepeat'
    | 'lowerPrioDelayMs'
    | 'lowerPrioRepeat'
    | 'masterRefreshMs'
    | 'masterRefreshRepeat'
  readonly initial: string
  readonly bad: (name: string, word: string) => string
  readonly mustBePositive?: true
}

const ignoring = (name: string, word: string): string => `${name} '${word}' invalid - ignoring`

const SETTINGS: readonly Setting[] = [
  { name: 'master_delay', key: 'masterDelayMs', initial: '5 s', bad: ignoring },
  { name: 'master_repeat', key: 'masterRepeat', initial: '5', bad: ignoring, mustBePositive: true },
  { name: 'lower_prio_delay', key: 'lowerPrioDelayMs', initial: "global_defs' vrrp_garp_master_delay", bad: ignoring },
  {
    name: 'lower_prio_repeat',
    key: 'lowerPrioRepeat',
    initial: "global_defs' vrrp_garp_master_repeat",
    bad: (name, word) => `Invalid ${name} '${word}'`,
  },
  {
    name: 'master_refresh',
    key: 'masterRefreshMs',
    initial: '0: none',
    bad: (name, word) => `Invalid ${name} '${word}' - ignoring`,
  },
  { name: 'master_refresh_repeat', key: 'masterRefreshRepeat', initial: '1', bad: ignoring, mustBePositive: true },
]

/** When gratuitous ARP is sent; the same in global_defs and in an instance. */
export function garpKeywords<T>(names: GarpNames<T>): Table<T> {
  const settings = SETTINGS.map(setting => [`${names.prefix}garp_${setting.name}`, settingKeyword(setting, names)])
  const { prefix, says, garp, leastExtra } = names
  return {
    ...(Object.fromEntries(settings) as Table<T>),
    [`${prefix}garp_extra_if`]: {
      takes: `[all] <${leastExtra}-86400>`,
      initial: 'none',
      takesAll: true,
      read({ words }, target, parser) {
        extraIf(
          words.slice(1),
          { says: says(target), name: `${prefix}garp_extra_if`, leastExtra },
          garp(target),
          parser,
        )
      },
    },
  }
}

function settingKeyword<T>(
  { name: rest, key, initial, bad, mustBePositive }: Setting,
  { prefix, says, garp }: GarpNames<T>,
): Keyword<T> {
  const name = `${prefix}garp_${rest}`
  const isTime = key.endsWith('Ms')
  return number<T>({
    least: 0,
    most: isTime ? MOST_SECONDS : MOST_COUNT,
    initial,
    takesPrefix: true,
    bad: (word, target) => says(target) + bad(name, word),
    ...(mustBePositive && {
      zero: (_word: string, target: T) => `${says(target)}${name} must be greater than 0, setting to 1`,
    }),
    set: (target, value) => void (garp(target)[key] = isTime ? value * 1000 : value),
  })
}

/** `all` may stand anywhere; of several numbers the last counts, and none where a word is neither. */
function extraIf(
  given: readonly string[],
  { says, name, leastExtra }: { says: string; name: string; leastExtra: number },
  garp: Partial<GarpSettings>,
  parser: Parser,
): void {
  let seconds: number | undefined
  for (const word of given.filter(each => each !== 'all')) {
    seconds = unsignedOf(word, { least: leastExtra, most: 86_400 }, parser)
    if (seconds !== undefined) continue
    parser.error(`${says}${name} '${word}' invalid - ignoring`)
    return
  }
  if (seconds === undefined) parser.error(`${says}${name} specified without time - ignoring`)
  else Object.assign(garp, { extraIfMs: seconds * 1000, extraIfAll: given.includes('all') })
}

/** Between two ARPs, or two neighbour advertisements, on an interface. */
export function gapBetween<T>(
  name: string,
  set: (target: T, ms: number) => void,
  { least = 0.000001, most = 4294.967295, bad = (word: string): string => `${name} '${word}' is invalid` } = {},
): Keyword<T> {
  return time<T>({
    least,
    most,
    initial: '0',
    bad,
    set,
  })
}
