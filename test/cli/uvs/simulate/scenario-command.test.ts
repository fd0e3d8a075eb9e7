import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { parse } from 'yaml'
import type { SimulationResult } from '../../../../native-free/simulate/result.js'
import { UsageError } from '../../../../src/director/options.js'
import { writeWhole } from '../../../../src/cli/uvs/simulate/write-whole.js'
import { runCommand } from '../../../support/run-command.js'
import { tempDir } from '../../../support/temp.js'
import { localScenario } from './local-scenario.js'

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url))
const EXAMPLES = join(ROOT, 'examples/simulate')
const schema = JSON.parse(readFileSync(join(ROOT, 'docs/schema/scenario-1.json'), 'utf8')) as object
const takes = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(schema)
const SMALL = `duration: 2s
clients:
  - { name: web, from: 10.1.0.0/16, to: '10.0.0.100:80', arrivals: { constant: 20/s } }
servers:
  - { name: rs1, address: 10.0.1.1 }
rules: |
  -A -t 10.0.0.100:80
  -a -t 10.0.0.100:80 -r 10.0.1.1:80 -m
assert:
`

/** What each example is there to show. */
const SHOWS: Record<string, (result: SimulationResult) => unknown> = {
  'wrr-3-to-1.yaml': ({ realServers }) => realServers.map(({ answered }) => answered),
  'rolling-drain.yaml': ({ drains }) => drains.map(({ tookMs }) => tookMs !== null && tookMs < 20_000),
  'failed-server-lc.yaml': ({ requests: { refused } }) => refused > 400 && refused < 700,
  'failed-server-mh.yaml': ({ requests, realServers }) => [
    requests.broken + requests.timedOut < 60,
    realServers[2]!.series.weight[30],
  ],
  'syn-flood.yaml': ({ directors }) => directors[0]!.connectionsMost > 120_000,
  'syn-flood-drop-entry.yaml': ({ directors }) => directors[0]!.connectionsMost < 80_000,
  'udp-timeout.yaml': ({ requests: { moved } }) => moved > 350 && moved < 450,
  'vrrp-partition.yaml': ({ directors, series }) => {
    const at = (ms: number): string[] => directors.map(each => each.series.state[series.endMs.indexOf(ms)]!)
    return [at(10_000), at(30_000), at(50_000), at(70_000)]
  },
}
const SHOWN: Record<string, unknown> = {
  'wrr-3-to-1.yaml': [3750, 1250],
  'rolling-drain.yaml': [true, true, true],
  'failed-server-lc.yaml': true,
  'failed-server-mh.yaml': [true, -1],
  'syn-flood.yaml': true,
  'syn-flood-drop-entry.yaml': true,
  'udp-timeout.yaml': true,
  'vrrp-partition.yaml': [
    ['MASTER', 'BACKUP'],
    ['MASTER', 'MASTER'],
    ['MASTER', 'BACKUP'],
    ['DOWN', 'MASTER'],
  ],
}

t.test('the examples are what the schema says, hold what they assert, and show what they are for', async t => {
  t.strictSame(readdirSync(EXAMPLES).toSorted(), Object.keys(SHOWS).toSorted())
  for (const [name, show] of Object.entries(SHOWS)) {
    const scenario: unknown = parse(readFileSync(join(EXAMPLES, name), 'utf8'))
    t.ok(takes(scenario), `${name}: ${JSON.stringify(takes.errors)}`)
    const result = await localScenario(scenario)
    t.strictSame(
      result.assertions.filter(({ ok }) => !ok),
      [],
      name,
    )
    t.strictSame(show(result), SHOWN[name], name)
  }
})

t.test('status, table, JSON', async t => {
  const file = join(tempDir(t), 'small.yaml')
  writeFileSync(file, `${SMALL}  - no connection broken\n`)
  const good = await runCommand('simulate', '', file)
  t.match(good, { status: 0, err: '', out: /^scenario: 2 s, seed 1\n[^]*\nok {5}no connection broken: / })
  const again = await runCommand('simulate', '', file, '--json', '-', '--seed', '9')
  const document = JSON.parse(again.out) as { version: number; simulation: { scenario: SimulationResult } }
  t.match(document, {
    version: 1,
    simulation: { kind: 'scenario', scenario: { seed: 9, ok: true, requests: { started: 39 } } },
  })
  writeFileSync(file, `${SMALL}  - rs1 at most 99 %\n`)
  const bad = await runCommand('simulate', '', file, '--json', `${file}.json`)
  t.match(bad, { status: 1, err: '', out: /\nFAILED rs1 at most 99 %: rs1 had 100 %\n$/ })
  t.equal((JSON.parse(readFileSync(`${file}.json`, 'utf8')) as typeof document).simulation.scenario.ok, false)
})

t.test('what is wrong has its file, its line and status 2', async t => {
  const file = join(tempDir(t), 'wrong.yaml')
  const run = async (text: string): Promise<[number, string]> => {
    writeFileSync(file, text)
    const { status, err } = await runCommand('simulate', '', file)
    return [status, err.replace(file, 'FILE')]
  }
  t.strictSame(
    await run(`${SMALL}  - no rain\n`).then(([status, err]) => [status, err.slice(0, 50)]),
    [2, "uvs simulate: FILE:10: assert[0]: 'no rain': one of"].map(each =>
      typeof each === 'string' ? each.slice(0, 50) : each,
    ),
  )
  t.match(await run(`${SMALL}  - [`), [2, /^uvs simulate: FILE:1\d:\d+: [^\n]+\n$/])
  t.match(await run(SMALL.replace('rs1:', 'x').replace('-r 10.0.1.1:80', '-r 10.0.1.1:99999')), [
    2,
    /^uvs simulate: FILE:6: rules\[1\]: -a -t 10\.0\.0\.100:80 -r 10\.0\.1\.1:99999 -m: [^\n]+\n$/,
  ])
  t.strictSame(await run(`${SMALL}---\nname: b\n`), [
    2,
    'uvs simulate: FILE:10:1: another document begins (---): one scenario a file\n',
  ])
  t.match(await run(`name: ${'['.repeat(100_000)}`), [2, /^uvs simulate: FILE:1:\d+: it is nested too deeply\n$/])
  t.match(await run(`${SMALL.replace('assert:', 'directors:')}  - addresses: ['1.2.3.4/99@cli']\n`), [
    2,
    /^uvs simulate: FILE:10: directors\[0\]\.addresses: '1\.2\.3\.4\/99@cli' is not ADDRESS\/PREFIX@/,
  ])
  t.match(await runCommand('simulate', '', `${file}.not`), { status: 2, out: '', err: /^uvs simulate: [^\n]+\n$/ })
})

t.test('files are written whole or not at all, and never in the place of the scenario', async t => {
  const folder = tempDir(t)
  const file = join(folder, 'small.yaml')
  const out = join(folder, 'out')
  writeFileSync(file, `${SMALL}  - no drop\n`)
  symlinkSync(file, `${file}.link`)
  for (const [args, says] of [
    [['--html', `${file}.link`], /--html: [^\n]+small\.yaml\.link is the file of SCENARIO\n$/],
    [['--json', file], /--json: [^\n]+small\.yaml is the file of SCENARIO\n$/],
    [['--json', out, '--html', `${folder}/../${basename(folder)}/out`], /--html: [^\n]+out is the file of --json\n$/],
    [['--html', '-'], /--html: '-': a file is expected/],
    [['--html', folder], /^uvs simulate: --html: [^: ]+: [a-z ]+\n$/],
    [['--json', join(folder, 'not/out')], /^uvs simulate: --json: [^: ]+: no such file or directory\n$/],
  ] as const)
    t.match(await runCommand('simulate', '', file, ...args), { status: 2, out: '', err: says }, args.join(' '))
  t.match(await runCommand('simulate', '', file, '--json', '/dev/full'), {
    status: 1, // nothing is wrong with the command
    err: 'uvs simulate: --json: /dev/full: no space left on device\n',
  })
  t.match(readFileSync(file, 'utf8'), /^duration/)
  t.match(await runCommand('simulate', '', file, '--json', '/dev/null', '--html', '/dev/null'), { status: 0 })
  writeFileSync(out, 'before')
  chmodSync(out, 0o640)
  t.match(await runCommand('simulate', '', file, '--html', out), { status: 0 })
  t.match(readFileSync(out, 'utf8'), /^<!doctype html>[^]*<\/html>\s*$/)
  t.equal(statSync(out).mode & 0o777, 0o640)
  t.strictSame(readdirSync(folder).toSorted(), ['out', 'small.yaml', 'small.yaml.link'])
})

t.test('half a file takes no place', t => {
  const out = join(tempDir(t), 'out')
  writeFileSync(out, 'before')
  const failing = {
    toString() {
      throw new Error('half')
    },
  }
  t.throws(() => writeWhole('--html', out, failing as unknown as string), UsageError)
  t.equal(readFileSync(out, 'utf8'), 'before')
  t.strictSame(readdirSync(dirname(out)), ['out'])
  t.end()
})

/** Node says since 22.10. */
const loadsTypeScript = Boolean((process.features as { typescript?: unknown }).typescript)

t.test('a module of TypeScript: loaded, or a line that says which Node would', async t => {
  const text = parse(`${SMALL}  - no drop\n`) as object
  for (const extension of ['ts', 'mts', 'js', 'mjs']) {
    const file = join(tempDir(t), `small.${extension}`)
    const type = extension.endsWith('ts') ? ' as object' : ''
    writeFileSync(file, `const scenario = ${JSON.stringify(text)}${type}\nexport default scenario\n`)
    const found = await runCommand('simulate', '', file)
    if (type === '' || loadsTypeScript) t.match(found, { status: 0, out: /ok {5}no drop: no drops/ }, extension)
    else {
      const says = `small.${extension}: Node ${process.versions.node} loads no TypeScript: 22.18 and later do, or compile it to `
      t.match(found, { status: 2, out: '', err: says }, extension)
      t.match(found.err, /^uvs simulate: [^\n]+\n$/, 'one line')
    }
  }
})

t.test('a scenario in which nothing happens says so, and holds nothing', async t => {
  const file = join(tempDir(t), 'rare.yaml')
  const run = async (text: string) => {
    writeFileSync(file, text)
    return runCommand('simulate', '', file)
  }
  const rare = await run(
    `${SMALL.replace('20/s', '1/h')}  - no connection broken\n  - rs1 at most 50 %\n  - p99 latency below 1s\n  - no drop\n`,
  )
  t.match(rare, { status: 1, err: '', out: /\nrequests {3}0 begun, [^\n]+\nlatency {4}no request was answered\n/ })
  t.match(rare.out, /FAILED no connection broken: no request began\nFAILED rs1 at most 50 %: no request began\n/)
  t.match(rare.out, /FAILED p99 latency below 1s: no request was answered\nok {5}no drop: no drops\n$/)
  t.match(await run(SMALL.replace('2s', '0s')), {
    status: 2,
    err: /duration: '0s': a time longer than 0 is expected\n$/,
  })
  t.match(await run(SMALL.replace(/clients:\n.*\n/, 'clients: []\n')), { status: 2, err: /clients: one at least is/ })
})

t.test('a module in the place of YAML', async t => {
  const file = join(tempDir(t), 'small.mjs')
  writeFileSync(file, `export default ${JSON.stringify(parse(`${SMALL}  - no drop\n`))}`)
  t.match(await runCommand('simulate', '', file), { status: 0, out: /ok {5}no drop: no drops/ })
  writeFileSync(file, 'export const scenario = 1')
  t.match(await runCommand('simulate', '', file), {
    status: 2,
    err: /no default export, which would be the scenario\n$/,
  })
  writeFileSync(file, 'export default { duration: 1, clients: 3 }')
  t.match(await runCommand('simulate', '', file), { status: 2, err: /small\.mjs: clients: 3: a list is expected\n$/ })
  for (const [text, says] of [
    ['throw null', 'null'],
    ['await new Promise(() => {})', 'it waits for something that never comes (await)'],
    ['export default { get duration() { throw new Error("of its own") } }', 'of its own'],
  ] as const) {
    const odd = join(tempDir(t), 'odd.mjs')
    writeFileSync(odd, text)
    t.match(await runCommand('simulate', '', odd), { status: 2, err: `odd.mjs: ${says}\n` }, text)
  }
})
