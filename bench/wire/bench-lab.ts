import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { hardwareLine } from '../../native-free/lab-report.js'
import { chart } from './chart.js'
import { type FigureName, type Figures, summarise, summaryLine } from './figures.js'
import { EFFORT, type Effort, type HalfLoad, type Measure, measures } from './measures.js'
import { judge, judgedLine } from './judged.js'
import type { BenchOptions } from './options.js'
import { type BenchReport, markdown } from './report.js'
import type { Runner } from './runner.js'
import { runners } from './runners.js'
import { takeTurn } from './turn.js'
import { mustBeFolder, mustBeWritable } from '../../netns-lab/writable.js'
import { hardware } from '../../netns-lab/hardware.js'
import { which } from '../../netns-lab/tools.js'

export interface BenchRun extends BenchOptions {
  /** The prefix of the namespaces' names. */
  prefix: string
  print: (line: string) => void
  signal: AbortSignal
  effort?: Effort
}

/** A load average above this means that other processes take CPU time from the measurement. */
const BUSY = 0.5

/** Every runner in turn, round by round. Exit status 1 if something failed; its figures are missing then. */
export async function benchLab(run: BenchRun): Promise<number> {
  const { rounds, print, json, markdown: markdownFile, svg } = run
  if (json !== undefined) mustBeWritable(json)
  if (markdownFile !== undefined) mustBeWritable(markdownFile, '--markdown')
  if (svg !== undefined) mustBeFolder(svg, '--svg')
  const host = hardware()
  const [load, began] = [loadavg()[0]!, new Date().toISOString()]
  print(hardwareLine(host))
  if (load > BUSY) print(`the machine is busy, load average ${load.toFixed(1)}: take the ratios with care`)
  const taking = chosenRunners(run)
  const { results, failures } = await takeRounds(run, taking, chosenMeasures(run))
  const figures = summarise(results)
  print(`median [least–most] of ${rounds}, and how it compares with ${taking[0]?.name}`)
  for (const summary of figures) print(summaryLine(summary))
  const judged = judge(figures)
  print('what is wanted of uvs, by the medians [by the rounds]')
  const seen = judged.filter(({ ok }) => ok !== undefined)
  for (const line of seen) print(judgedLine(line))
  if (seen.length < judged.length) print(`${judged.length - seen.length} of ${judged.length} were not measured`)
  for (const failure of failures) print(failure)
  const titles = taking.map(({ name, title }) => ({ name, title }))
  const report: BenchReport = {
    ...host,
    began,
    load,
    rounds,
    services: run.services,
    runners: titles,
    figures,
    judged,
    failures,
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`)
  if (markdownFile !== undefined) writeFileSync(markdownFile, markdown(report))
  if (svg !== undefined) {
    for (const figure of new Set<FigureName>(figures.map(row => row.figure))) {
      writeFileSync(join(svg, `${figure}.svg`), chart(figure, figures, titles))
    }
  }
  return failures.length === 0 ? 0 : 1
}

function chosenRunners({ only, print }: BenchRun): Runner[] {
  return runners.filter(({ name, title, missing }) => {
    const why = only.includes(name) ? missing?.() : undefined
    if (why !== undefined) print(`${why}: no ${title}`)
    return only.includes(name) && why === undefined
  })
}

function chosenMeasures({ measure, print }: BenchRun): Measure[] {
  return measures.filter(({ name, needs }) => {
    const without = measure.includes(name) && needs !== undefined && !which(needs)
    if (without) print(`${needs} is not installed: ${name} is not measured`)
    return measure.includes(name) && !without
  })
}

interface Rounds {
  results: Map<string, Figures[]>
  failures: string[]
}

async function takeRounds(run: BenchRun, taking: readonly Runner[], measuring: readonly Measure[]): Promise<Rounds> {
  const { rounds, rate, services, prefix, print, signal, effort = EFFORT } = run
  const results = new Map<string, Figures[]>(taking.map(({ name }) => [name, []]))
  const failures: string[] = []
  for (let round = 1; round <= rounds; round++) {
    const half: HalfLoad = rate === undefined ? {} : { perSecond: rate }
    for (const runner of taking) {
      print(`round ${round} of ${rounds}: ${runner.name}`)
      const turn = await takeTurn(runner, measuring, { prefix, effort, half, services, signal })
      results.get(runner.name)!.push(turn.figures)
      failures.push(...turn.failures.map(why => `round ${round}: ${runner.name}: ${why}`))
    }
  }
  return { results, failures }
}
