import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInNewContext, Script } from 'node:vm'
import t from 'tap'
import type { SimulationResult } from '../../../../../native-free/simulate/result.js'
import { chartsOf } from '../../../../../src/cli/uvs/simulate/report/charts.js'
import { escaped, jsonInScript, scriptText } from '../../../../../src/cli/uvs/simulate/report/html.js'
import { reportPage } from '../../../../../src/cli/uvs/simulate/report/page.js'
import { SCRIPT } from '../../../../../src/cli/uvs/simulate/report/script.js'
import { chartLibrary, writeReport } from '../../../../../src/cli/uvs/simulate/report/write-report.js'
import { runCommand } from '../../../../support/run-command.js'
import { sampleSimulation } from '../../../../support/sample-simulation.js'

/** Seen from dist/test/cli/uvs/simulate/report. */
const SCENARIO = fileURLToPath(new URL('../../../../../../examples/simulate/wrr-3-to-1.yaml', import.meta.url))

const library = chartLibrary()
const EVIL = '<script>alert(1)</script>'
const NAMES = ['</script><script>alert(2)</script>', '"><img src=x onerror=alert(3)>', '<!--<script>']

interface Element {
  name: string
  attributes: Record<string, string>
  /** Of elements that hold plain text: script, style, title. */
  text: string
}
/** The start tags of a page, as a browser finds them: within script, style and title there are none (HTML §13.2). */
function elements(page: string): Element[] {
  const found: Element[] = []
  const tag = /<([a-z][a-z0-9]*)((?:[^>"']|"[^"]*"|'[^']*')*)>/gi
  for (let match = tag.exec(page); match; match = tag.exec(page)) {
    const [, name = '', rest = ''] = match
    const attributes = Object.fromEntries(
      [...rest.matchAll(/([a-z-]+)(?:="([^"]*)")?/gi)].map(([, key, value]) => [key!, value ?? '']),
    )
    let text = ''
    if (['script', 'style', 'title'].includes(name)) {
      const end = page.toLowerCase().indexOf(`</${name}`, tag.lastIndex)
      text = page.slice(tag.lastIndex, end)
      tag.lastIndex = end
    }
    found.push({ name, attributes, text })
  }
  return found
}
const namesOf = (page: string): string[] => elements(page).map(({ name }) => name)

t.test('nothing of a scenario becomes markup or a program', async t => {
  const tame = reportPage(sampleSimulation('tame', ['a', 'b', 'c']), library)
  const page = reportPage(sampleSimulation(EVIL, NAMES), library)
  t.strictSame(namesOf(page), namesOf(tame), 'the same elements, whatever the names')
  t.notOk(page.includes('<script>alert'))
  t.ok(page.includes(escaped(EVIL)), 'it is shown as text')
  const [data] = elements(page).filter(({ attributes }) => attributes['id'] === 'data')
  const { charts } = JSON.parse(data!.text) as { charts: { lines: { name: string }[] }[] }
  t.strictSame(
    charts[0]!.lines.map(({ name }) => name),
    NAMES,
    'the charts have the names as they are',
  )
  t.equal(elements(page).filter(({ name }) => name === 'script').length, 3)
  t.notOk(SCRIPT.includes('innerHTML') || library.program.includes('innerHTML'), 'text is written as text')
})

t.test('it asks nobody for anything', async t => {
  const page = reportPage(sampleSimulation(), library)
  t.strictSame(page.match(/(?:https?:|\bwss?:|["'(]\/\/)[^\s"')]*/g), null, 'no address of a network')
  for (const { name, attributes } of elements(page)) {
    t.notOk(['link', 'img', 'iframe', 'object', 'base', 'form'].includes(name), name)
    for (const key of Object.keys(attributes)) t.notOk(/^(on.*|src|href|action)$/.test(key), `${name} ${key}`)
  }
  t.notOk(/url\(|@import/.test(page))
  const [policy] = elements(page).filter(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy')
  const content = policy!.attributes['content']!
  t.match(
    content,
    /^default-src 'none'; script-src 'sha256-[^;]*; style-src 'sha256-[^;]*; base-uri 'none'; form-action 'none'$/,
  )
  for (const { name, text, attributes } of elements(page)) {
    if (!['script', 'style'].includes(name) || attributes['type'] === 'application/json') continue
    const hash = createHash('sha256').update(text).digest('base64')
    t.ok(content.includes(`'sha256-${hash}'`), `${name}: the policy names what it holds`)
  }
})

t.test('uPlot is in it, with its license; the programs are whole', async t => {
  const page = reportPage(sampleSimulation(), library)
  const [program, own] = elements(page)
    .filter(({ name, attributes }) => name === 'script' && !('type' in attributes))
    .map(({ text }) => text)
  t.match(program, /^\/\*!\nuPlot\nThe MIT License/)
  t.equal(own, SCRIPT)
  t.equal(runInNewContext(`${program}\ntypeof uPlot.paths.stepped`), 'function', 'without a page it loads all the same')
  t.ok(new Script(SCRIPT))
})

t.test('the page says what the result says', async t => {
  const result = sampleSimulation()
  const page = reportPage(result, library)
  t.match(page, /<p class="verdict fails">2 assertions: 1 fail\.<\/p>/)
  t.match(page, '<tr class="fails"><td>✗ fails</td><td>no connection broken</td><td>9 connections broke</td></tr>')
  t.match(page, '<td>rs1 fails</td><td>the scenario</td>')
  t.match(page, '<td>rs1 is taken out</td><td>itself</td>')
  t.match(page, '<td class="number">not over</td>')
  t.match(page, 'uvs simulate, 60 s of virtual time, seed 1.')
  t.equal(reportPage(result, library), page, 'the same for the same result')
  const none = { ...result, assertions: [], ok: true, drains: [], events: [] }
  t.match(reportPage(none, library), 'The scenario asserts nothing.')
  t.notMatch(reportPage(none, library), /<caption>(Drains|Events)</)
  t.match(reportPage({ ...result, ok: true, assertions: [result.assertions[0]!] }, library), '1 assertion: all hold.')
})

t.test('charts: what a second has, and none of what never happened', async t => {
  const result = sampleSimulation()
  const titles = chartsOf(result).map(({ title }) => title)
  t.ok(titles.includes('Queue by real server') && titles.includes('Drops by reason'))
  const calm = { ...result, drops: [] }
  t.notOk(chartsOf(calm).some(({ title }) => title === 'Drops by reason'))
  t.notOk(chartsOf(result).some(({ lines }) => lines.some(({ name }) => name === 'flood')))
  const idle = { ...result, series: { ...result.series, imbalance: result.series.imbalance.with(3, 0) } }
  const gap = chartsOf(idle).find(({ title }) => title === 'Imbalance')!.lines[0]!.values
  t.strictSame([gap[3], gap[4]], [null, 1.02], 'where no connection came there is no value')
  const half = { ...result, series: { ...result.series, endMs: result.series.endMs.map(end => end / 2) } }
  const load = (of: typeof result): number[] => chartsOf(of)[0]!.lines[0]!.values.map(Number)
  t.strictSame(
    load(half),
    load(result).map(value => value * 2),
    'in half the time twice as many a second',
  )
})

t.test('what may stand in a page', async t => {
  t.equal(escaped(`a<b>&"'\``), 'a&#60;b&#62;&#38;&#34;&#39;&#96;')
  const value = { text: '</script><!-- & \u2028' }
  t.notMatch(jsonInScript(value), /[<>&\u2028]/)
  t.strictSame(JSON.parse(jsonInScript(value)), value)
  for (const program of ['"</SCRIPT>"', '<!-- x']) t.throws(() => scriptText(program), /must not have/)
})

t.test('it is written to a file; one that cannot be written is a line', async t => {
  const file = join(t.testdir(), 'report.html')
  writeReport(file, sampleSimulation())
  t.equal(readFileSync(file, 'utf8'), reportPage(sampleSimulation(), library))
  t.throws(() => writeReport(join(file, 'x'), sampleSimulation()), { name: 'UsageError', message: /^--html: .*x: / })
})

t.test('uvs simulate SCENARIO --html', async t => {
  const [html, json] = ['report.html', 'result.json'].map(name => join(t.testdir(), name)) as [string, string]
  const { status, err } = await runCommand('simulate', '', SCENARIO, '--html', html, '--json', json)
  t.strictSame([status, err], [0, ''])
  const { simulation } = JSON.parse(readFileSync(json, 'utf8')) as { simulation: { scenario: SimulationResult } }
  t.equal(
    readFileSync(html, 'utf8'),
    reportPage(simulation.scenario, library),
    'a report of the result that --json has',
  )
  t.match(readFileSync(html, 'utf8'), /Load by real server/)
})
