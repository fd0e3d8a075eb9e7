import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { type ScriptCoverage, Statements } from './statements.js'

const PROGRAM = `import { argv } from 'node:process'
const many = Number(argv[2])
export function sign(x) {
  if (x > 0) return 1
  if (x < 0) { return -1 }
  return 0
}
class Unused {
  method() {
    throw new Error('never')
  }
}
const double = x => x * 2
for (let i = 0; i < many; i++) sign(i + 1)
sign(Number(argv[3]))
`

/** What Node writes of the program when it runs with each of these arguments. */
function ran(t: Test, ...runs: string[][]): Statements {
  const dir = t.testdir({ 'program.mjs': PROGRAM })
  const file = join(dir, 'program.mjs')
  const statements = new Statements(PROGRAM)
  for (const [i, args] of runs.entries()) {
    const to = join(dir, String(i))
    mkdirSync(to)
    const env = { ...process.env, NODE_V8_COVERAGE: to, NODE_OPTIONS: '' }
    spawnSync(process.execPath, [file, ...args], { env })
    for (const name of readdirSync(to)) {
      const { result } = JSON.parse(readFileSync(join(to, name), 'utf8')) as { result: ScriptCoverage[] }
      for (const script of result) if (script.url === pathToFileURL(file).href) statements.add(script)
    }
  }
  return statements
}

t.test('statements that never ran are named by their lines', async t => {
  const one = ran(t, ['1', '5'])
  t.equal(one.starts.length, 12)
  t.strictSame(one.missed, [5, 6, 10, 13])
})

t.test('what ran in any process has run', async t => {
  t.strictSame(ran(t, ['1', '5'], ['0', '-5']).missed, [6, 10, 13])
  t.equal(ran(t).covered, 0)
})

t.test('the floor', async t => {
  const main = fileURLToPath(new URL('main.js', import.meta.url))
  const program = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
  const dir = t.testdir()
  writeFileSync(join(dir, 'half.json'), '{"result":[{"url')
  const nothing = /^coverage: 0\.00 % of the \d+ statements of src\/ ran, less than 95 %\n$/
  t.match(program(dir, '95'), { status: 1, stderr: nothing })
  t.match(program(dir), { status: 0, stdout: /\n0\.00 % of the \d+ statements of src\/ ran\n$/ })
  t.match(program(dir, '95 %'), { status: 2, stdout: '', stderr: "coverage: '95 %': only DIR and FLOOR\n" })
  t.match(program(), { status: 2, stdout: '', stderr: 'coverage: DIR is missing: only DIR and FLOOR\n' })
})
