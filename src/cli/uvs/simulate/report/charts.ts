import type { RealServerResult, SimulationResult } from '../../../../../native-free/simulate/result.js'

/** A line of a chart: a value for each interval; null: there is none. */
export interface ChartLine {
  name: string
  values: (number | null)[]
}
export interface Chart {
  title: string
  /** What it shows, in a sentence. */
  says: string
  unit: string
  lines: ChartLine[]
}

/** The charts of a result. One in which nothing ever happened is left out. */
export function chartsOf(result: SimulationResult): Chart[] {
  const perSecond = rates(result.series.endMs)
  return [...chartsOfServers(result, perSecond), ...otherCharts(result, perSecond)].filter(({ lines }) =>
    lines.some(isSomething),
  )
}

type Rates = (counts: readonly number[]) => number[]

function chartsOfServers({ realServers }: SimulationResult, perSecond: Rates): Chart[] {
  const ofServers = (valuesOf: (server: RealServerResult) => number[]): ChartLine[] =>
    realServers.map(server => ({ name: server.name, values: valuesOf(server) }))
  return [
    {
      title: 'Load by real server',
      says: 'Requests answered a second.',
      unit: '/s',
      lines: ofServers(server => perSecond(server.series.answered)),
    },
    {
      title: 'New connections by real server',
      says: 'Connections that it took, a second.',
      unit: '/s',
      lines: ofServers(server => perSecond(server.series.connections)),
    },
    {
      title: 'Connections by real server',
      says: 'Open at the real server at the end of each interval.',
      unit: '',
      lines: ofServers(server => server.series.open),
    },
    {
      title: 'Queue by real server',
      says: 'Requests that wait for a place at the end of each interval.',
      unit: '',
      lines: ofServers(server => server.series.queued),
    },
  ]
}

function otherCharts({ directors, drops, series }: SimulationResult, perSecond: Rates): Chart[] {
  return [
    {
      title: 'Requests',
      says: 'Begun and answered, a second; SYNs of floods, if there were any.',
      unit: '/s',
      lines: [
        { name: 'begun', values: perSecond(series.started) },
        { name: 'answered', values: perSecond(series.answered) },
        { name: 'flood', values: perSecond(series.flood) },
      ].filter(line => line.name !== 'flood' || isSomething(line)),
    },
    {
      title: 'Requests failed and broken',
      says: 'In each interval. Failed: broken, refused or timed out; broken: the connection was open before.',
      unit: '',
      lines: [
        { name: 'failed', values: series.failed },
        { name: 'broken', values: series.broken },
      ],
    },
    {
      title: 'Drops by reason',
      says: 'Frames in each interval, of all directors and links.',
      unit: '',
      lines: drops.map(({ reason, series: values }) => ({ name: reason, values })),
    },
    {
      title: 'Latency',
      says: 'Of the requests answered in the interval, from SYN to the last octet.',
      unit: ' ms',
      lines: [
        { name: 'median', values: known(series.p50Ms) },
        { name: '99 %', values: known(series.p99Ms) },
      ],
    },
    {
      title: 'Imbalance',
      says: "The largest of the real servers' shares of new connections, divided by its share of the weight: 1 is even.",
      unit: '',
      lines: [{ name: 'imbalance', values: known(series.imbalance) }],
    },
    {
      title: "Directors' connection tables",
      says: 'Connections at the end of each interval.',
      unit: '',
      lines: directors.map(director => ({ name: director.name, values: director.series.connections })),
    },
  ]
}

function isSomething({ values }: ChartLine): boolean {
  return values.some(value => value !== 0 && value !== null)
}

/** Where 0 says that nothing came which could have a value. */
function known(values: readonly number[]): (number | null)[] {
  return values.map(value => value || null)
}

/** Counts of intervals that end then, as of a second; two decimals. */
function rates(endMs: readonly number[]): Rates {
  const lengths = endMs.map((end, at) => (end - (endMs[at - 1] ?? 0)) / 1000)
  return counts => counts.map((count, at) => Math.round((100 * count) / (lengths[at] || 1)) / 100)
}
