import type { Result } from './summary.js'

/** The targets of issue 6 for one core; `by` is a second figure that divides the first. */
interface Target {
  readonly what: string
  readonly of: Figure
  readonly by?: Figure
  readonly most?: number
  readonly least?: number
}
type Figure = readonly [name: string, unit: string]

const open = (mode: string, direction: string, count: number): Figure => [
  `established packet, ${mode}, ${direction}, ${count} connections, by 64`,
  'ns net',
]
const DIRECTIONS = ['inbound', 'outbound'] as const
const TARGETS: readonly Target[] = [
  ...DIRECTIONS.flatMap((direction): Target[] => [
    { what: `ns, established NAT packet, ${direction}, 10³`, of: open('NAT', direction, 1000), most: 100 },
    { what: `ns, established NAT packet, ${direction}, 4·10⁶`, of: open('NAT', direction, 4_000_000), most: 250 },
    ...[1000, 4_000_000].map(count => ({
      what: `× NAT, FULLNAT ${direction}, ${count}`,
      of: open('FULLNAT', direction, count),
      by: open('NAT', direction, count),
      most: 1.05,
    })),
  ]),
  {
    what: 'ns, new connection and its end',
    of: ['new connection and its end, NAT, rr, 64 servers', 'ns net'],
    most: 800,
  },
  ...['NAT', 'FULLNAT'].map((mode): Target => {
    return {
      what: `bytes RSS, ${mode}, 10⁷`,
      of: [`life of 10000000 connections, ${mode}`, 'bytes RSS a connection'],
      most: 100,
    }
  }),
  ...[1000, 4_000_000].flatMap(count =>
    ['established packets', '8 of them new connections'].map((what): Target => {
      const name = `one batch of 64, NAT, ${count} connections, ${what}`
      return { what: `µs, p99.99 of a batch, ${what}, ${count}`, of: [name, 'µs p99.99'], most: 1000 }
    }),
  ),
  ...[1000, 4_000_000].map((count): Target => {
    return {
      what: `× one worker, two, ${count}`,
      of: [`two workers beside one, NAT, ${count} connections`, 'times as many'],
      least: 1.8,
    }
  }),
]

/** A line for each target whose figures were measured. */
export function targetLines(results: readonly Result[]): string[] {
  const find = ([name, unit]: Figure): number | undefined =>
    results.find(result => result.name === name)?.figures[unit]?.median
  return TARGETS.flatMap(({ what, of, by, most, least }) => {
    const [value, divisor] = [find(of), by === undefined ? 1 : find(by)]
    if (value === undefined || divisor === undefined) return []
    const got = value / divisor
    const isMet = most === undefined ? got >= least! : got <= most
    const bound = most === undefined ? `at least ${least}` : `at most ${most}`
    return [`${isMet ? 'met   ' : 'missed'}  ${got.toFixed(got < 10 ? 2 : 0)} ${what} (${bound})`]
  })
}
