import { median } from '../../netns-lab/median.js'

/** The figures, in the order of the tables. `best`: whether more or less is better. */
export const FIGURES = {
  wrk: { title: 'wrk', unit: 'req/s', digits: 0, best: 'most', about: 'requests on 50 kept connections' },
  'wrk-p50': {
    title: 'wrk p50',
    unit: 'µs',
    digits: 0,
    best: 'least',
    about: 'half of the requests took no longer, at saturation',
  },
  'wrk-p99': {
    title: 'wrk p99',
    unit: 'µs',
    digits: 0,
    best: 'least',
    about: '99 of 100 requests took no longer, at saturation',
  },
  'cpu-user': { title: 'CPU user', unit: 'ns/packet', digits: 0, best: 'least', about: 'of the balancer, while wrk' },
  'cpu-system': {
    title: 'CPU system',
    unit: 'ns/packet',
    digits: 0,
    best: 'least',
    about: "of the balancer, while wrk; the receiver's half of a veth among it",
  },
  'cpu-softirq': {
    title: 'CPU softirq',
    unit: 'ns/packet',
    digits: 0,
    best: 'least',
    about: 'of the whole machine, while wrk',
  },
  'cpu-request': {
    title: 'CPU a request',
    unit: 'µs',
    digits: 1,
    best: 'least',
    about: 'of the whole machine, client and servers among it, while wrk',
  },
  half: {
    title: 'half load',
    unit: 'req/s',
    digits: 0,
    best: 'most',
    about:
      'answers to requests at a fixed rate on 50 kept connections, half of what the first runner carried that round',
  },
  'half-p50': {
    title: 'half load p50',
    unit: 'µs',
    digits: 0,
    best: 'least',
    about: 'half of the answers took no longer, from when the request was due',
  },
  'half-p99': {
    title: 'half load p99',
    unit: 'µs',
    digits: 0,
    best: 'least',
    about: '99 of 100 answers took no longer, from when the request was due',
  },
  think: {
    title: 'wrk half',
    unit: 'req/s',
    digits: 0,
    best: 'most',
    about: 'wrk with so many connections, each waiting 5 ms after an answer, as come to half load without a balancer',
  },
  'think-p50': {
    title: 'wrk half p50',
    unit: 'µs',
    digits: 0,
    best: 'least',
    about: 'half of its requests took no longer',
  },
  'think-p99': {
    title: 'wrk half p99',
    unit: 'µs',
    digits: 0,
    best: 'least',
    about: '99 of 100 of its requests took no longer',
  },
  ab: {
    title: 'ab',
    unit: 'conn/s',
    digits: 0,
    best: 'most',
    about: 'a new connection for each request, 50 at a time',
  },
  ab20: {
    title: 'ab, 20 each',
    unit: 'req/s',
    digits: 0,
    best: 'most',
    about: 'connections of 20 requests, 50 at a time',
  },
  download: { title: 'download', unit: 'Gbit/s', digits: 2, best: 'most', about: 'a large file by curl' },
  upload: { title: 'upload', unit: 'Gbit/s', digits: 2, best: 'most', about: 'a large file by curl, PUT' },
  udp: {
    title: 'UDP',
    unit: 'packets/s',
    digits: 0,
    best: 'most',
    about: 'frames of 64 octets one way, 64 flows, at most 1 of 10 000 lost',
  },
} as const satisfies Record<string, FigureInfo>

interface FigureInfo {
  title: string
  unit: string
  digits: number
  best: 'most' | 'least'
  about: string
}

export type FigureName = keyof typeof FIGURES
/** The figures of one runner's turn; those that could not be measured are absent. */
export type Figures = Partial<Record<FigureName, number>>

export interface Spread {
  median: number
  min: number
  max: number
}

export interface Summary extends Spread {
  figure: FigureName
  runner: string
  unit: string
  /** Each round's value, in order. */
  values: number[]
  /** The median divided by that of the first runner that has the figure. */
  ratio: number
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/** A row for each figure and runner that has values, figures in the order above, runners in the map's. */
export function summarise(rounds: ReadonlyMap<string, readonly Figures[]>): Summary[] {
  const names = Object.keys(FIGURES) as FigureName[]
  return names.flatMap(figure => {
    let first: number | undefined
    return [...rounds].flatMap(([runner, figures]) => {
      const values = figures.flatMap(round => round[figure] ?? [])
      if (values.length === 0) return []
      const spread = spreadOf(values)
      first ??= spread.median
      return [{ figure, runner, unit: FIGURES[figure].unit, ...spread, values, ratio: spread.median / first }]
    })
  })
}

/** 'wrk         uvs-raw-nat           69012 [68200–70110] req/s   0.87' */
export function summaryLine({ figure, runner, unit, median: middle, min, max, ratio }: Summary): string {
  const [m, from, to] = [middle, min, max].map(value => value.toFixed(FIGURES[figure].digits))
  return `${figure.padEnd(11)} ${runner.padEnd(16)} ${m!.padStart(7)} [${from}–${to}] ${unit}  ${ratio.toFixed(2)}`
}
