/*
 * node dist/bench/wire/watched.js ROUNDS [SECONDS [RUNNER]]
 *
 * What do those who watch packets cost those who send them? One lab of bench:lab; each round has some seconds of load, two unless told, for
 * each way to watch (watching.ts), in turn, in an order that changes: by wrk at full load and, on another connection of the client's, at a
 * fixed rate, half of it. Prints p99 and the median of its ratios to that of the same round with nobody watching. uvs-raw-nat unless told.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../../netns-lab/median.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours, which } from '../../netns-lab/tools.js'
import { untilStopped } from '../../netns-lab/until-stopped.js'
import { readWrk } from '../../netns-lab/wrk-report.js'
import { LineProcess } from './line-process.js'
import { medianRatio } from './median-ratio.js'
import type { Runner } from './runner.js'
import { runners } from './runners.js'
import { addDirectCable, benchPlan } from './topology.js'
import { type Watching, watchings } from './watching.js'

const USUAL = 'uvs-raw-nat'
const USUAL_SECONDS = '2'
/** Into the load. */
const BEGIN_MS = 300
const LIMIT_MS = 60_000

interface Figures {
  perSecond: number
  /** In µs. */
  p99: number
}
type Load = () => Promise<Figures>

process.exitCode = await main(process.argv.slice(2))

async function main([rounds = '', seconds = USUAL_SECONDS, name = USUAL, ...more]: string[]): Promise<number> {
  const runner = runners.find(each => each.name === name && name.startsWith('uvs-'))
  if (!/^[1-9]\d{0,3}$/.test(rounds) || !/^[1-9]\d?$/.test(seconds) || !runner || more.length > 0) {
    const known = runners.map(each => each.name).filter(each => each.startsWith('uvs-'))
    process.stderr.write(
      `watched: the words are ROUNDS [SECONDS [RUNNER]], 1 to 99 seconds, RUNNER one of ${known.join(', ')}\n`,
    )
    return 2
  }
  const missing = ['nginx', 'wrk'].find(tool => !which(tool))
  const why = (await whyNoNamespaces()) ?? (missing ? `${missing} is not installed` : undefined)
  if (why !== undefined) {
    process.stderr.write(`watched: ${why}\n`)
    return 1
  }
  return untilStopped(signal => measure(runner, Number(rounds), Number(seconds), signal))
}

async function measure(runner: Runner, rounds: number, seconds: number, signal: AbortSignal): Promise<number> {
  const plan = benchPlan(runner.mode, runner.beside)
  const prefix = `${process.env['UVS_LAB_PREFIX'] ?? 'uvs-'}watched-`
  const lab = await NetnsLab.build({ prefix, plan, io: runner.io, signal, web: { quiet: true, workers: true } })
  try {
    await addDirectCable(lab.spaces, plan)
    await runner.start(lab, 2)
    const full = (): Promise<Figures> => byWrk(lab, seconds)
    const rate = Math.round((await full()).perSecond / 2)
    await inRounds(`full load; p99 of ${seconds} s`, full, lab.spaces.ledger.control, rounds)
    const command = [process.execPath, ours('bench/wire/load/paced-requests.js'), plan.vip, String(plan.port)]
    const paced = new LineProcess(lab.spaces, plan.client.name, 'paced-requests', command)
    const half = async (): Promise<Figures> => JSON.parse(await paced.ask(`${rate} ${seconds}`)) as Figures
    await half()
    await inRounds(`half load, ${rate}/s; p99 of ${seconds} s`, half, lab.spaces.ledger.control, rounds)
    await paced.end()
    return 0
  } finally {
    await lab.remove()
  }
}

async function byWrk({ spaces, url }: NetnsLab, seconds: number): Promise<Figures> {
  const report = await spaces.must('client', 'wrk', ['-t1', '-c50', `-d${seconds}`, '--latency', url], LIMIT_MS)
  const { requestsPerSecond: perSecond, p99 } = readWrk(report)
  return { perSecond, p99: p99! }
}

async function inRounds(title: string, load: Load, control: string, rounds: number): Promise<void> {
  const seen = new Map<string, Seen[]>(watchings.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const from = round % watchings.length
    const turn = [...watchings.slice(from), ...watchings.slice(0, from)]
    for (const each of round % 2 === 0 ? turn : turn.reverse())
      seen.get(each.name)!.push(await once(each, load, control))
  }
  process.stdout.write(`${title} in ms: median [least–most], to nobody's; ${rounds} rounds\n`)
  const [nobody = []] = seen.values()
  for (const { name, title: what } of watchings) process.stdout.write(`  ${line(nobody, seen.get(name)!)}  ${what}\n`)
}

interface Seen extends Figures {
  /** All packets that were to be explained came. */
  isWhole: boolean
}

async function once(watching: Watching, load: Load, control: string): Promise<Seen> {
  const loaded = load()
  await sleep(BEGIN_MS)
  const watched = watching.begin(control)
  const figures = await loaded
  return { ...figures, isWhole: await watched.end() }
}

function line(nobody: readonly Seen[], seen: readonly Seen[]): string {
  const p99 = seen.map(each => each.p99 / 1000)
  const { ratio, least, most } = medianRatio(
    nobody.map(each => each.p99),
    seen.map(each => each.p99),
  )
  const rate = medianRatio(
    nobody.map(each => each.perSecond),
    seen.map(each => each.perSecond),
  )
  const [middle, low, high] = [median(p99), Math.min(...p99), Math.max(...p99)].map(each => each.toFixed(2))
  const times = `${ratio.toFixed(2)} [${least.toFixed(2)}–${most.toFixed(2)}]`
  const late = seen.filter(({ isWhole }) => !isWhole).length
  return `${middle} [${low}–${high}], ${times}; requests/s ${rate.ratio.toFixed(3)}${late > 0 ? `; ${late} not in time` : ''}`
}
