/* In-process benchmarks: npm run bench [-- --json FILE] [NAME…]. Prints "name  median [min–max] ns". */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import Benchmark from 'benchmark'
import { established } from './established.js'
import { lookup } from './lookup.js'
import { newConnection } from './new-connection.js'
import type { Question } from './question.js'
import { scheduling } from './schedulers.js'
import { services } from './services.js'

const ROUNDS = 5
/** Seconds a question may take in a round. */
const MAX_TIME = 0.2

const { values, positionals } = readArguments()
const questions = [established, scheduling, newConnection, lookup, services]
  .flatMap(make => make())
  .filter(({ name }) => positionals.length === 0 || positionals.some(word => name.includes(word)))

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'an unknown CPU'}, Linux ${release()}, commit ${commit()}`)
console.log(`${ROUNDS} rounds, interleaved; median [min–max]`)
const times = new Map(questions.map(question => [question, [] as number[]]))
for (let round = 0; round < ROUNDS; round++) for (const question of questions) times.get(question)!.push(ask(question))

const results = questions.map(question => summary(question.name, times.get(question)!))
for (const { name, median, min, max } of results)
  console.log(`${name.padEnd(44)} ${median.toFixed(1)} [${min.toFixed(1)}–${max.toFixed(1)}] ns`)
if (values.json) writeFileSync(values.json, `${JSON.stringify({ node: process.version, commit: commit(), results })}\n`)

function readArguments() {
  try {
    return parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true })
  } catch (error) {
    console.error(`bench: ${(error as Error).message.split('. ')[0]}: the option is --json FILE, and NAME… chooses`)
    process.exit(2)
  }
}

/** Nanoseconds for doing it once. */
function ask(question: Question): number {
  const benchmark = new Benchmark(question.name, () => question.run(), { maxTime: MAX_TIME, minSamples: 5 })
  benchmark.run()
  return benchmark.stats.mean * 1e9
}

function summary(name: string, ns: number[]) {
  const sorted = ns.toSorted((a, b) => a - b)
  return { name, median: sorted[sorted.length >> 1]!, min: sorted[0]!, max: sorted.at(-1)! }
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown'
  }
}
