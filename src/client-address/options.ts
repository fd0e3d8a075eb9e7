import { shown } from './shown.js'
import { trustOf, type Trust } from './trust.js'

export interface ClientAddressOptions {
  /** By a PROXY header, version 1 or 2, or by TOA: as the service is set. */
  by: 'proxy' | 'toa'
  /** Who is believed, 'ADDRESS' or 'ADDRESS/PREFIX': the director's local addresses. Default: everybody. */
  trusted?: readonly string[]
  /** What is done with a trusted peer's connection that begins without a PROXY header. Default: 'refuse'. */
  withoutHeader?: 'refuse' | 'pass'
  /** Milliseconds that a PROXY header may take. Default: 5000. */
  timeoutMs?: number
  /** Octets that a PROXY header of version 2 may have. Default: 536. */
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
/** setTimeout's. */
const LONGEST_MS = 2 ** 31 - 1
const MOST_OCTETS = 536
/** A header of version 2: its fixed part, and with as much as its length can say. */
const [SHORTEST, LONGEST] = [16, 16 + 65_535]
const OPTIONS = ['by', 'trusted', 'withoutHeader', 'timeoutMs', 'mostOctets']
const OF_HEADERS = ['withoutHeader', 'timeoutMs', 'mostOctets'] as const

/** What was asked for, whole. TypeError or RangeError in a line, with the option's name and what is allowed. */
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
