/*
 * npm run bench:lab [-- --json FILE] [--rounds N]
 *
 *   client ──────── director ──────── rs1, nginx        a namespace each, anew for every run
 *   wrk, ab, curl   the kernel, uvs, …
 *
 * The same load through each runner in turn, round after round, so that whatever else the machine does meets all alike.
 */
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { machineLine } from '../native-free/lab-report.js'
import { type Figures, summarise, summaryLine } from './bench-figures.js'
import { measure } from './bench-measure.js'
import { runners } from './bench-runners.js'
import { machine } from './machine.js'
import { whyNoNamespaces } from './requirements.js'
import { which } from './tools.js'
import { untilStopped } from './until-stopped.js'

/** Runs by others that would take part of a processor from ours. */
const BUSY = 0.5
const say = (line: string): void => void process.stdout.write(`${line}\n`)

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const options = parse(args)
  if (!options) {
    process.stderr.write(`bench:lab: '${args.join(' ')}': the options are --json FILE and --rounds N\n`)
    return 2
  }
  const why = (await whyNoNamespaces()) ?? (which('nginx') ? undefined : 'nginx is not installed')
  if (why) {
    process.stderr.write(`bench:lab: ${why}\n`)
    return 1
  }
  try {
    return await untilStopped(signal => bench(options, signal))
  } catch (error) {
    process.stderr.write(`bench:lab: ${(error as Error).message}\n`)
    return 1
  }
}

function parse(args: readonly string[]): { json?: string; rounds: number } | undefined {
  const options: { json?: string; rounds: number } = { rounds: 3 }
  for (let i = 0; i < args.length; i += 2) {
    const [option, value = ''] = args.slice(i, i + 2)
    if (option === '--json' && value !== '') options.json = value
    else if (option === '--rounds' && /^[1-9]\d?$/.test(value)) options.rounds = Number(value)
    else return undefined
  }
  return options
}

async function bench({ json, rounds }: { json?: string; rounds: number }, signal: AbortSignal): Promise<number> {
  const host = machine()
  const load = loadavg()[0]!
  say(machineLine(host))
  if (load > BUSY) say(`the machine is busy, load average ${load.toFixed(1)}: take the ratios with care`)
  for (const tool of ['wrk', 'ab', 'curl']) if (!which(tool)) say(`${tool} is not installed: not measured`)
  const taking = runners.filter(({ name, needs }) => {
    if (needs && !which(needs)) say(`${needs} is not installed: no ${name}`)
    return !needs || which(needs)
  })
  const results = new Map<string, Figures[]>(taking.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const runner of taking) {
      say(`round ${round} of ${rounds}: ${runner.name}`)
      results.get(runner.name)!.push(await measure(runner, signal))
    }
  }
  const summaries = summarise(results)
  say(`median [min–max] of ${rounds}, and how it compares with ${taking[0]?.name}`)
  for (const summary of summaries) say(summaryLine(summary))
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...host, load, rounds, summaries }, null, 2)}\n`)
  return 0
}
