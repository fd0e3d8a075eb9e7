/*
 * node dist/bench/dashboard/main.js [SERVICES [CONNECTIONS [ROUNDS]]]: what the dashboard costs, and how fast it is, before a real director;
 * as root.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { relayedOut } from '../../netns-lab/lab-dashboard.js'
import { median } from '../../netns-lab/median.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours, which } from '../../netns-lab/tools.js'
import { untilStopped } from '../../netns-lab/until-stopped.js'
import { readWrk } from '../../netns-lab/wrk-report.js'
import { thinkingUsers, usersFor } from '../wire/half-load.js'
import { crowdedLab, type CrowdedLab } from './crowded-lab.js'
import { painted, scrolled, startBrowser, threadMs } from './in-browser.js'
import { openStreams, recordStreams, SAME, UNLIKE } from './streams.js'

const HELP = `usage: node dist/bench/dashboard/main.js [SERVICES [CONNECTIONS [ROUNDS]]]
The dashboard before a director in a lab: first paint and scrolling in Chromium, CPU of the director's main thread without a stream, with ten of one
view and ten of unlike ones, and wrk's p99 at half load without those, with them, and with the same from a server that is no director; as root, with
chromium, nginx and wrk.
  SERVICES      of five real servers each; 10000 unless told
  CONNECTIONS   open ones; 1000000 unless told
  ROUNDS        of runs of wrk; 10 unless told
`
const OPENINGS = 5
const CPU_S = 20
const WRK_S = 3
/** Ticks of each stream that a bare server repeats, and where in the director's namespace. */
const RECORDED = 5
const BARE_AT = '127.0.0.1:9101'
/** Connections of wrk while the most is looked for. */
const FULL = 50

/** What is read while wrk measures: nothing, ten streams of a bare server, ten of the director. */
const READ = ['none', 'bare', 'director'] as const
type Read = (typeof READ)[number]

const print = (line: string): void => void process.stdout.write(`${line}\n`)

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  if (args.some(arg => arg === '--help' || arg === '-h')) {
    process.stdout.write(HELP)
    return 0
  }
  const strange = args.find((arg, i) => i > 2 || !/^[1-9]\d{0,6}$/.test(arg))
  const missing = ['chromium', 'nginx', 'wrk'].find(tool => !which(tool))
  const why =
    strange !== undefined
      ? `'${strange}': only SERVICES CONNECTIONS ROUNDS, each 1 to 9999999`
      : ((await whyNoNamespaces()) ?? (missing && `${missing} is not installed`))
  if (why !== undefined) {
    process.stderr.write(`bench/dashboard: ${why}\n`)
    return strange === undefined ? 1 : 2
  }
  const [services = 10_000, connections = 1_000_000, rounds = 10] = args.map(Number)
  return untilStopped(async signal => {
    const crowded = await crowdedLab('uvs-dashboard-', { services, connections }, signal)
    try {
      print(`${services} services, ${crowded.connections} connections`)
      await inBrowser(crowded)
      await mainThread(crowded)
      await dataPath(crowded, rounds)
    } finally {
      await crowded.lab.remove()
    }
    return 0
  })
}

function listed(values: readonly number[], digits = 0): string {
  return `${median(values).toFixed(digits)} ms (${values.map(value => value.toFixed(digits)).join(' ')})`
}

async function inBrowser({ address }: CrowdedLab): Promise<void> {
  const browser = await startBrowser(which('chromium')!)
  try {
    const opened = []
    for (let i = 0; i < OPENINGS; i++) {
      const { page, painted: times } = await painted(browser, address)
      opened.push({ ...times, ...(await scrolled(page)) })
      await page.context().close()
    }
    print(`first paint           ${listed(opened.map(({ paint }) => paint))}`)
    print(`first text            ${listed(opened.map(({ content }) => content))}`)
    print(`rows                  ${listed(opened.map(({ rows }) => rows))}`)
    print(`scrolling, a frame    ${listed(opened.map(({ median: half }) => half), 1)}`) // prettier-ignore
    print(`  95 % within         ${listed(opened.map(({ p95 }) => p95), 1)}`) // prettier-ignore
    print(`  CPU                 ${listed(opened.map(({ cpu }) => cpu), 1)}`) // prettier-ignore
  } finally {
    await browser.close()
  }
}

async function mainThread({ address, director }: CrowdedLab): Promise<void> {
  for (const [what, queries] of [
    ['without a stream', []],
    ['ten alike', SAME],
    ['ten unlike', UNLIKE],
  ] as const) {
    const end = await openStreams(address, queries)
    const [cpu, began] = [threadMs(director.id.pid), performance.now()]
    await sleep(CPU_S * 1000)
    const share = (threadMs(director.id.pid) - cpu) / (performance.now() - began)
    end()
    print(`main thread, ${what.padEnd(17)} ${(share * 100).toFixed(1)} % of a core`)
  }
}

/** By turns, the order changing, so that what else the machine does meets all alike. */
async function dataPath({ lab, address }: CrowdedLab, rounds: number): Promise<void> {
  const wrk = which('wrk')!
  const bare = await bareStreams(lab, address)
  const most = readWrk(await lab.spaces.must('client', wrk, ['-t1', `-c${FULL}`, `-d${WRK_S}`, lab.url]))
  const users = await usersFor(lab, wrk, lab.url, most.requestsPerSecond / 2)
  const p99s: Record<Read, number[]> = { none: [], bare: [], director: [] }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < READ.length; turn++) {
      const read = READ[(round + turn) % READ.length]!
      const end = await openStreams(read === 'bare' ? bare : address, read === 'none' ? [] : UNLIKE)
      const { p99 = Number.NaN } = await thinkingUsers(lab, wrk, lab.url, users, WRK_S)
      end()
      p99s[read].push(p99 / 1000)
    }
  }
  const { none, bare: ofBare, director } = p99s
  print('wrk at half load, p99')
  print(`  without a stream    ${listed(none, 2)}`)
  print(`  ten of a bare server ${listed(ofBare, 2)}`)
  print(`  ten of the director ${listed(director, 2)}`)
  print(`  bare / none         ${ratio(ofBare, none)}`)
  print(`  director / none     ${ratio(director, none)}`)
  print(`  director / bare     ${ratio(director, ofBare)}`)
}

function ratio(one: readonly number[], other: readonly number[]): string {
  const ratios = one.map((value, round) => value / other[round]!)
  return `${median(ratios).toFixed(2)} (${ratios.map(value => value.toFixed(2)).join(' ')})`
}

/** The same streams, tick by tick, from a process beside the director: its share of what they cost is what differs. */
async function bareStreams(lab: CrowdedLab['lab'], address: string): Promise<string> {
  const file = join(lab.spaces.ledger.dir, 'ticks.json')
  writeFileSync(file, JSON.stringify(await recordStreams(address, UNLIKE, RECORDED)))
  const words = [file, BARE_AT]
  await lab.spaces.startListening('director', 'bare', ours('bench/dashboard/replayed-streams.js'), words)
  return `http://${await relayedOut(lab, 'bare-streams', BARE_AT)}/`
}
