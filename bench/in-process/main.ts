/*
 * In-process benchmarks: npm run bench [-- --connections N,N --rounds N --plain-pages --json FILE NAME…]. Each group of measures
 * has its own process; groups to be compared are alive at the same time and run in turn, round by round.
 */
import { writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { mustBeWritable } from '../../netns-lab/writable.js'
import { GroupProcess } from './child-process.js'
import { allGroups } from './groups.js'
import { hardware } from './hardware.js'
import type { Figures, Measure, Plan } from './measure.js'
import { HELP, parseOptions, USAGE, type Options } from './options.js'
import { Progress } from './progress.js'
import { line, summary, type Result } from './summary.js'
import { targetLines } from './targets.js'

const options = readOptions()
const results: Result[] = []
const { node, cpu, cpus, memoryGiB, linux, commit, hugePages } = hardware()
console.log(
  `Node ${node}, ${cpus} × ${cpu}, ${memoryGiB} GiB, huge pages: ${hugePages}, Linux ${linux}, commit ${commit}`,
)
console.log(
  `${options.rounds} rounds, interleaved; median [min–max]${options.plainPages ? '; the tables in plain pages' : ''}`,
)
// One size after another, so that only processes to be compared are alive together.
for (const count of options.connections) await measure({ connections: [count], plainPages: options.plainPages })
if (results.length === 0) refuse(`no measure's name has ${options.names.map(name => `'${name}'`).join(' or ')} in it`)
for (const text of targetLines(results)) console.log(text)
if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine: hardware(), options, results }, null, 1)}\n`)

async function measure(plan: Plan): Promise<void> {
  const chosen = allGroups(plan).map(group => ({ ...group, measures: group.measures.filter(isChosen) }))
  const asked = chosen.filter(({ measures }) => measures.length > 0)
  const processes = new Map(asked.map(group => [group, new GroupProcess(plan, group)]))
  const stop = (signal: NodeJS.Signals): never => end([...processes.values()], signal)
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const figures = new Map<Measure, Figures[]>()
  const progress = new Progress()
  for (let round = 0; round < options.rounds; round++) {
    for (const [group, child] of processes)
      for (const measure of group.measures) {
        const told = figures.get(measure) ?? []
        figures.set(measure, told)
        if (told.length >= (measure.rounds ?? Infinity)) continue
        progress.say(`round ${round + 1} of ${options.rounds}: ${measure.name}`)
        told.push(await child.ask(measure.name))
      }
  }
  progress.clear()
  for (const child of processes.values()) child.end()
  process.off('SIGINT', stop).off('SIGTERM', stop)
  for (const [{ name }, told] of figures) {
    const result = summary(name, told)
    results.push(result)
    console.log(line(result))
  }
}

/** Ends when the reader of the output has gone. */
function end(processes: readonly GroupProcess[], signal: NodeJS.Signals): never {
  for (const child of processes) child.kill()
  process.exit(128 + constants.signals[signal])
}

/** The groups that the command line selects and no other size has measured yet. */
function isChosen({ name }: Measure): boolean {
  if (results.some(result => result.name === name)) return false
  return options.names.length === 0 || options.names.some(word => name.includes(word))
}

function readOptions(): Options {
  if (process.argv.slice(2).some(arg => arg === '--help' || arg === '-h')) {
    process.stdout.write(HELP)
    process.exit(0)
  }
  let options: Options
  try {
    options = parseOptions(process.argv.slice(2))
  } catch (error) {
    return refuse((error as Error).message.split(/\.\s/)[0]!)
  }
  try {
    if (options.json !== undefined) mustBeWritable(options.json)
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`)
    process.exit(1)
  }
  return options
}

function refuse(problem: string): never {
  console.error(`bench: ${problem}: ${USAGE}`)
  process.exit(2)
}
