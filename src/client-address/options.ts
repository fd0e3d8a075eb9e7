import { shown } from './shown.js'
import { trustOf, type Trust } from './trust.js'

export interface ClientAddressOptions {
  /** 'proxy': a PROXY header, version 1 or 2; 'toa': the TOA option. It must be what the service sends. */
  by: 'proxy' | 'toa'
  /** Trusted peers, 'ADDRESS' or 'ADDRESS/PREFIX': the director's LIPs. Default: every peer. */
  trusted?: readonly string[]
  /** What to do with a trusted peer's connection that starts without a PROXY header. Default: 'refuse'. */
  withoutHeader?: 'refuse' | 'pass'
  /** Milliseconds to wait for a PROXY header. Default: 5000. */
  timeoutMs?: number
  /** The longest PROXY header of version 2, in octets. Default: 536. */
  mostOctets?: number
}

export interface Settings {
  by: 'proxy' | 'toa'
  trusts: Trust
  withoutHeader: 'refuse' | 'pass'
  timeoutMs: number
  mostOctets: number
}

const TIMEOUT_MS = 5000
/** The longest time that setTimeout takes, in ms. */
const LONGEST_MS = 2 ** 31 - 1
const MOST_OCTETS = 536
/** A header of version 2: its fixed part, and the most that its length field can say. */
const [SHORTEST, LONGEST] = [16, 16 + 65_535]
const OPTIONS = ['by', 'trusted', 'withoutHeader', 'timeoutMs', 'mostOctets']
const OF_HEADERS = ['withoutHeader', 'timeoutMs', 'mostOctets'] as const

/** The options with defaults filled in. TypeError or RangeError in a line that names the option and what is allowed. */
export function settingsOf(options: ClientAddressOptions): Settings {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError(`options: ${shown(options)} is no object such as { by: 'proxy' }`)
  for (const name of Object.keys(options))
    if (!OPTIONS.includes(name)) throw new TypeError(`${name}: there is no such option, only ${OPTIONS.join(', ')}`)
  const { by, trusted, withoutHeader = 'refuse', timeoutMs = TIMEOUT_MS, mostOctets = MOST_OCTETS } = options
  if (by !== 'proxy' && by !== 'toa') throw new RangeError(`by: ${shown(by)} is neither 'proxy' nor 'toa'`)
  const idle = OF_HEADERS.find(name => by === 'toa' && options[name] !== undefined)
  if (idle !== undefined) throw new TypeError(`${idle}: only with by: 'proxy', there are no headers with 'toa'`)
  if (withoutHeader !== 'refuse' && withoutHeader !== 'pass')
    throw new RangeError(`withoutHeader: ${shown(withoutHeader)} is neither 'refuse' nor 'pass'`)
  wholeNumber('timeoutMs', timeoutMs, 1, LONGEST_MS)
  wholeNumber('mostOctets', mostOctets, SHORTEST, LONGEST)
  return { by, trusts: trustOf(trusted), withoutHeader, timeoutMs, mostOctets }
}

function wholeNumber(name: string, value: unknown, least: number, most: number): void {
  const Kind = typeof value === 'number' ? RangeError : TypeError
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
    throw new Kind(`${name}: ${shown(value)} is no whole number from ${least} to ${most}`)
}
