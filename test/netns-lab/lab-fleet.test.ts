import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { KEPT } from '../../netns-lab/fleet/fleet-plan.js'
import type { FleetReport } from '../../netns-lab/fleet/fleet-report.js'
import { DOWNLOADS } from '../../netns-lab/fleet/fleet-story.js'
import { namespacesOf } from '../../netns-lab/ledger.js'
import { run } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours, which } from '../../netns-lab/tools.js'
import { unhooked } from '../e2e/unhooked.js'

/* Three directors behind a router, with the bird.conf of packaging/bird/: uvs lab fleet --short, once. */

const why = (await whyNoNamespaces()) ?? (which('bird') ? false : 'bird is not installed')
const RULES_MS = 5000
const PREFIX = `uvs-fleet-test-${process.pid}-`

t.test('three directors behind a router', { skip: why, timeout: 230_000 }, async t => {
  const json = join(t.testdir(), 'report.json')
  const command = unhooked([ours('src/cli/uvs/main.js'), 'lab', 'fleet', '--short', '--json', json])
  const { status, out, err } = await run('env', command, { env: { UVS_LAB_PREFIX: PREFIX }, timeoutMs: 220_000 })
  t.equal(err, '', out)
  t.match(out, /^uvs lab fleet --short\n client +router: BIRD/)
  t.notMatch(out, /NaN|undefined|Infinity/)
  const { mode, steps, checks } = JSON.parse(readFileSync(json, 'utf8')) as FleetReport
  for (const { name, detail } of checks) t.comment(`${name}: ${detail}`)
  t.equal(status, checks.every(({ holds }) => holds) ? 0 : 1)
  // Of a loaded machine rules may take longer than the lab allows.
  const wrong = checks.filter(({ name, holds }) => !holds && !name.startsWith('rules'))
  t.strictSame(wrong, [], out)
  for (const { what, tookMs } of steps) if (what.startsWith('rules')) t.ok(tookMs < RULES_MS, `${what}: ${tookMs} ms`)
  t.equal(mode, 'fleet')
  t.strictSame(
    steps.map(({ what, hops }) => `${what}: ${hops.join(' ')}`),
    [
      'd3 is added: d1 d2 d3',
      'rules: rs3 has weight 3: d1 d2 d3',
      'rules: rs3 has weight 1: d1 d2 d3',
      'd1 is killed with -9: d2 d3',
      'd1 is started again: d1 d2 d3',
      'd3 is drained: d1 d2',
    ],
  )
  // What mh promises is put to the test by each method at each step that moves flows, and kept.
  for (const { what, byVip } of steps.filter(({ what }) => !what.startsWith('rules')))
    for (const vip of KEPT)
      t.match(byVip[vip], { flows: DOWNLOADS.short[vip], broken: 0, promised: 0 }, `${what}: ${vip}`)
  for (const { what, hops, announced } of steps)
    t.strictSame(announced, Object.fromEntries(hops.map(name => [name, 3])), `${what}: uvs_announced_vips`)
  t.match(steps.at(-1)?.said, /the director has stopped$/)
  t.strictSame(await namespacesOf(PREFIX), [])
})
