/*
 * node dist/test/coverage/main.js DIR [FLOOR]: how many statements of src/ ran, by what NODE_V8_COVERAGE=DIR has written of tests
 * and of every process and thread that they started. Statements are those of dist/src, which the compiler takes over one by one.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type ScriptCoverage, Statements } from './statements.js'

const HELP = `usage: node dist/test/coverage/main.js DIR [FLOOR]
How many statements of src/ ran, by what NODE_V8_COVERAGE=DIR wrote; status 1 where it is less than FLOOR percent.
`
const SRC = fileURLToPath(new URL('../../src/', import.meta.url))
/** So many of the least covered files are named. */
const NAMED = 20

process.exitCode = main(process.argv.slice(2))

function main(args: readonly string[]): number {
  if (args.some(arg => arg === '--help' || arg === '-h')) {
    process.stdout.write(HELP)
    return 0
  }
  const [dir, floor = '0', ...more] = args
  const strange = args.find(arg => arg.startsWith('-')) ?? more[0] ?? (/^\d+(\.\d+)?$/.test(floor) ? undefined : floor)
  if (dir === undefined || strange !== undefined) {
    process.stderr.write(`coverage: ${strange === undefined ? 'DIR is missing' : `'${strange}'`}: only DIR and FLOOR\n`)
    return 2
  }
  return tell(read(dir), Number(floor))
}

/** Of every script below dist/src, those too that no process has loaded. */
function read(dir: string): Map<string, Statements> {
  const scripts = new Map<string, Statements>()
  const byUrl = new Map<string, Statements>()
  for (const name of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.js'))) {
    const statements = new Statements(readFileSync(join(SRC, name), 'utf8'))
    scripts.set(name, statements)
    byUrl.set(pathToFileURL(join(SRC, name)).href, statements)
  }
  for (const file of readdirSync(dir).filter(name => name.endsWith('.json'))) {
    for (const script of resultsOf(join(dir, file))) byUrl.get(script.url)?.add(script)
  }
  return scripts
}

/** A process that was killed while it wrote leaves half a document: that one is not counted. */
function resultsOf(file: string): ScriptCoverage[] {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { result: ScriptCoverage[] }).result
  } catch {
    return []
  }
}

/** [1, 2, 3, 7] → '1-3 7' */
function spans(lines: readonly number[]): string {
  const spans: [first: number, last: number][] = []
  for (const line of lines) {
    const last = spans.at(-1)
    if (last?.[1] === line - 1) last[1] = line
    else spans.push([line, line])
  }
  return spans.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(' ')
}

function tell(scripts: ReadonlyMap<string, Statements>, floor: number): number {
  const rows = [...scripts].map(([name, { starts, covered, missed }]) => {
    return { name: `dist/src/${name}`, all: starts.length, missing: starts.length - covered, missed }
  })
  rows.sort((a, b) => b.missing - a.missing)
  for (const { name, all, missing, missed } of rows.slice(0, NAMED).filter(row => row.missing > 0))
    process.stdout.write(`${String(missing).padStart(4)} of ${String(all).padEnd(4)} never ran: ${name}, lines ${spans(missed)}\n`)
  const [all, missing] = [rows.reduce((sum, row) => sum + row.all, 0), rows.reduce((sum, row) => sum + row.missing, 0)]
  const percent = 100 * (1 - missing / all)
  const told = `${percent.toFixed(2)} % of the ${all} statements of src/ ran`
  if (percent >= floor) {
    process.stdout.write(`${told}\n`)
    return 0
  }
  process.stderr.write(`coverage: ${told}, less than ${floor} %\n`)
  return 1
}
