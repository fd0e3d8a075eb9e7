/*
 * node dist/bench/wire/flood.js [SECONDS [CONNECTIONS [ROUNDS [RATE]]]]
 *
 * What does a flood of SYNs from nobody's addresses do to others? A lab of bench:lab, NAT; wrk on 50 kept connections before it, in it, and
 * while the same flood goes to nobody, which is what the sender's CPU alone takes; then how soon new connections are answered again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { hostPart, rules } from '../../native-free/lab-plan.js'
import { median } from '../../netns-lab/median.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours, which } from '../../netns-lab/tools.js'
import { untilStopped } from '../../netns-lab/until-stopped.js'
import { readWrk } from '../../netns-lab/wrk-report.js'
import { LineProcess } from './line-process.js'
import { addDirectCable, benchPlan } from './topology.js'

const NOBODY = '02:00:00:00:77:77'
/** wrk's connections are open by then. */
const OPENED_MS = 300
/** New connections answered one after the other, by which service is as before. */
const IN_A_ROW = 20
const LIMIT_MS = 60_000

interface Seen {
  requests: number
  /** In ms. */
  p99: number
}
interface Round {
  before: Seen
  nowhere: Seen
  flood: Seen
  synsPerSecond: number
  /** New connections are answered again so long after its end, in seconds. */
  again: number
}

process.exitCode = await main(process.argv.slice(2))

async function main(words: string[]): Promise<number> {
  const [seconds = 10, connections = 2 ** 20, rounds = 1, rate = 0] = words.map(Number)
  if (words.some(word => !/^[1-9]\d{0,7}$/.test(word)) || words.length > 4 || seconds > 600 || rounds > 99) {
    process.stderr.write(
      'flood: the words are [SECONDS [CONNECTIONS [ROUNDS [RATE]]]], 1 to 600 seconds, 1 to 99 rounds, SYNs a second\n',
    )
    return 2
  }
  const missing = ['nginx', 'wrk', 'curl'].find(tool => !which(tool))
  const why = (await whyNoNamespaces()) ?? (missing ? `${missing} is not installed` : undefined)
  if (why !== undefined) {
    process.stderr.write(`flood: ${why}\n`)
    return 1
  }
  return untilStopped(signal => measure({ seconds, connections, rounds, rate, signal }))
}

interface Asked {
  seconds: number
  connections: number
  rounds: number
  /** SYNs a second; 0: as many as one thread can send. */
  rate: number
  signal: AbortSignal
}

async function measure({ seconds, connections, rounds, rate, signal }: Asked): Promise<number> {
  const bench = benchPlan('nat')
  const client = hostPart(bench.client.address)
  const plan = { ...bench, routes: [...bench.routes, `10.0.0.0/8=${client}`] }
  const prefix = `${process.env['UVS_LAB_PREFIX'] ?? 'uvs-'}flood-`
  const lab = await NetnsLab.build({ prefix, plan, io: 'raw', signal, web: { quiet: true, workers: true } })
  try {
    await addDirectCable(lab.spaces, plan)
    const director = await lab.startDirector('--max-connections', String(connections))
    for (const rule of rules(plan)) {
      const { status, err } = await director.admin(rule)
      if (status !== 0) throw new Error(`uvsadm ${rule.join(' ')}: ${err.trim()}`)
    }
    const mac = await macOf(lab, 'director', 'cli')
    const at = [plan.vip, String(plan.port)]
    const sender = (name: string, to: string): LineProcess =>
      new LineProcess(lab.spaces, plan.client.name, 'syn-sender', [
        process.execPath,
        ours('bench/wire/load/syn-sender.js'),
        name,
        to,
        ...at,
      ])
    const [toUs, toNobody] = [sender('eth0', mac), sender('direct', NOBODY)]
    await byWrk(lab, 1)
    const seen: Round[] = []
    for (let round = 0; round < rounds; round++) {
      const before = await byWrk(lab, Math.min(seconds, 10))
      const { wrk: nowhere } = await flooded(lab, toNobody, rate, seconds)
      const { wrk: flood, perSecond: synsPerSecond } = await flooded(lab, toUs, rate, seconds)
      const again = await answeredAgain(lab)
      seen.push({ before, nowhere, flood, synsPerSecond, again })
      process.stdout.write(`${line(seen.at(-1)!)}\n`)
    }
    if (rounds > 1) process.stdout.write(`medians: ${line(medians(seen))}\n`)
    return 0
  } finally {
    await lab.remove()
  }
}

async function macOf({ spaces }: NetnsLab, space: string, name: string): Promise<string> {
  const [{ address }] = JSON.parse(await spaces.must(space, 'ip', ['-j', 'link', 'show', 'dev', name]))
  return address as string
}

async function byWrk({ spaces, url }: NetnsLab, seconds: number): Promise<Seen> {
  const args = ['-t1', '-c50', `-d${seconds}`, '--latency', url]
  const { requestsPerSecond: requests, p99 } = readWrk(
    await spaces.must('client', 'wrk', args, LIMIT_MS + seconds * 1000),
  )
  return { requests, p99: p99! / 1000 }
}

/** wrk's connections are opened before the flood, and it ends with it. */
async function flooded(
  lab: NetnsLab,
  sender: LineProcess,
  rate: number,
  seconds: number,
): Promise<{ wrk: Seen; perSecond: number }> {
  const load = byWrk(lab, seconds)
  await sleep(OPENED_MS)
  const asked = sender.ask(`${rate} ${seconds - OPENED_MS / 1000}`, LIMIT_MS + seconds * 1000)
  const [wrk, answer] = await Promise.all([load, asked])
  const { sent, seconds: lasted } = JSON.parse(answer) as { sent: number; seconds: number }
  return { wrk, perSecond: sent / lasted }
}

/** Seconds until the first of so many new connections in a row is answered. */
async function answeredAgain({ spaces, url }: NetnsLab): Promise<number> {
  const began = performance.now()
  let first: number | undefined
  for (let inARow = 0; inARow < IN_A_ROW && performance.now() - began < LIMIT_MS;) {
    const at = performance.now()
    const { status } = await spaces.run('client', 'curl', ['-s', '-o', '/dev/null', '--max-time', '1', url])
    if (status !== 0) [inARow, first] = [0, undefined]
    else {
      first ??= at
      inARow++
    }
  }
  return first === undefined ? Infinity : (first - began) / 1000
}

function medians(rounds: readonly Round[]): Round {
  const of = (figure: (round: Round) => number): number => median(rounds.map(figure))
  const seen = (what: 'before' | 'nowhere' | 'flood'): Seen => ({
    requests: of(round => round[what].requests),
    p99: of(round => round[what].p99),
  })
  return {
    before: seen('before'),
    nowhere: seen('nowhere'),
    flood: seen('flood'),
    synsPerSecond: of(round => round.synsPerSecond),
    again: of(round => round.again),
  }
}

function line({ before, nowhere, flood, synsPerSecond, again }: Round): string {
  const one = ({ requests, p99 }: Seen): string =>
    `${requests.toFixed(0)}/s (${(requests / before.requests).toFixed(2)}), p99 ${p99.toFixed(2)} ms`
  return `before ${one(before)}; flood to nobody ${one(nowhere)}; in it ${one(flood)}, ${synsPerSecond.toFixed(0)} SYNs/s; new connections after ${again.toFixed(2)} s`
}
