import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { BesideReport } from '../../netns-lab/beside/beside-report.js'
import { namespacesOf } from '../../netns-lab/ledger.js'
import { type Ended, run } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { unhooked } from '../e2e/unhooked.js'

const skip = (await whyNoNamespaces()) ?? false
const PREFIX = `uvs-besidelab-${process.pid}-`
const command = unhooked([ours('src/cli/uvs/main.js'), 'lab'])
const env = { UVS_LAB_PREFIX: PREFIX }
const lab = (...args: string[]): Promise<Ended> => run('env', [...command, ...args], { env, timeoutMs: 200_000 })

t.test('beside: the kernel keeps its own, uvs takes what is balanced, nothing is left', { skip }, async t => {
  const json = join(t.testdir(), 'report.json')
  const { status, out, err } = await lab('beside', '--json', json)
  t.equal(status, 0, err + (/^FAILED.*/m.exec(out)?.[0] ?? ''))
  t.match(out, /^uvs lab beside\n client +router/)
  t.match(out, /^director\$ uvs director --raw eth0 --control /m)
  t.notMatch(out, /NaN|undefined|FAILED/)
  const { phases, loads, checks, checksumErrors } = JSON.parse(readFileSync(json, 'utf8')) as BesideReport
  t.ok(checks.length >= 11 && checks.every(({ holds }) => holds), JSON.stringify(checks))
  t.strictSame(
    phases.map(({ name, balanced }) => [name, balanced]),
    [
      ['no director', false],
      ['uvs, without rules', false],
      ['two services', true],
      ['after 100 changes of rules', true],
      ['under load', true],
      ['uvs stopped', false],
      ['uvs again', true],
      ['uvs killed', false],
    ],
  )
  for (const { name, echoed } of phases)
    t.ok(
      Object.values(echoed).every(lines => lines > 0),
      name,
    )
  t.strictSame(
    loads.map(({ method, answered, failed }) => ({ method, answered, failed })),
    ['dr', 'nat'].map(method => ({ method, answered: 5000, failed: 0 })),
  )
  t.equal(checksumErrors, 0)
  t.strictSame(await namespacesOf(PREFIX), [])
})

t.test('up beside stands: the kernel and both services answer', { skip }, async t => {
  t.teardown(() => lab('down'))
  t.match(await lab('up', 'beside'), { status: 0, out: /-r 192\.168\.159\.13:80 -m/ })
  const ask = ['client', process.execPath, ours('netns-lab/beside/ask-program.js'), '2']
  const urls = [9000, 80, 8080].map(port => `http://192.168.159.100:${port}/`)
  const { out, err } = await lab('exec', ...ask, ...urls)
  t.equal(err, '')
  t.strictSame(Object.values(JSON.parse(out) as object), [{ kernel: 2 }, { rs1: 1, rs2: 1 }, { rs3: 1, rs4: 1 }])
  t.match(await lab('down'), { status: 0, out: `removed ${PREFIX}*\n` })
})

t.test('figures that cannot be written are refused before anything is built', { skip }, async t => {
  const err = "uvs lab: --json '/nonexistent/x' cannot be written: no such file or directory\n"
  t.strictSame(await lab('beside', '--json', '/nonexistent/x'), { status: 1, out: '', err })
})
