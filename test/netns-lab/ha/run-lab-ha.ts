import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { HaReport } from '../../../netns-lab/ha/ha-report.js'
import { namespacesOf } from '../../../netns-lab/ledger.js'
import { type Ended, run } from '../../../netns-lab/proc.js'
import { ours } from '../../../netns-lab/tools.js'
import { unhooked } from '../../e2e/unhooked.js'

/** What a loaded machine adds to a time that the lab itself may then call too long, ms. */
const PATIENCE_MS = 3000

export function haLab(prefix: string, ...args: string[]): Promise<Ended> {
  const command = unhooked([ours('src/cli/uvs/main.js'), 'lab', ...args])
  return run('env', command, { env: { UVS_LAB_PREFIX: prefix }, timeoutMs: 180_000 })
}

/** Runs the lab once; its checks hold, of a loaded machine but for times that are somewhat too long; nothing is left. */
export async function isAsItMustBe(t: Test, prefix: string, peer: 'uvs' | 'keepalived'): Promise<void> {
  const json = join(t.testdir(), 'report.json')
  const { status, out, err } = await haLab(prefix, 'ha', '--peer', peer, '--json', json)
  t.equal(err, '', out)
  t.match(out, new RegExp(`^uvs lab ha --peer ${peer}\n client +wire`))
  t.notMatch(out, /NaN|undefined|Infinity/)
  const report = JSON.parse(readFileSync(json, 'utf8')) as HaReport
  const { checks, deeds, reigns } = report
  for (const { name, detail } of checks) t.comment(`${name}: ${detail}`)
  t.equal(status, checks.every(({ holds }) => holds) ? 0 : 1)
  const named = deeds.map(({ what }) => what)
  const wrong = checks.filter(({ name, holds }) => !holds && !named.includes(name))
  t.strictSame(wrong, [], out)
  t.strictSame(
    deeds.map(({ what, master }) => [what.replace(/rs\d/, 'rs'), master]),
    [
      ['rs’s web server is killed', undefined],
      ['rs is back', undefined],
      ['lb1 is killed with -9', 'lb2'],
      ['lb1 is started again', 'lb1'],
      ['lb1’s cable is pulled', 'lb2'],
      ['lb1’s cable is back', 'lb1'],
    ],
  )
  for (const { what, atMs, doneMs = Infinity, limitMs } of deeds)
    t.ok(doneMs - atMs <= limitMs + PATIENCE_MS, `${what}: ${doneMs - atMs} ms`)
  t.strictSame(
    reigns.map(({ by }) => by),
    ['lb1', 'lb2', 'lb1', 'lb2', 'lb1'],
    out,
  )
  t.match(report, { mode: 'ha', peer })
  t.strictSame(await namespacesOf(prefix), [])
}
