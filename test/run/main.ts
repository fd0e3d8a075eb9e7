/*
 * node dist/test/run/main.js [--jobs N] [FILE…]: runs test files, all of them where none is named. To start a process and to load tap
 * costs more than most files do themselves: those that hold no devices run many in a process. tap's own runner puts a loader into every
 * process that a test starts, to see what it covers: with it the same files take twice the CPU, and those that start commands three times.
 */
import { readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { together } from './batches.js'
import { runBatch } from './batch.js'

const HELP = `usage: node dist/test/run/main.js [--jobs N] [FILE...]
Runs test files, N processes at a time, and tells what failed; status 1 then. Without FILE: all of dist/test.
`
const TESTS = fileURLToPath(new URL('../', import.meta.url))
/** On two cores: end-to-end tests wait for much. */
const JOBS = 3
/** So many of the slowest processes are named. */
const NAMED = 10

if (process.argv[2] === '--import') await importFiles(process.argv.slice(3))
else process.exitCode = await main(process.argv.slice(2))

/** As though the first were the program: its name is part of those of temporary folders. */
async function importFiles(files: readonly string[]): Promise<void> {
  process.argv.splice(1, process.argv.length, resolve(files[0]!))
  for (const file of files) await import(pathToFileURL(resolve(file)).href)
}

async function main(args: readonly string[]): Promise<number> {
  if (args.some(arg => arg === '--help' || arg === '-h')) {
    process.stdout.write(HELP)
    return 0
  }
  const [jobs, named] = args[0] === '--jobs' ? [Number(args[1]), args.slice(2)] : [JOBS, args]
  const strange = named.find(file => !file.endsWith('.test.js'))
  if (!Number.isInteger(jobs) || jobs < 1 || strange !== undefined) {
    const what = strange === undefined ? '--jobs: a number from 1' : `'${strange}': only --jobs N and FILE.test.js …`
    process.stderr.write(`run: ${what}\n`)
    return 2
  }
  return runAll(named.length > 0 ? named : allFiles(), jobs)
}

function allFiles(): string[] {
  const names = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  const tests = names.filter(name => name.endsWith('.test.js') && !name.includes('fixtures/')).sort()
  return tests.map(name => relative('.', join(TESTS, name)))
}

async function runAll(files: readonly string[], jobs: number): Promise<number> {
  const start = performance.now()
  const times: [seconds: number, what: string][] = []
  const failed: string[] = []
  let leftOut = 0
  await eachOf(together(files), jobs, async batch => {
    const begun = performance.now()
    const what = batch.length === 1 ? batch[0]! : `${batch[0]} and ${batch.length - 1} more of its folder`
    const { faults, skipped } = await runBatch(batch)
    times.push([(performance.now() - begun) / 1000, what])
    for (const why of skipped) process.stdout.write(`left out: ${batch.length === 1 ? batch[0] : what}: ${why}\n`)
    leftOut += skipped.length
    if (faults === '') return
    failed.push(...batch)
    process.stdout.write(`\nFAILED: ${batch.join(' ')}\n${faults}\n`)
  })
  times.sort(([a], [b]) => b - a)
  for (const [seconds, what] of times.slice(0, NAMED))
    process.stdout.write(`${seconds.toFixed(1).padStart(7)} s  ${what}\n`)
  const took = `${Math.round((performance.now() - start) / 1000)} s`
  process.stdout.write(`${files.length} test files, ${times.length} processes, ${leftOut} tests left out, in ${took}\n`)
  for (const file of failed) process.stdout.write(`FAILED: ${file}\n`)
  return failed.length === 0 ? 0 : 1
}

async function eachOf<T>(items: readonly T[], jobs: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: jobs }, worker))
}
