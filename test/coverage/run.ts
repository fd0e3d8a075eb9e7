/*
 * node dist/test/coverage/run.js [--jobs N] FILE…: runs test files, many in a process of one folder each, for what NODE_V8_COVERAGE makes of
 * them. To start a process, load tap and write what ran costs more than most files do themselves: so it takes a tenth of the time.
 * The files of a process that fails run once more, each alone. Returns 1 where one fails then, too.
 */
import { spawn } from 'node:child_process'
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const FILES_A_PROCESS = 10
/** These hold devices, and one that another's leavings keep busy never ends: each file has a process to itself. */
const ALONE = /\/(e2e|ebpf|io|netns-lab|plane|realserver)\//
/** A file that takes longer is stuck, s. */
const LIMIT_S = 600

if (process.argv[2] === '--import') for (const file of process.argv.slice(3)) await import(pathToFileURL(resolve(file)).href)
else process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const [jobs, files] = args[0] === '--jobs' ? [Number(args[1]), args.slice(2)] : [2, args]
  const strange = files.find(file => !file.endsWith('.test.js'))
  if (!Number.isInteger(jobs) || jobs < 1 || files.length === 0 || strange !== undefined) {
    process.stderr.write(`run: ${strange === undefined ? 'FILE… is missing' : `'${strange}'`}: only --jobs N and FILE.test.js …\n`)
    return 2
  }
  const alone: string[] = []
  await eachOf(together(files), jobs, async batch => {
    if ((await run(batch)) !== 0) alone.push(...batch)
  })
  const failed: string[] = []
  await eachOf(alone, jobs, async file => {
    if ((await run([file])) !== 0) failed.push(file)
  })
  for (const file of failed) process.stdout.write(`not passed while it was watched: ${file}\n`)
  return failed.length === 0 ? 0 : 1
}

/** Files of one folder, so many at a time, in the order given; those that need it alone. */
function together(files: readonly string[]): string[][] {
  const batches: string[][] = []
  for (const file of files) {
    const last = batches.at(-1)
    if (last && last.length < FILES_A_PROCESS && dirname(last[0]!) === dirname(file) && !ALONE.test(file))
      last.push(file)
    else batches.push([file])
  }
  return batches
}

async function eachOf<T>(items: readonly T[], jobs: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: jobs }, worker))
}

/** Returns the status; null after a signal. */
function run(files: readonly string[]): Promise<number | null> {
  const args = [fileURLToPath(import.meta.url), '--import', ...files]
  const env = { ...process.env, TAP_TIMEOUT: String(LIMIT_S), TAP: '1' }
  const child = spawn(process.execPath, args, { stdio: 'ignore', env, timeout: LIMIT_S * 1000 })
  return new Promise(resolve => child.once('close', resolve))
}
