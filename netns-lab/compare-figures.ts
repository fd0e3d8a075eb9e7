import type { LabMode } from '../native-free/lab-plan.js'
import { median } from './median.js'

/** What one round of a mode measured. */
export interface ModeFigures {
  requestsPerSecond: number
  /** Absent without ab. */
  connectionsPerSecond?: number
  gbitPerSecond: number
  /** CPU time of the director over the packets that its interfaces received, while requests came. */
  microsecondsPerPacket: number
  /** The same over the requests: past the director, replies cost it nothing. */
  microsecondsPerRequest: number
}

export interface Spread {
  median: number
  min: number
  max: number
}

export type ModeSummary = { mode: LabMode } & { [Figure in keyof ModeFigures]: Spread }

const COLUMNS = {
  requestsPerSecond: { title: 'requests/s', digits: 0 },
  connectionsPerSecond: { title: 'connections/s', digits: 0 },
  gbitPerSecond: { title: 'Gbit/s', digits: 2 },
  microsecondsPerPacket: { title: 'director µs/packet', digits: 2 },
  microsecondsPerRequest: { title: 'µs/request', digits: 1 },
} as const
type Column = keyof typeof COLUMNS

/** Each mode's figures over the rounds. */
export function summariseModes(rounds: ReadonlyMap<LabMode, readonly ModeFigures[]>): ModeSummary[] {
  return [...rounds].map(([mode, figures]) => {
    const spreads = (Object.keys(COLUMNS) as Column[]).flatMap(column => {
      const values = figures.flatMap(round => round[column] ?? [])
      const spread = { median: median(values), min: Math.min(...values), max: Math.max(...values) }
      return values.length > 0 ? [[column, spread] as const] : []
    })
    return { mode, ...(Object.fromEntries(spreads) as { [Figure in keyof ModeFigures]: Spread }) }
  })
}

/** A heading and a line a mode: '69012 [68200–70110]'. */
export function comparisonTable(modes: readonly ModeSummary[]): string[] {
  const columns = Object.entries(COLUMNS) as [Column, (typeof COLUMNS)[Column]][]
  const rows = modes.map(summary => [
    summary.mode,
    ...columns.map(([column, { digits }]) => spreadText(summary[column], digits)),
  ])
  const all = [['mode', ...columns.map(([, { title }]) => title)], ...rows]
  const widths = all[0]!.map((_, i) => Math.max(...all.map(row => row[i]!.length)))
  return all.map(row => row.map((cell, i) => cell[i === 0 ? 'padEnd' : 'padStart'](widths[i]!)).join('  '))
}

function spreadText(spread: Spread | undefined, digits: number): string {
  if (!spread) return '-'
  const [middle, least, most] = [spread.median, spread.min, spread.max].map(value => value.toFixed(digits))
  return `${middle} [${least}–${most}]`
}

const TAUGHT = 'DR > TUN > NAT > FULLNAT'

/**
 * The orders by requests a second and by the director's CPU a request, '≈' between neighbours whose rounds overlap,
 * beside the order that is usually taught: DR > TUN > NAT > FULLNAT, FULLNAT 10 % behind NAT.
 */
export function orderSentence(modes: readonly ModeSummary[]): string {
  const [requests, cpu] = [orderBy(modes, 'requestsPerSecond', 1), orderBy(modes, 'microsecondsPerRequest', -1)]
  const rate = (wanted: LabMode): number => modes.find(({ mode }) => mode === wanted)?.requestsPerSecond.median ?? NaN
  const percent = Math.round((1 - rate('fullnat') / rate('nat')) * 100)
  const distance = `FULLNAT ${Math.abs(percent)} % ${percent >= 0 ? 'behind' : 'before'} NAT`
  const shown = [requests, cpu].map(order => order === TAUGHT)
  const verdict = shown[0]
    ? shown[1]
      ? 'both show'
      : 'only the first shows'
    : shown[1]
      ? 'only the second shows'
      : 'neither shows'
  return (
    `Here it is ${requests} by requests/s, ${distance}, and ${cpu} by the director's CPU a request: ` +
    `the order usually taught, ${TAUGHT} with FULLNAT 10 % behind NAT, ${verdict}.`
  )
}

/** Best first; `sign` −1 where less is better. */
function orderBy(
  modes: readonly ModeSummary[],
  figure: 'requestsPerSecond' | 'microsecondsPerRequest',
  sign: 1 | -1,
): string {
  const sorted = [...modes].sort((a, b) => sign * (b[figure].median - a[figure].median))
  return sorted
    .map((summary, i) => {
      const [before, own] = [sorted[i - 1]?.[figure], summary[figure]]
      if (!before) return summary.mode.toUpperCase()
      const apart = sign > 0 ? before.min > own.max : before.max < own.min
      return `${apart ? '>' : '≈'} ${summary.mode.toUpperCase()}`
    })
    .join(' ')
}
