import { setTimeout as sleep } from 'node:timers/promises'
import { rules } from '../../native-free/lab-plan.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'
import { ours, which } from '../../netns-lab/tools.js'
import { readWrk } from '../../netns-lab/wrk-report.js'
import { connectControl } from '../../src/control/socket/client.js'
import { idleService } from './idle-fleet.js'
import { LineProcess } from './line-process.js'
import { busiestSince, processCpu, threadCpu } from './thread-cpu.js'

/** Where changes are put: nowhere; below a prefix that is nobody's; where the director has its rules. */
export const PLACES = ['none', 'elsewhere', 'own'] as const
export type Place = (typeof PLACES)[number]

const URL = 'http://127.0.0.1:2379'
const PREFIXES = { elsewhere: '/bench/elsewhere', own: '/bench/own' }
const SECONDS = 3
const FILL_MS = 120_000
const LIMIT_MS = 60_000

interface Figures {
  perSecond: number
  /** In µs. */
  p99: number
}

/** A lab whose director has its rules from an etcd beside it. */
export class EtcdLab {
  private constructor(
    readonly lab: NetnsLab,
    /** From the director's start until it was ready, ms. */
    readonly startMs: number,
    readonly ids: { main: number; plane: number; etcd: number },
    readonly writer: LineProcess,
    readonly paces: LineProcess,
  ) {}

  static async start(lab: NetnsLab, services: number): Promise<EtcdLab> {
    const { spaces, options } = lab
    const { plan } = options
    const folder = `${spaces.ledger.dir}/etcd`
    const peers = ['--listen-peer-urls', 'http://127.0.0.1:2380']
    const urls = ['--listen-client-urls', URL, '--advertise-client-urls', URL, ...peers]
    const { pid: etcd } = spaces.start('director', 'etcd', which('etcd')!, ['--data-dir', folder, '--log-level', 'error', ...urls]) // prettier-ignore
    const command = [process.execPath, ours('bench/wire/load/etcd-writer.js'), URL, PREFIXES.own]
    const text = rules(plan).map(words => words.join(' ')).join('\n') // prettier-ignore
    const writer = await filled(() => new LineProcess(spaces, 'director', 'etcd-writer', command), services, text)
    const from = performance.now()
    const rulesFrom = ['--etcd', URL, '--etcd-prefix', PREFIXES.own, '--etcd-name', 'bench']
    const director = await lab.startDirector(
      '--offload',
      'off',
      ...rulesFrom,
      '--etcd-state',
      `${spaces.ledger.dir}/state`,
    )
    const startMs = performance.now() - from
    const main = director.id.pid
    const before = threadCpu(main)
    await wrk(lab, 1)
    const plane = busiestSince(before, main)
    const client = [process.execPath, ours('bench/wire/load/paced-requests.js'), plan.vip, String(plan.port)]
    const paces = new LineProcess(spaces, plan.client.name, 'paced-requests', client)
    return new EtcdLab(lab, startMs, { main, plane, etcd }, writer, paces)
  }

  byWrk(): Promise<Figures> {
    return wrk(this.lab, SECONDS)
  }
  paced(perSecond: number): () => Promise<Figures> {
    return async () => JSON.parse(await this.paces.ask(`${perSecond} ${SECONDS}`)) as Figures
  }

  /** A load, and what it took of the CPUs, in ms a second, while changes are put there. */
  async once(
    load: () => Promise<Figures>,
    place: Place,
    rate: number,
  ): Promise<Figures & Record<'planeMs' | 'mainMs' | 'etcdMs', number>> {
    const before = this.#cpu()
    const from = performance.now()
    const changes = place === 'none' ? undefined : this.writer.ask(`go ${PREFIXES[place]} ${rate} ${SECONDS}`)
    const figures = await load()
    await changes
    const seconds = (performance.now() - from) / 1000
    const [planeMs, mainMs, etcdMs] = this.#cpu().map((ms, i) => (ms - before[i]!) / seconds) as [
      number,
      number,
      number,
    ]
    return { ...figures, planeMs, mainMs, etcdMs }
  }

  /** One change. Returns when the director had it, in ms after its put began. */
  async change(i: number): Promise<number> {
    const service = { protocol: 'tcp', ...idleService(i) } as const
    const control = connectControl(this.lab.spaces.ledger.control)
    const weight = async (): Promise<number | undefined> => {
      const reply = await control.call<'services'>({ op: 'services', service })
      return reply.ok ? reply.value.rows[0]?.destinations[0]?.weight : undefined
    }
    try {
      const before = await weight()
      const asked = this.writer.ask(`change ${i}`)
      while ((await weight()) === before) await sleep(1)
      const doneMs = performance.timeOrigin + performance.now()
      return doneMs - Number(await asked)
    } finally {
      control.close()
    }
  }

  async end(): Promise<void> {
    await Promise.all([this.writer.end(), this.paces.end()])
  }

  #cpu(): number[] {
    const { main, plane, etcd } = this.ids
    const threads = threadCpu(main)
    return [threads.get(plane) ?? 0, threads.get(main) ?? 0, processCpu(etcd)]
  }
}

/** A writer that has filled an etcd, as soon as that answers. */
async function filled(start: () => LineProcess, services: number, text: string): Promise<LineProcess> {
  const until = performance.now() + LIMIT_MS
  for (;;) {
    const writer = start()
    try {
      await writer.ask(`fill ${services} ${encodeURIComponent(text)}`, FILL_MS)
      return writer
    } catch (error) {
      await writer.end()
      if (performance.now() > until) throw error
      await sleep(200)
    }
  }
}

async function wrk({ spaces, url }: NetnsLab, seconds: number): Promise<Figures> {
  const report = await spaces.must('client', 'wrk', ['-t1', '-c50', `-d${seconds}`, '--latency', url], LIMIT_MS)
  const { requestsPerSecond: perSecond, p99 } = readWrk(report)
  return { perSecond, p99: p99! }
}
