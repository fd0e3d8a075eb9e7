import type { FigureName, Summary } from './figures.js'

/** A target ratio: a runner's figure divided by another runner's. */
interface Wanted {
  what: string
  figure: FigureName
  runner: string
  /** The limit by the other runner's name: the ratio must be at least this, or with `atMost` at most. */
  over: Record<string, number>
  atMost?: true
}

const WANTED: readonly Wanted[] = [
  {
    what: 'NAT, wrk requests/s',
    figure: 'wrk',
    runner: 'uvs-raw-nat',
    over: { nftables: 1.15, haproxy: 1.6, 'nginx-stream': 1.2, 'no-balancer': 1.05 },
  },
  {
    what: 'NAT, CPU a request',
    figure: 'cpu-request',
    runner: 'uvs-raw-nat',
    over: { nftables: 1, 'no-balancer': 1 },
    atMost: true,
  },
  {
    what: 'NAT, ab new connections/s',
    figure: 'ab',
    runner: 'uvs-raw-nat',
    over: { nftables: 1.2, haproxy: 1.5, 'nginx-stream': 1.7 },
  },
  { what: 'NAT, ab of 20 requests each', figure: 'ab20', runner: 'uvs-raw-nat', over: { 'no-balancer': 1.1 } },
  { what: 'NAT, download', figure: 'download', runner: 'uvs-raw-nat', over: { nftables: 1 } },
  { what: 'NAT, upload', figure: 'upload', runner: 'uvs-raw-nat', over: { nftables: 1 } },
  {
    what: 'NAT, wrk p99 at half load',
    figure: 'think-p99',
    runner: 'uvs-raw-nat',
    over: { 'no-balancer': 1.1 },
    atMost: true,
  },
  {
    what: 'NAT, p99 at half load, paced',
    figure: 'half-p99',
    runner: 'uvs-raw-nat',
    over: { 'no-balancer': 1.3 },
    atMost: true,
  },
  { what: 'NAT, UDP 64-byte packets/s', figure: 'udp', runner: 'uvs-raw-nat', over: { nftables: 1.5 } },
  { what: 'beside, NAT, wrk requests/s', figure: 'wrk', runner: 'uvs-beside-nat', over: { 'uvs-raw-nat': 0.97 } },
  { what: 'beside, NAT, ab new connections/s', figure: 'ab', runner: 'uvs-beside-nat', over: { 'uvs-raw-nat': 0.97 } },
  { what: 'FULLNAT, wrk requests/s', figure: 'wrk', runner: 'uvs-raw-fullnat', over: { nftables: 1.1 } },
  { what: 'DR, wrk requests/s', figure: 'wrk', runner: 'uvs-raw-dr', over: { nftables: 1.1 } },
  { what: 'TUN, wrk requests/s', figure: 'wrk', runner: 'uvs-raw-tun', over: { nftables: 1.1 } },
  {
    what: 'tap NAT, wrk requests/s',
    figure: 'wrk',
    runner: 'uvs-tap-nat',
    over: { haproxy: 1, nftables: 0.75 },
  },
  {
    what: 'tap NAT, ab new connections/s',
    figure: 'ab',
    runner: 'uvs-tap-nat',
    over: { haproxy: 1, nftables: 0.75 },
  },
]

export interface Judged {
  what: string
  runner: string
  over: string
  wanted: number
  atMost: boolean
  /** The ratio of the medians; absent if either was not measured. */
  seen?: number
  /** The least and the greatest ratio within one round, if both have all rounds. */
  range?: [number, number]
  ok?: boolean
}

/** Each target ratio and the measured one. */
export function judge(figures: readonly Summary[]): Judged[] {
  return WANTED.flatMap(({ what, figure, runner, over, atMost = false }) => {
    const of = (name: string): Summary | undefined => figures.find(row => row.figure === figure && row.runner === name)
    return Object.entries(over).map(([other, wanted]) => {
      const base: Judged = { what, runner, over: other, wanted, atMost }
      const [own, others] = [of(runner), of(other)]
      if (!own || !others) return base
      const seen = own.median / others.median
      return { ...base, seen, ...rangeOf(own.values, others.values), ok: atMost ? seen <= wanted : seen >= wanted }
    })
  })
}

function rangeOf(own: readonly number[], others: readonly number[]): { range?: [number, number] } {
  if (own.length !== others.length || own.length < 2) return {}
  const ratios = own.map((value, round) => value / others[round]!)
  return { range: [Math.min(...ratios), Math.max(...ratios)] }
}

/** 'ok      NAT, wrk requests/s            0.97 [0.95–1.02] of nftables, at least 0.9'; missed, or '-' where not measured */
export function judgedLine({ what, over, wanted, atMost, seen, range, ok }: Judged): string {
  const verdict = ok === undefined ? '-' : ok ? 'ok' : 'missed'
  const ratio = seen === undefined ? 'not measured' : `${seen.toFixed(2)}${rangeText(range)}`
  return `${verdict.padEnd(6)}  ${what.padEnd(30)}  ${ratio} of ${over}, ${atMost ? 'at most' : 'at least'} ${wanted}`
}

/** The same as rows of a Markdown table, under its heading. */
export function judgedRows(judged: readonly Judged[]): string[] {
  const rows = judged.map(({ what, over, wanted, atMost, seen, range, ok }) => {
    const ratio = seen === undefined ? '–' : `${seen.toFixed(2)}${rangeText(range)}`
    return [what, `${atMost ? '≤' : '≥'} ${wanted} × ${over}`, ratio, ok === undefined ? '–' : ok ? 'ok' : 'missed']
  })
  return [['', 'wanted', 'seen', ''], ['---', '---', '--:', '---'], ...rows].map(cells => `| ${cells.join(' | ')} |`)
}

const rangeText = (range: [number, number] | undefined): string =>
  range ? ` [${range.map(value => value.toFixed(2)).join('–')}]` : ''
