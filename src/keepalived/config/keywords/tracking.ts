import { lines } from '../arguments.js'
import type { ConfigDraft } from '../draft.js'
import type { LogicalLine } from '../lines/logical-lines.js'
import { signedOf } from '../numbers.js'
import type { Parser, Table } from '../parser.js'
import type { Tracked, Tracking } from '../tree/vrrp.js'

/** Something that follows others: an instance or a sync group, by whose name messages begin. */
export type Follower = Tracking & { readonly name: string }

/** What is said of one kind of thing that is followed. */
interface Kind {
  readonly most: 253 | 254
  /** `track_interface`, `track_script`, … in messages. */
  readonly what: string
  list(follower: Follower): Tracked[]
  /** Undefined: known. */
  missing(name: string, config: ConfigDraft, parser: Parser): string | undefined
  badWeight(name: string, weight: string): string
  unknownOption(name: string, option: string): string
  /** What an option behind the weight is unknown to; keepalived writes `track_interace`. */
  readonly behind: string
}

/** Of what a block of its own defines, which must stand above. */
function defined(
  word: 'script' | 'file' | 'process' | 'bfd',
  known: (config: ConfigDraft) => readonly (string | { readonly name: string })[],
  { most, list, behind = `track ${word}` }: Pick<Kind, 'most' | 'list'> & { readonly behind?: string },
): Kind {
  const bounds = `[-${most}..${most}] inclusive`
  return {
    most,
    what: `track_${word}`,
    list,
    missing(name, config) {
      const isKnown = known(config).some(one => (typeof one === 'string' ? one : one.name) === name)
      return isKnown ? undefined : `track ${word} ${name} not found, ignoring...`
    },
    badWeight: name =>
      word === 'script'
        ? `track script ${name}: weight must be between ${bounds}, ignoring...`
        : `weight for track ${word} ${name} must be in ${bounds}. Ignoring...`,
    unknownOption: (_name, option) => `unknown track ${word} option ${option} - ignoring`,
    behind,
  }
}

const KINDS: Record<string, Kind> = {
  track_interface: {
    most: 253,
    what: 'track_interface',
    list: follower => follower.interfaces,
    missing(name, config, parser) {
      if (parser.surroundings.hasInterface(name)) return undefined
      config.missingInterfaceAt ??= parser.place!
      return `tracked interface ${name} doesn't exist`
    },
    badWeight: (name, weight) => `weight ${weight} for ${name} must be between [-253..253] inclusive. Ignoring...`,
    unknownOption: (name, option) => `unknown track_interface ${name} option ${option} - ignoring`,
    behind: 'track_interace',
  },
  track_script: defined('script', ({ scripts }) => scripts, {
    most: 253,
    list: follower => follower.scripts,
    behind: 'track_script',
  }),
  track_file: defined('file', ({ trackFiles }) => trackFiles, { most: 254, list: follower => follower.files }),
  track_process: defined('process', ({ trackProcesses }) => trackProcesses, {
    most: 254,
    list: follower => follower.processes,
    behind: 'track_process',
  }),
  track_bfd: defined('bfd', ({ bfds }) => bfds, { most: 253, list: follower => follower.bfds }),
}

/** track_interface, track_script, track_file, track_process, track_bfd. */
export function trackingKeywords<T>(
  followerOf: (target: T) => Follower,
  configOf: (target: T) => ConfigDraft,
): Table<T> {
  return Object.fromEntries(
    Object.entries(KINDS).map(([keyword, kind]) => [
      keyword,
      lines<T>({
        takes: '<NAME> [weight <N> [reverse|noreverse]] ',
        ...(keyword === 'track_bfd' && { unsupported: 'uvs has no BFD' }),
        each: (line, target, parser) => track(kind, line, followerOf(target), configOf(target), parser),
      }),
    ]),
  )
}

const OPTIONS = 'allowed: weight N, then reverse'

function track(kind: Kind, line: LogicalLine, follower: Follower, config: ConfigDraft, parser: Parser): void {
  const [name = '', ...options] = line.words
  const says = (text: string, help?: string): void => parser.error(`(${follower.name}) ${text}`, help)
  const missing = kind.missing(name, config, parser)
  if (missing !== undefined) {
    says(missing, kind.what === 'track_interface' ? undefined : 'it must be defined above')
    if (kind.what !== 'track_interface') return
  }
  const list = kind.list(follower)
  if (list.some(other => other.name === name)) {
    says(`duplicate ${kind.what} ${name} - ignoring`)
    return
  }
  const tracked: Tracked = { name }
  for (let at = 0; at < options.length; at++) {
    const option = options[at]!
    if (option === 'weight' && tracked.weight === undefined) {
      const text = options[++at]
      if (text === undefined) {
        says(
          `weight without value specified for ${kind.what === 'track_interface' ? kind.what : kind.what.replace('_', ' ')} ${name} - ignoring`,
        )
        return
      }
      weigh(kind, tracked, text, says, parser)
      if (options[at + 1] === 'reverse' || options[at + 1] === 'noreverse')
        tracked.isReverse = options[++at] === 'reverse'
    } else {
      const behind = `unknown ${kind.behind} ${name} weight option ${option} - ignoring`
      says(tracked.weight === undefined ? kind.unknownOption(name, option) : behind, OPTIONS)
      if (tracked.weight === undefined) return
      break
    }
  }
  list.push(tracked)
}

function weigh(kind: Kind, tracked: Tracked, text: string, says: (text: string) => void, parser: Parser): void {
  const isEdge = kind.most === 253 && /^[+-]?254$/.test(text)
  const value = isEdge ? Math.sign(Number(text)) * 253 : signedOf(text, { least: -254, most: 254 }, parser)
  if (value === undefined) {
    says(kind.badWeight(tracked.name, text))
    if (kind.most === 253) tracked.weight = 0
    return
  }
  if (isEdge) says(`weight for ${tracked.name} cannot be +/-254. Setting to +/-253`)
  tracked.weight = value
}
