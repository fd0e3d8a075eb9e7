import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { together } from './batches.js'
import { judge } from './judge.js'

const MAIN = fileURLToPath(new URL('main.js', import.meta.url))
const HEAD = `import t from '${import.meta.resolve('tap')}'\n`

/** Files of these names and texts, run in processes of their own, one a folder. */
function ran(t: Test, files: Record<string, string>): { status: number | null; out: string } {
  const dir = t.testdir()
  const paths = Object.entries(files).map(([name, text]) => {
    mkdirSync(join(dir, name, '..'), { recursive: true })
    writeFileSync(join(dir, name), HEAD + text)
    return name
  })
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...paths], { cwd: dir, encoding: 'utf8' })
  t.equal(stderr, '')
  return { status, out: stdout }
}
const PASS = "t.test('passes', async t => { t.ok(true) })"

t.test('files that pass, alone and together', t => {
  const { status, out } = ran(t, { 'a/one.test.js': PASS, 'a/two.test.js': PASS, 'e2e/three.test.js': PASS })
  t.equal(status, 0)
  t.match(out, /^3 test files, 2 processes, 0 tests left out, in \d+ s\n$/m)
  t.notMatch(out, /FAILED/)
  t.end()
})

t.test('a test that fails is named, with its file and its reason, and so is what else ran in its process', t => {
  const fails = "t.test('outer', async t => { t.test('inner', async t => { t.equal(1, 2, 'one is two') }) })"
  const { status, out } = ran(t, { 'a/one.test.js': PASS, 'a/two.test.js': fails, 'b/three.test.js': PASS })
  t.equal(status, 1)
  t.match(out, /not ok 1 - one is two\n[^]*fileName: a\/two\.test\.js\n[^]*not ok 1 - inner[^]*not ok \d - outer/)
  t.match(out, /^FAILED: a\/one\.test\.js\nFAILED: a\/two\.test\.js\n$/m)
  t.notMatch(out, /- passes|FAILED: b/)
  t.end()
})

for (const [what, text, told] of [
  ['that throws', `${PASS}\nthrow new Error('boom')`, /boom/],
  ['that cannot be read', `${PASS}\nconst const`, /SyntaxError/],
  ['that ends half way', "t.test('half', async () => process.exit(0))", /test unfinished/],
  ['that ends at once', 'process.exit(0)', /it ended with 0, with 0 results of no plan/],
  ['without a test', '', /it ended with 0, with 0 results of no plan/],
  ['that is killed', `${PASS}\nprocess.kill(process.pid, 'SIGKILL')`, /it ended with SIGKILL/],
  ['that waits for ever', "t.test('waits', async () => { await new Promise(() => {}) })", /test unfinished/],
  ['that fails after its tests', `${PASS}\nt.teardown(() => { throw new Error('late') })`, /late/],
] as const)
  t.test(`a file ${what} fails`, t => {
    const { status, out } = ran(t, { 'a/one.test.js': text })
    t.equal(status, 1)
    t.match(out, told)
    t.match(out, /^FAILED: a\/one\.test\.js\n$/m)
    t.end()
  })

t.test('what is left out is told with its reason', t => {
  const { status, out } = ran(t, {
    'a/one.test.js': `${PASS}\nt.test('of root', { skip: 'not root' }, async () => {})`,
  })
  t.equal(status, 0)
  t.match(out, 'left out: a/one.test.js: of root: not root\n')
  t.match(out, / 1 tests left out, /)
  t.end()
})

t.test('half of a plan, and a failure with status 0, are none that passed', async t => {
  t.equal(judge('0', 'ok 1 - a\n1..1\n', '').faults, '')
  t.equal(judge('0', '1..0 # SKIP no root\n', '').faults, '')
  for (const text of [
    '',
    'ok 1 - a\n',
    'ok 1 - a\n1..2\n',
    '1..0\n',
    'not ok 1 - a\n1..1\n',
    '    ok 1 - a\n    1..1\n',
  ])
    t.not(judge('0', text, '').faults, '', text)
  t.not(judge('1', 'ok 1 - a\n1..1\n', '').faults, '')
})

t.test('files of one folder share a process, ten of them; those with devices do not, and come first', async t => {
  const many = Array.from({ length: 11 }, (_, i) => `test/wire/${i}.test.js`)
  t.strictSame(together([...many, 'test/conn/a.test.js', 'test/io/a.test.js', 'test/io/b.test.js']), [
    ['test/io/a.test.js'],
    ['test/io/b.test.js'],
    many.slice(0, 10),
    many.slice(10),
    ['test/conn/a.test.js'],
  ])
})

t.test('a file that enters a network of its own shares no process', async t => {
  const root = fileURLToPath(new URL('../', import.meta.url))
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.test.js'))
  const entering = files.filter(name => readFileSync(join(root, name), 'utf8').includes('own-network.js'))
  t.ok(entering.length > 10, `${entering.length} of them`)
  const shared = together(files.map(name => `dist/test/${name}`).sort()).filter(batch => batch.length > 1)
  t.strictSame(
    entering.filter(name => shared.some(batch => batch.includes(`dist/test/${name}`))),
    [],
  )
})
