import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { FigureName } from '../../../bench/wire/figures.js'
import { benchLab, type BenchRun } from '../../../bench/wire/bench-lab.js'
import { measures } from '../../../bench/wire/measures.js'
import type { BenchReport } from '../../../bench/wire/report.js'
import { runners } from '../../../bench/wire/runners.js'
import { namespacesOf } from '../../../netns-lab/ledger.js'
import { whyNoNamespaces } from '../../../netns-lab/requirements.js'
import { ours, which } from '../../../netns-lab/tools.js'

const PREFIX = `uvs-bench-${process.pid}-`
const missing = ['nginx', 'curl', 'wrk'].find(tool => !which(tool))
const skip = (await whyNoNamespaces()) ?? (missing ? `${missing} is not installed` : false)

const lines: string[] = []
/** One round, short. */
const run: Omit<BenchRun, 'only' | 'measure'> = {
  rounds: 1,
  services: 10,
  prefix: PREFIX,
  signal: new AbortController().signal,
  print: line => lines.push(line),
  effort: { seconds: 1, requests: 500, octets: 5_000_000, transfers: 1 },
}
const reportIn = (file: string): BenchReport => JSON.parse(readFileSync(file, 'utf8')) as BenchReport

t.test('every runner that is installed carries octets both ways', { skip, timeout: 230_000 }, async t => {
  const json = join(t.testdir(), 'all.json')
  const status = await benchLab({
    ...run,
    json,
    only: runners.map(({ name }) => name),
    measure: ['download', 'upload'],
  })
  const { failures, figures } = reportIn(json)
  t.strictSame(failures, [])
  t.equal(status, 0)
  for (const { name, missing: why } of runners) {
    const found = figures.filter(row => row.runner === name && row.median > 0).map(({ figure }) => figure)
    t.strictSame(found, why?.() === undefined ? ['download', 'upload'] : [], name)
  }
  t.strictSame(await namespacesOf(PREFIX), [])
})

t.test('every measure but udp, which is slow, and what a run writes', { skip, timeout: 230_000 }, async t => {
  const dir = t.testdir()
  const [json, markdown, svg] = [join(dir, 'all.json'), join(dir, 'all.md'), join(dir, 'charts')]
  const measure = measures.map(({ name }) => name).filter(name => name !== 'udp') // udp-load.test.ts has it
  t.equal(await benchLab({ ...run, json, markdown, svg, rate: 1000, only: ['no-balancer', 'uvs-raw-nat'], measure }), 0)
  const { failures, figures, judged } = reportIn(json)
  t.strictSame(failures, [])
  const wanted: FigureName[] = ['wrk', 'wrk-p99', 'cpu-user', 'cpu-softirq', 'half', 'half-p99', 'think', 'think-p99']
  for (const figure of wanted) {
    const found = figures.find(row => row.runner === 'uvs-raw-nat' && row.figure === figure)
    t.ok(found && found.median >= 0, figure)
  }
  const half = figures.find(({ figure }) => figure === 'half')
  t.ok(half && half.median > 100 && half.median < 1001, `${half?.median} of 1000 a second`)
  t.ok(judged.some(({ what, over, seen }) => what.includes('paced') && over === 'no-balancer' && seen! > 0))
  t.ok(lines.includes('round 1 of 1: uvs-raw-nat'))
  t.match(readFileSync(markdown, 'utf8'), /^\| uvs raw, NAT \|/m)
  t.match(readFileSync(join(svg, 'half-p99.svg'), 'utf8'), />uvs raw, NAT<\/text>/)
  t.strictSame(await namespacesOf(PREFIX), [])
})

t.test('bad words are refused before anything is built', async t => {
  const { status, stderr } = spawnSync(process.execPath, [ours('bench/wire/main.js'), '--only', 'ipvs'])
  t.equal(status, 2)
  t.match(
    stderr.toString(),
    /^bench:lab: --only: 'ipvs' is not one of no-balancer, cable, nftables, .*, uvs-tap-tun, uvs-beside-nat, uvs-beside-dr, uvs-up-nat, uvs-device-tun\n$/,
  )
})
