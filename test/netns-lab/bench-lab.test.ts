import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { benchLab } from '../../netns-lab/bench-lab.js'
import { measures } from '../../netns-lab/bench-measures.js'
import type { BenchReport } from '../../netns-lab/bench-report.js'
import { namespacesOf } from '../../netns-lab/ledger.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours, which } from '../../netns-lab/tools.js'

const PREFIX = `uvs-bench-${process.pid}-`
const ONLY = ['no-balancer', 'nftables', 'haproxy', 'nginx-stream', 'uvs-raw-dr', 'uvs-tap-nat']
const skip = (await whyNoNamespaces()) ?? (which('nginx') ? false : 'nginx is not installed')

t.test('a short run: the peers, uvs raw and tap, one round', { skip, timeout: 200_000 }, async t => {
  const dir = t.testdir()
  const lines: string[] = []
  const status = await benchLab({
    rounds: 1,
    only: ONLY,
    measure: measures.map(({ name }) => name).filter(name => name !== 'udp'), // 8 s each; udp-load.test.ts has it
    prefix: PREFIX,
    signal: new AbortController().signal,
    json: join(dir, 'all.json'),
    markdown: join(dir, 'all.md'),
    svg: join(dir, 'charts'),
    rate: 1000,
    print: line => lines.push(line),
    effort: { seconds: 1, requests: 500, octets: 5_000_000, transfers: 1 },
  })
  const report = JSON.parse(readFileSync(join(dir, 'all.json'), 'utf8')) as BenchReport
  t.strictSame(report.failures, [])
  t.equal(status, 0)
  t.ok(lines.includes('round 1 of 1: uvs-raw-dr'))
  for (const { name } of report.runners) {
    const wanted = [
      ...(which('wrk') ? ['wrk', 'wrk-p99', 'half', 'half-p99'] : []),
      ...(which('curl') ? ['download', 'upload'] : []),
    ]
    for (const figure of wanted) {
      const found = report.figures.find(row => row.runner === name && row.figure === figure)
      t.ok(found && found.median > 0, `${name}: ${figure}`)
    }
  }
  t.ok(report.judged.some(({ seen, over }) => over === 'nftables' && seen! > 0))
  t.match(readFileSync(join(dir, 'charts', 'half-p99.svg'), 'utf8'), />uvs raw, DR<\/text>/)
  t.match(readFileSync(join(dir, 'all.md'), 'utf8'), /^\| uvs raw, DR \|/m)
  t.strictSame(await namespacesOf(PREFIX), [])
})

t.test('bad words are refused before anything is built', async t => {
  const { status, stderr } = spawnSync(process.execPath, [ours('netns-lab/bench.js'), '--only', 'ipvs'])
  t.equal(status, 2)
  t.match(stderr.toString(), /^bench:lab: --only: 'ipvs' is not one of no-balancer, nftables, .*, uvs-tap-tun\n$/)
})
