import type { NextInfo, StateInfo } from '../../../control/protocol/api.js'

/** A line of the table: what it is of, indented under what it belongs to. */
export interface Row {
  readonly depth: number
  readonly of: string
  readonly state: string
  /** Seconds since 1970. */
  readonly since?: number
  readonly next?: string
  readonly why?: string
}

/** How a list is shown: `columns`, of a terminal; `nowS`, seconds since 1970. */
export interface Shape {
  readonly asJson?: boolean
  readonly columns?: number | undefined
  readonly nowS?: number
}

export function rowOf(depth: number, of: string, { state, since, why }: StateInfo<string>, next?: string): Row {
  return { depth, of, state, since, why, ...(next !== undefined && { next }) }
}

/** What a configuration or a server named must not steer the terminal. */
const CONTROL = /[\p{Cc}\p{Bidi_C}]/gu

const HEAD = ['', 'STATE', 'SINCE', 'NEXT', 'WHY'] as const

/** Of a name, what is shown however narrow the terminal is. */
const LEAST_NAME = 10
/** Two blanks before the state, and the `>` of a screen that cuts what is behind it. */
const BESIDE_NAME = 3

/**
 * Columns as wide as they need to be; the reason, which may be long, is the last one. Names that would leave no room for the state within
 * `columns` are cut, and end in `>`.
 */
export function stateTable(rows: readonly Row[], { nowS = Date.now() / 1000, columns = Infinity }: Shape): string {
  const cells = rows.map(({ depth, of, state, since, next = '', why = '' }) => [
    '  '.repeat(depth) + of,
    state,
    since === undefined ? '' : sinceText(since, nowS),
    next,
    why,
  ])
  const widths = HEAD.map((head, at) => Math.max(head.length, ...cells.map(row => row[at]!.length)))
  widths[0] = Math.min(widths[0]!, Math.max(LEAST_NAME, columns - BESIDE_NAME - widths[1]!))
  const lines = [HEAD, ...cells].map(([name, ...row]) =>
    [cut(name!, widths[0]!), ...row]
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  )
  return lines.map(line => `${line.replaceAll(CONTROL, '?')}\n`).join('')
}

function cut(name: string, width: number): string {
  return name.length > width ? `${name.slice(0, width - 1)}>` : name
}

/** `check in 0.6 s`, `check now`; a result that is waited for is `under way`. */
export function nextText(next: NextInfo<string> | undefined): string | undefined {
  if (next === undefined) return undefined
  if (next.seconds === undefined) return next.event === 'result' ? 'under way' : next.event
  return next.seconds === 0 ? `${next.event} now` : `${next.event} in ${tenths(next.seconds)}`
}

/** `22:41:03, 5 s`; of another day with its date. */
export function sinceText(since: number, nowS: number): string {
  const [at, now] = [new Date(since * 1000), new Date(nowS * 1000)]
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-')
  const isToday = at.toDateString() === now.toDateString()
  return `${isToday ? time : `${date} ${time}`}, ${agoText(nowS - since)}`
}

/** `12 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`: rounded down. */
export function agoText(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const of = (larger: number, name: string, smaller: number, rest: string): string => {
    const more = Math.floor((s % larger) / smaller)
    return `${Math.floor(s / larger)} ${name}${more > 0 ? ` ${more} ${rest}` : ''}`
  }
  if (s < 60) return `${s} s`
  if (s < 3600) return of(60, 'min', 1, 's')
  return s < 86_400 ? of(3600, 'h', 60, 'min') : of(86_400, 'd', 3600, 'h')
}

function tenths(seconds: number): string {
  return seconds < 100 ? `${(Math.ceil(seconds * 10) / 10).toFixed(1)} s` : agoText(seconds)
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
