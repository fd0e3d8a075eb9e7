import type { LabMode } from '../native-free/lab-plan.js'
import { median } from './median.js'

/** The figures of one round of a mode. */
export interface ModeFigures {
  requestsPerSecond: number
  /** Absent without ab. */
  connectionsPerSecond?: number
  gbitPerSecond: number
  /** The director's CPU time divided by the packets that its interfaces received, during the requests. */
  microsecondsPerPacket: number
  /** The same divided by the requests: replies that bypass the director cost it nothing. */
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

/** A heading and a line for each mode: '69012 [68200–70110]'. */
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

/** The modes, best first. */
const TAUGHT = ['dr', 'tun', 'nat', 'fullnat'] as const
const TAUGHT_ORDER = TAUGHT.map(mode => mode.toUpperCase()).join(' > ')

/** A figure by which modes are ranked; `sign` is −1 where less is better. */
interface Ranked {
  figure: 'requestsPerSecond' | 'microsecondsPerRequest'
  sign: 1 | -1
}
const RATE: Ranked = { figure: 'requestsPerSecond', sign: 1 }
const CPU: Ranked = { figure: 'microsecondsPerRequest', sign: -1 }

/**
 * Ranks the modes by requests a second and by the director's CPU time a request, and says whether the order usually taught
 * holds. Two modes are distinguished only if every round of one is better than every round of the other.
 */
export function orderLines(modes: readonly ModeSummary[]): string[] {
  return [
    `By requests/s: ${orderBy(modes, RATE)}. ${distance(modes)}`,
    `By the director's CPU a request, least first: ${orderBy(modes, CPU)}.`,
    `Usually taught: ${TAUGHT_ORDER}, FULLNAT 10 % behind NAT. By requests/s that order ${verdict(modes, RATE)}; ` +
      `by the director's CPU it ${verdict(modes, CPU)}. (≈: the rounds overlap.)`,
  ]
}

function isBetter(one: ModeSummary, other: ModeSummary, { figure, sign }: Ranked): boolean {
  return sign > 0 ? one[figure].min > other[figure].max : one[figure].max < other[figure].min
}

/** Ordered by medians, '≈' between neighbours that are not distinguished. */
function orderBy(modes: readonly ModeSummary[], ranked: Ranked): string {
  const { figure, sign } = ranked
  const sorted = [...modes].sort((a, b) => sign * (b[figure].median - a[figure].median))
  const steps = sorted.map((own, i) => {
    const before = sorted[i - 1]
    return `${before ? (isBetter(before, own, ranked) ? ' > ' : ' ≈ ') : ''}${own.mode.toUpperCase()}`
  })
  return steps.join('')
}

function distance(modes: readonly ModeSummary[]): string {
  const [nat, fullnat] = (['nat', 'fullnat'] as const).map(wanted => modes.find(({ mode }) => mode === wanted))
  if (!nat || !fullnat) return ''
  if (!isBetter(nat, fullnat, RATE) && !isBetter(fullnat, nat, RATE)) return 'FULLNAT and NAT are not told apart.'
  const percent = Math.round((1 - fullnat.requestsPerSecond.median / nat.requestsPerSecond.median) * 100)
  return `FULLNAT is ${Math.abs(percent)} % ${percent >= 0 ? 'behind' : 'before'} NAT.`
}

/** For each pair of modes in the taught order: as taught, reversed, or not distinguished. */
function verdict(modes: readonly ModeSummary[], ranked: Ranked): string {
  const inOrder = TAUGHT.flatMap(wanted => modes.find(({ mode }) => mode === wanted) ?? [])
  const pairs = inOrder.flatMap((one, i) => inOrder.slice(i + 1).map(other => [one, other] as const))
  const wrong = pairs.filter(([one, other]) => isBetter(other, one, ranked))
  const right = pairs.filter(([one, other]) => isBetter(one, other, ranked))
  if (wrong.length > 0) {
    const named = wrong.map(([one, other]) => `${other.mode.toUpperCase()} > ${one.mode.toUpperCase()}`)
    return `does not hold: ${named.join(', ')}`
  }
  if (right.length === pairs.length) return 'holds'
  return right.length > 0 ? 'holds as far as modes are told apart' : 'cannot be judged: no two modes are told apart'
}
