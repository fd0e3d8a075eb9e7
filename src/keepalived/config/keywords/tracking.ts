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
  /** `interface`, `script`, `file`, … in messages. */
  readonly what: string
  list(follower: Follower): Tracked[]
  /** Absent: known. */
  missing?(name: string, config: ConfigDraft, parser: Parser): string | undefined
  badWeight(name: string, weight: string): string
  unknownOption(name: string, option: string): string
  /** Behind the weight; keepalived writes `track_interace`. */
  unknownBehind(name: string, option: string): string
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
    unknownBehind: (name, option) => `unknown track_interace ${name} weight option ${option} - ignoring`,
    unknownOption: (name, option) => `unknown track_interface ${name} option ${option} - ignoring`,
  },
  track_script: {
    most: 253,
    what: 'track_script',
    list: follower => follower.scripts,
    missing: (name, config) =>
      config.scripts.some(script => script.name === name) ? undefined : `track script ${name} not found, ignoring...`,
    badWeight: name => `track script ${name}: weight must be between [-253..253] inclusive, ignoring...`,
    unknownBehind: (name, option) => `unknown track_script ${name} weight option ${option} - ignoring`,
    unknownOption: (_name, option) => `unknown track script option ${option} - ignoring`,
  },
  track_file: {
    most: 254,
    what: 'track_file',
    list: follower => follower.files,
    missing: (name, config) =>
      config.trackFiles.some(file => file.name === name) ? undefined : `track file ${name} not found, ignoring...`,
    badWeight: name => `weight for track file ${name} must be in [-254..254] inclusive. Ignoring...`,
    unknownBehind: (name, option) => `unknown track file ${name} weight option ${option} - ignoring`,
    unknownOption: (_name, option) => `unknown track file option ${option} - ignoring`,
  },
  track_process: {
    most: 254,
    what: 'track_process',
    list: follower => follower.processes,
    missing: (name, config) =>
      config.trackProcesses.some(process => process.name === name)
        ? undefined
        : `track process ${name} not found, ignoring...`,
    badWeight: name => `weight for track process ${name} must be in [-254..254] inclusive. Ignoring...`,
    unknownBehind: (name, option) => `unknown track_process ${name} weight option ${option} - ignoring`,
    unknownOption: (_name, option) => `unknown track process option ${option} - ignoring`,
  },
  track_bfd: {
    most: 253,
    what: 'track_bfd',
    list: follower => follower.bfds,
    missing: (name, config) => (config.bfds.includes(name) ? undefined : `track bfd ${name} not found, ignoring...`),
    badWeight: name => `weight for track bfd ${name} must be in [-253..253] inclusive. Ignoring...`,
    unknownBehind: (name, option) => `unknown track bfd ${name} weight option ${option} - ignoring`,
    unknownOption: (_name, option) => `unknown track bfd option ${option} - ignoring`,
  },
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
  const missing = kind.missing?.(name, config, parser)
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
      says(tracked.weight === undefined ? kind.unknownOption(name, option) : kind.unknownBehind(name, option), OPTIONS)
      if (tracked.weight === undefined) return
      break
    }
  }
  list.push(tracked)
}

function weigh(kind: Kind, tracked: Tracked, text: string, says: (text: string) => void, parser: Parser): void {
  const isEdge = kind.most === 253 && /^[+-]?254$/.test(text)
  const value = isEdge ? Math.sign(Number(text)) * 253 : signedOf(text, { least: -kind.most, most: kind.most }, parser)
  if (value === undefined) {
    says(kind.badWeight(tracked.name, text))
    if (kind.most === 253) tracked.weight = 0
    return
  }
  if (isEdge) says(`weight for ${tracked.name} cannot be +/-254. Setting to +/-253`)
  tracked.weight = value
}
