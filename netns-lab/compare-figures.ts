import type { LabMode } from '../native-free/lab-plan.js'
import { median } from './bench-figures.js'

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

const TAUGHT: readonly LabMode[] = ['dr', 'tun', 'nat', 'fullnat']

/**
 * The order by requests a second, '≈' between neighbours whose rounds overlap, beside the order that is usually taught:
 * DR > TUN > NAT > FULLNAT, FULLNAT 10 % behind NAT.
 */
export function orderSentence(modes: readonly ModeSummary[]): string {
  const sorted = [...modes].sort((a, b) => b.requestsPerSecond.median - a.requestsPerSecond.median)
  const order = sorted.map((summary, i) => {
    const before = sorted[i - 1]?.requestsPerSecond
    const sign = !before ? '' : before.min > summary.requestsPerSecond.max ? ' > ' : ' ≈ '
    return sign + summary.mode.toUpperCase()
  })
  const [nat, fullnat] = (['nat', 'fullnat'] as const).map(
    mode => modes.find(summary => summary.mode === mode)?.requestsPerSecond.median ?? NaN,
  )
  const percent = Math.round((1 - fullnat! / nat!) * 100)
  const distance = `FULLNAT ${Math.abs(percent)} % ${percent >= 0 ? 'behind' : 'before'} NAT`
  const same = TAUGHT.every((mode, i) => sorted[i]?.mode === mode) && !order.some(text => text.includes('≈'))
  const taught = 'the order usually taught, DR > TUN > NAT > FULLNAT with FULLNAT 10 % behind NAT,'
  return `By requests/s the order here is ${order.join('')}, ${distance}: ${taught} is ${same ? '' : 'not '}what was measured.`
}
