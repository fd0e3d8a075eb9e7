/* Metrics of the director as a whole and of its process: few label sets, so prom-client handles them. */
import { readFile } from 'node:fs/promises'
import { collectDefaultMetrics, Counter, Gauge, Registry, type Metric, type RegistryContentType } from 'prom-client'
import type { Buckets, Control, DirectorFigures, WorkerFigures } from '../protocol/api.js'
import type { EtcdFigures } from './fleet-metrics.js'
import { FLOWS_HERE, FLOWS_HERE_HELP, FlowsHereReader } from './flows-here.js'
import { OFFLOAD_METRICS } from './offload-metrics.js'
import type { RequestCounts } from './request-counts.js'
import type { RulesLoads } from './rules-loads.js'
import { packageVersion } from '../../package-version.js'

/** The sources of metrics. */
export interface MetricsSources {
  control: Control
  requests: RequestCounts
  rules: RulesLoads
  /** Thread IDs of the data plane's workers; undefined if it has no threads. */
  threads?: readonly number[]
  /** Undefined, or returns undefined, as long as it follows no etcd. */
  etcd?: () => EtcdFigures | undefined
}

type Labels = Record<string, string>
type Samples = Iterable<readonly [Labels, number]>

/** Ticks of /proc/PID/stat in a second: USER_HZ, the same on every Linux that Node runs on. */
const USER_HZ = 100
const DROP = 'drop-'
/** prom-client's gauges that end in _total, which only counters may. nodejs_active_resources has the same values. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** Makes the text of the current metrics. Rejects with the director's refusal. */
export class DirectorMetrics {
  readonly #registry = new Registry()
  readonly #sources: MetricsSources
  readonly #flowsHere: FlowsHereReader
  #figures!: DirectorFigures
  #cpu: readonly (ThreadCpu | undefined)[] = []

  constructor(sources: MetricsSources) {
    this.#sources = sources
    this.#flowsHere = new FlowsHereReader(sources.control)
    this.#traffic()
    this.#occupancy()
    this.#offload()
    this.#loop()
    this.#control()
    collectDefaultMetrics({ register: this.#registry })
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name)
  }

  get contentType(): RegistryContentType {
    return this.#registry.contentType
  }

  async text(): Promise<string> {
    const { control, threads = [] } = this.#sources
    const reply = await control.call({ op: 'figures' })
    if (!reply.ok) throw new Error(reply.message)
    this.#figures = reply.value
    if (reply.value.offload) await this.#flowsHere.read()
    this.#cpu = await Promise.all(threads.map(threadCpu))
    return this.#registry.metrics()
  }

  #traffic(): void {
    const verdicts = (): [string, number][] => Object.entries(this.#figures.verdicts)
    this.#counter('uvs_connections_total', 'Connections of all services', [], () => [[{}, this.#figures.totals.conns]])
    this.#counter('uvs_packets_total', 'Packets of all services, by direction', ['direction'], () => [
      [{ direction: 'in' }, this.#figures.totals.inPkts],
      [{ direction: 'out' }, this.#figures.totals.outPkts],
    ])
    this.#counter('uvs_bytes_total', 'IP octets of all services, by direction', ['direction'], () => [
      [{ direction: 'in' }, this.#figures.totals.inBytes],
      [{ direction: 'out' }, this.#figures.totals.outBytes],
    ])
    this.#counter('uvs_received_frames_total', 'Frames that came in to the director', [], () => [
      [{}, this.#figures.frames.received],
    ])
    this.#counter('uvs_frames_total', 'Frames not dropped, by verdict', ['verdict'], () =>
      verdicts()
        .filter(([name]) => isFate(name))
        .map(([verdict, count]) => [{ verdict }, count]),
    )
    this.#counter('uvs_dropped_frames_total', 'Frames dropped, by reason', ['reason'], () =>
      verdicts()
        .filter(([name]) => name.startsWith(DROP))
        .map(([name, count]) => [{ reason: name.slice(DROP.length) }, count]),
    )
    this.#counter(
      'uvs_device_dropped_frames_total',
      'Frames lost by an interface, in both directions',
      ['device'],
      () => this.#figures.devices.map(({ name, dropped }) => [{ device: name }, dropped]),
    )
    this.#counter('uvs_icmp_errors_total', 'ICMP errors: sent, or withheld by the rate limit', ['outcome'], () => [
      [{ outcome: 'sent' }, this.#figures.verdicts['icmp-errors-sent']!],
      [{ outcome: 'limited' }, this.#figures.verdicts['icmp-errors-limited']!],
    ])
    this.#counter(
      'uvs_toa_omitted_segments_total',
      'Segments sent without the TOA option, by reason',
      ['reason'],
      () => [
        [{ reason: 'options-full' }, this.#figures.verdicts['toa-options-full']!],
        [{ reason: 'too-big' }, this.#figures.verdicts['toa-too-big']!],
      ],
    )
  }

  #occupancy(): void {
    const table = 'uvs_connection_table'
    this.#gauge(`${table}_capacity`, 'Capacity of the connection table, in records', [], () => [
      [{}, this.#figures.connections.capacity],
    ])
    this.#gauge(`${table}_entries`, 'Records in use: connections and persistence templates', ['kind'], () => [
      [{ kind: 'connection' }, this.#figures.connections.open],
      [{ kind: 'template' }, this.#figures.connections.templates],
    ])
    this.#gauge(`${table}_timers_behind_seconds`, 'How late connections are ended; 0: none is overdue', [], () => [
      [{}, this.#figures.connections.timersBehind],
    ])
    this.#gauge('uvs_local_ports_in_use', 'Local ports of FULLNAT in use', ['local_address'], () =>
      this.#figures.localPorts.inUse.map(({ address, count }) => [{ local_address: address }, count]),
    )
    this.#gauge('uvs_local_ports_resting', 'Local ports of FULLNAT that rest for a minute before reuse', [], () => [
      [{}, this.#figures.localPorts.resting],
    ])
    this.#gauge('uvs_neighbours', 'Neighbours: learnt by ARP, being asked, and fixed (--neighbour)', ['kind'], () =>
      Object.entries(this.#figures.neighbours).map(([kind, count]) => [{ kind }, count]),
    )
    this.#gauge('uvs_held_frames', "Frames that wait for a neighbour's answer", [], () => [
      [{}, this.#figures.heldFrames],
    ])
    this.#gauge('uvs_held_datagrams', 'Datagrams that wait for their other fragments', [], () => [
      [{}, this.#figures.heldDatagrams],
    ])
  }

  #offload(): void {
    for (const { of, name, help } of OFFLOAD_METRICS) {
      const read = (): Samples => {
        const { offload } = this.#figures
        return offload ? [[{}, offload[of]]] : []
      }
      if (name.endsWith('_total')) this.#counter(name, help, [], read)
      else this.#gauge(name, help, [], read)
    }
    this.#gauge(FLOWS_HERE, FLOWS_HERE_HELP, ['why'], () => this.#flowsHere.samples)
  }

  #loop(): void {
    this.#histogram(
      'uvs_loop_turn_seconds',
      'Duration of turns of the loop that had frames or requests',
      ({ turns }) => turns?.seconds,
    )
    this.#histogram('uvs_loop_turn_frames', 'Frames a turn, of turns that had any', ({ turns }) => turns?.frames)
    this.#counter(
      'uvs_data_plane_cpu_seconds_total',
      'CPU time of each worker of the data plane',
      ['mode', 'worker'],
      () => this.#cpu.flatMap((cpu, worker) => ofWorker('mode', cpu, worker)),
    )
    this.#gauge(
      'uvs_data_plane_heap_bytes',
      'JavaScript heap of each worker of the data plane',
      ['state', 'worker'],
      () => this.#figures.workers.flatMap(({ heap }, worker) => ofWorker('state', heap, worker)),
    )
  }

  #control(): void {
    const { requests, rules } = this.#sources
    this.#counter('uvs_control_requests_total', 'Requests on the control socket', ['operation', 'outcome'], () =>
      [...requests.byOperation].flatMap(([operation, outcomes]) =>
        [...outcomes].map(([outcome, count]): [Labels, number] => [{ operation, outcome }, count]),
      ),
    )
    this.#gauge(
      'uvs_estimator_age_seconds',
      'Age of the counters that listings show; at most 2 unless run_estimation is 0',
      [],
      () => [[{}, this.#figures.estimatorAge]],
    )
    this.#counter('uvs_rules_loads_total', 'Loads of the rules file, by outcome', ['outcome'], () => [
      [{ outcome: 'success' }, rules.succeeded],
      [{ outcome: 'failure' }, rules.failed],
    ])
    this.#gauge('uvs_rules_last_load_successful', '1 if the last load of the rules file succeeded, else 0', [], () =>
      rules.lastWasGood === undefined ? [] : [[{}, Number(rules.lastWasGood)]],
    )
    this.#gauge(
      'uvs_rules_last_load_success_timestamp_seconds',
      'Time of the last successful load of the rules file',
      [],
      () => (rules.lastGoodAt === 0 ? [] : [[{}, rules.lastGoodAt]]),
    )
    this.#gauge('uvs_build_info', 'uvs: 1; its version is a label', ['version', 'nodejs'], () => [
      [{ version: packageVersion(), nodejs: process.version }, 1],
    ])
  }

  #counter(name: string, help: string, labelNames: string[], read: () => Samples): void {
    const metric = new Counter({
      name,
      help,
      labelNames,
      registers: [],
      collect() {
        empty(this, labelNames)
        for (const [labels, value] of read()) this.inc(labels, value)
      },
    })
    this.#registry.registerMetric(metric)
  }
  #gauge(name: string, help: string, labelNames: string[], read: () => Samples): void {
    const metric = new Gauge({
      name,
      help,
      labelNames,
      registers: [],
      collect() {
        empty(this, labelNames)
        for (const [labels, value] of read()) this.set(labels, value)
      },
    })
    this.#registry.registerMetric(metric)
  }
  /** A histogram that was counted elsewhere. prom-client's own would count itself. */
  #histogram(name: string, help: string, read: (figures: WorkerFigures) => Buckets | undefined): void {
    const type = 'histogram'
    const get = async () => {
      const values = this.#figures.workers.flatMap((figures, worker) => {
        const buckets = read(figures)
        return buckets ? histogramSamples(name, buckets, { worker: String(worker) }) : []
      })
      return { name, help, type, aggregator: 'sum', values }
    }
    this.#registry.registerMetric({ name, help, type, get } as unknown as Metric)
  }
}

function isFate(name: string): boolean {
  return !name.startsWith(DROP) && !name.startsWith('icmp-') && !name.startsWith('toa-')
}

interface Sample {
  metricName: string
  labels: Labels
  value: number
}

/** Prometheus' buckets are cumulative. */
function histogramSamples(name: string, { upTo, counts, sum }: Buckets, labels: Labels): Sample[] {
  let count = 0
  const samples = counts.map((more, i): Sample => {
    count += more
    return { metricName: `${name}_bucket`, labels: { ...labels, le: boundary(upTo[i]) }, value: count }
  })
  return [
    ...samples,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
/** A bound without the noise of binary fractions, so that its text stays the same. */
function boundary(upTo: number | undefined): string {
  return upTo === undefined ? '+Inf' : String(Number(upTo.toPrecision(9)))
}

interface ThreadCpu {
  user: number
  system: number
}

/** A sample for each of a worker's numbers, its name in a label. */
function ofWorker(label: string, figures: object | undefined, worker: number): [Labels, number][] {
  return Object.entries(figures ?? {}).map(([name, value]) => [
    { [label]: name, worker: String(worker) },
    value as number,
  ])
}

/** CPU time of a thread of this process, in seconds; undefined once it has ended. */
async function threadCpu(thread: number): Promise<ThreadCpu | undefined> {
  const stat = await readFile(`/proc/self/task/${thread}/stat`, 'latin1').catch(() => '')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13) // proc(5): fields 14 and 15
  if (user === undefined || system === undefined) return undefined
  return { user: Number(user) / USER_HZ, system: Number(system) / USER_HZ }
}

/** Removes the samples of the last collection. A metric without labels would remain at 0, so it is removed too. */
function empty(metric: Counter | Gauge, labelNames: readonly string[]): void {
  metric.reset()
  if (labelNames.length === 0) metric.remove()
}
