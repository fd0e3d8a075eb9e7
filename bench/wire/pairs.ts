/*
 * node dist/bench/wire/pairs.js PAIRS SERVICES [FIRST SECOND]
 *
 * Two runners of bench:lab with their labs standing side by side: a second of wrk and 6000 connections of ab on the one, then on
 * the other, PAIRS times, in alternating order. On a machine that is not quiet a few seconds apart are nearer than two turns of
 * bench:lab; the director is warm too. uvs-raw-nat and uvs-beside-nat unless told.
 */
import { readAb } from '../../netns-lab/load-tool.js'
import { median } from '../../netns-lab/median.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { which } from '../../netns-lab/tools.js'
import { untilStopped } from '../../netns-lab/until-stopped.js'
import { readWrk } from '../../netns-lab/wrk-report.js'
import { pairRatio } from './pair-ratio.js'
import type { Runner } from './runner.js'
import { runners } from './runners.js'
import { addDirectCable, benchPlan } from './topology.js'

const USUAL = ['uvs-raw-nat', 'uvs-beside-nat']
const AB_REQUESTS = 6000
const LIMIT_MS = 60_000

/** Runs one load on a standing lab; requests or connections a second. */
type Load = (lab: NetnsLab) => Promise<number>

const LOADS: Record<string, Load> = {
  wrk: async ({ spaces, url }) => {
    const report = await spaces.must('client', 'wrk', ['-t1', '-c50', '-d1', '--latency', url], LIMIT_MS)
    return readWrk(report).requestsPerSecond
  },
  ab: async ({ spaces, url }) => {
    const report = await spaces.must('client', 'ab', ['-q', '-n', String(AB_REQUESTS), '-c', '50', url], LIMIT_MS)
    return readAb(report, AB_REQUESTS, '').requestsPerSecond
  },
}

process.exitCode = await main(process.argv.slice(2))

async function main([pairs = '', services = '', ...names]: string[]): Promise<number> {
  const chosen = (names.length > 0 ? names : USUAL).map(name => runners.find(runner => runner.name === name))
  const [first, second] = chosen
  if (!/^[1-9]\d{0,3}$/.test(pairs) || !/^[1-9]\d{0,4}$/.test(services) || !first || !second || chosen.length !== 2) {
    const known = runners.map(({ name }) => name).join(', ')
    process.stderr.write(`pairs: the words are PAIRS SERVICES [FIRST SECOND], two of ${known}\n`)
    return 2
  }
  const missing = ['nginx', 'wrk', 'ab'].find(tool => !which(tool))
  const why = (await whyNoNamespaces()) ?? (missing ? `${missing} is not installed` : undefined)
  if (why !== undefined) {
    process.stderr.write(`pairs: ${why}\n`)
    return 1
  }
  return untilStopped(signal => compare([first, second], Number(pairs), Number(services), signal))
}

async function compare(both: readonly Runner[], pairs: number, services: number, signal: AbortSignal): Promise<number> {
  const labs: NetnsLab[] = []
  try {
    for (const [i, runner] of both.entries()) {
      const plan = benchPlan(runner.mode, runner.beside)
      const prefix = `${process.env['UVS_LAB_PREFIX'] ?? 'uvs-'}pair${i}-`
      const lab = await NetnsLab.build({ prefix, plan, io: runner.io, signal, web: { quiet: true, workers: true } })
      labs.push(lab)
      await addDirectCable(lab.spaces, plan)
      await runner.start(lab, services)
    }
    for (const [name, load] of Object.entries(LOADS)) {
      const [first = [], second = []] = await inTurns(labs, pairs, load)
      const { ratio, within } = pairRatio(first, second)
      const each = both.map(({ name: of }, i) => `${of} ${Math.round(median([first, second][i]!))}`).join(', ')
      process.stdout.write(`${name}: ${ratio.toFixed(3)} ± ${within.toFixed(3)} (${each}; ${pairs} pairs)\n`)
    }
    return 0
  } finally {
    for (const lab of labs) await lab.remove()
  }
}

/** A row of figures for each lab, after one that does not count. */
async function inTurns(labs: readonly NetnsLab[], pairs: number, load: Load): Promise<number[][]> {
  const rows: number[][] = labs.map(() => [])
  for (const lab of labs) await load(lab)
  for (let pair = 0; pair < pairs; pair++) {
    for (const i of pair % 2 === 0 ? [0, 1] : [1, 0]) rows[i]!.push(await load(labs[i]!))
  }
  return rows
}
