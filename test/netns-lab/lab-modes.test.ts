import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { LabReport } from '../../native-free/lab-report.js'
import { namespacesOf } from '../../netns-lab/ledger.js'
import { type Ended, run } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { unhooked } from '../e2e/unhooked.js'

const skip = (await whyNoNamespaces()) ?? false
const PREFIX = `uvs-modes-${process.pid}-`
const command = unhooked([ours('src/cli/uvs/main.js'), 'lab'])
const env = { UVS_LAB_PREFIX: PREFIX }
const lab = (...args: string[]): Promise<Ended> => run('env', [...command, ...args], { env, timeoutMs: 200_000 })

/** The hosts that a request and its reply come by, in order; a real server is rs, whichever it is. */
const WAYS = {
  dr: ['client director', 'director rs', 'rs client'],
  tun: ['client director', 'director router', 'router rs', 'rs rs', 'rs router', 'router client'],
  fullnat: [
    ['client director', 'director router', 'router rs'],
    ['rs router', 'router director', 'director client'],
  ].flat(),
}

for (const [mode, way] of Object.entries(WAYS)) {
  t.test(`${mode}: every request is answered, it is what it is, and nothing is left`, { skip }, async t => {
    const io = mode === 'tun' ? 'tap' : 'raw'
    const json = join(t.testdir(), 'report.json')
    const { status, out, err } = await lab(mode, '--io', io, '--json', json)
    t.equal(status, 0, err + (/^FAILED.*/m.exec(out)?.[0] ?? ''))
    t.match(out, new RegExp(`^uvs lab ${mode} --io ${io}$`, 'm'))
    t.match(out, /^the reply, \d+ octets:$/m)
    t.match(out, /^ok: replies /m)
    t.notMatch(out, /NaN|undefined/)
    // What the client began and the director counted is one number, or the difference is explained.
    const [, began, counts] = /began (\d+) connections, the director counts (\d+): /.exec(out) ?? []
    if (mode !== 'fullnat' && began !== undefined) t.match(out, new RegExp(`^TCP +[\\d.:]+ +${counts} `, 'm'))
    const { path = [], checks = [], ...report } = JSON.parse(readFileSync(json, 'utf8')) as LabReport
    t.match(report, { mode, io, requests: 5000, answered: 5000, failed: 0, checksumErrors: 0 })
    t.strictSame(
      checks.filter(({ holds }) => !holds),
      [],
    )
    const hops = path.filter(({ what }) => what !== 'syn').map(({ from, to }) => `${from.space} ${to.space}`)
    t.strictSame(
      hops.map(hop => hop.replaceAll(/rs\d/g, 'rs')),
      way,
    )
    t.strictSame(await namespacesOf(PREFIX), [])
  })
}

/** What `uvs realserver` keeps on what it has changed in a namespace, by its number; other labs have files there at the same time. */
const stateOf = (inode: number): string[] =>
  readdirSync('/run/uvs').filter(name => name.startsWith(`realserver-${inode}.`) && !name.endsWith('.lock'))

t.test('a signal ends a lab of tunnels, and nothing is left, outside of its namespaces either', { skip }, async t => {
  const child = spawn('env', [...command, 'tun'], { env: { ...process.env, ...env } })
  let inode = 0
  child.stdout.on('data', text => {
    if (!String(text).includes('client$') || inode !== 0) return
    inode = statSync(`/run/netns/${PREFIX}rs1`).ino
    t.not(stateOf(inode).length, 0, 'there is a state')
    child.kill('SIGTERM')
  })
  t.equal(await new Promise(resolve => child.once('exit', resolve)), 143)
  t.strictSame(await namespacesOf(PREFIX), [])
  t.strictSame(stateOf(inode), [])
})

t.test('a topology of any mode is left standing', { skip }, async t => {
  t.teardown(() => lab('down'))
  t.match(await lab('up', 'fullnat', '--io', 'tap'), { status: 0, out: /-z 192\.168\.100\.200/ })
  t.match(await lab('exec', 'router', 'ip', 'route'), { status: 0, out: /192\.168\.200\.0\/24/ })
  t.match(await lab('exec', 'client', 'cat', '/proc/net/arp'), { status: 0 })
  t.match(await lab('down'), { status: 0, out: `removed ${PREFIX}*\n` })
})
