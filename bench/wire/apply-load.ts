/*
 * The effect of rule changes on traffic: wrk through a director, quiet and while `uvs apply` changes the rules repeatedly, by
 * turns, so that other activity on the host affects both alike. UVS_MANY=N adds N services of 5 real servers.
 *
 *     node dist/bench/wire/apply-load.js [ROUNDS [SECONDS [APPLIES]]]
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { rules } from '../../native-free/lab-plan.js'
import { median } from '../../netns-lab/median.js'
import { benchPlan } from './topology.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { must } from '../../netns-lab/proc.js'
import { ours } from '../../netns-lab/tools.js'

const HELP = `usage: node dist/bench/wire/apply-load.js [ROUNDS [SECONDS [APPLIES]]]
What changing rules does to traffic: wrk through a director, quiet and while uvs apply changes the rules, by turns; as root.
  ROUNDS     3 unless told
  SECONDS    of each run; 10 unless told
  APPLIES    in each run at the most; 100 unless told
UVS_MANY=N in the environment: with N services beside it.
`

const [rounds = 3, seconds = 10, applies = 100] = readArguments(process.argv.slice(2))

/** The numbers on the command line; ends the process after --help or an error. */
function readArguments(args: string[]): number[] {
  if (args.some(arg => arg === '--help' || arg === '-h')) {
    process.stdout.write(HELP)
    process.exit(0)
  }
  const strange = args.find((arg, i) => i > 2 || !/^[1-9]\d{0,3}$/.test(arg))
  if (strange === undefined) return args.map(Number)
  process.stderr.write(`apply-load: '${strange}': only ROUNDS SECONDS APPLIES, each 1 to 9999\n`)
  process.exit(2)
}

const many = Number(process.env['UVS_MANY'] ?? 0)

/** The lab's own service with another weight each time, and services that are added, changed and deleted. */
function rulesFile(turn: number): string {
  const lines = rules(benchPlan('nat')).map(words => words.join(' '))
  const own = lines.map(line => (line.startsWith('-a') ? `${line.replace(/ -w \d+/, '')} -w ${1 + (turn % 3)}` : line))
  for (let i = 0; i < 20; i++) {
    if ((turn + i) % 4 === 0) continue
    own.push(`-A -t 10.200.0.${i}:80 -s ${turn % 2 ? 'wrr' : 'mh'}`)
    for (let k = 0; k < 5; k++)
      if ((turn + k) % 5) own.push(`-a -t 10.200.0.${i}:80 -r 10.201.${i}.${k + 1}:80 -m -w ${turn + k}`)
  }
  for (let i = 0; i < many; i++) {
    const vip = `10.${128 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}:80`
    own.push(`-A -t ${vip} -s wlc`)
    for (let k = 1; k < 6; k++) own.push(`-a -t ${vip} -r 10.202.${i & 255}.${k}:80 -m -w ${1 + (turn % 2)}`)
  }
  return `${own.join('\n')}\n`
}

interface Figures {
  requestsPerSecond: number
  p99Ms: number
  failed: number
}

async function traffic(lab: NetnsLab): Promise<Figures> {
  const args = ['-t1', '-c50', `-d${seconds}`, '--latency', lab.url]
  const report = await lab.spaces.must('client', 'wrk', args, (seconds + 60) * 1000)
  const [, p99, unit] = /^ +99% +([\d.]+)(us|ms|s)$/m.exec(report) ?? []
  const failed = [...report.matchAll(/(?:connect|read|write|timeout|responses:) (\d+)/g)].map(([, count]) =>
    Number(count),
  )
  return {
    requestsPerSecond: Number(/Requests\/sec: +([\d.]+)/.exec(report)?.[1]),
    p99Ms: Number(p99) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1),
    failed: failed.reduce((sum, count) => sum + count, 0),
  }
}

const lab = await NetnsLab.build({ prefix: `uvs-apply-load-${process.pid}-`, plan: benchPlan('nat'), io: 'raw' })
try {
  const director = await lab.startDirector()
  const file = join(lab.spaces.ledger.dir, 'rules')
  const apply = async (turn: number): Promise<void> => {
    writeFileSync(file, rulesFile(turn))
    const args = [ours('src/cli/uvs/main.js'), 'apply', file, '--control', director.control]
    await must(process.execPath, args, { timeoutMs: 60_000 })
  }
  const change = async (): Promise<number> => {
    const until = performance.now() + seconds * 1000
    let turn = 0
    for (; turn < applies && performance.now() < until; turn++) {
      await apply(turn)
      await sleep(Math.max(0, (seconds * 1000) / applies - 150))
    }
    return turn
  }
  await apply(0)
  await traffic(lab)
  const figures: { quiet: Figures; loaded: Figures }[] = []
  for (let round = 0; round < rounds; round++) {
    const quiet = await traffic(lab)
    const [loaded, count] = await Promise.all([traffic(lab), change()])
    console.log(JSON.stringify({ quiet, loaded, applies: count }))
    figures.push({ quiet, loaded })
  }
  const [quiet, loaded] = [
    median(figures.map(({ quiet: q }) => q.p99Ms)),
    median(figures.map(({ loaded: l }) => l.p99Ms)),
  ]
  console.log(`wrk's p99: ${quiet} ms quiet, ${loaded} ms while rules change: ${(loaded / quiet).toFixed(2)} times`)
} finally {
  await lab.remove()
}
