import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { LabReport } from '../../native-free/lab-report.js'
import { Ledger } from '../../netns-lab/ledger.js'
import { type Ended, must, run } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours, which } from '../../netns-lab/tools.js'
import { unhooked } from '../e2e/unhooked.js'

const skip = (await whyNoNamespaces()) ?? false
const PREFIX = `uvs-cli-${process.pid}-`
const MAIN = ours('src/cli/uvs/main.js')
const env = { UVS_LAB_PREFIX: PREFIX }
const lab = (...args: string[]): Promise<Ended> => {
  return run('env', unhooked([MAIN, 'lab', ...args]), { env, timeoutMs: 200_000 })
}
/** As lab, counted in tap's coverage. */
const covered = (...args: string[]): Promise<Ended> => {
  return run(process.execPath, [MAIN, 'lab', ...args], { env, timeoutMs: 200_000 })
}

async function left(): Promise<string[]> {
  const list = await must('ip', ['netns', 'list'])
  return list.split('\n').filter(line => line.startsWith(PREFIX))
}

t.test('nat on the simulated network', async t => {
  const json = join(t.testdir(), 'report.json')
  const { status, out, err } = await covered('nat', '--io', 'sim', '--json', json)
  t.strictSame([status, err], [0, ''])
  t.match(out, /^uvs lab nat --io sim\n/)
  t.match(out, /answered 3750, .* answered 1250; 0 of 5000 requests failed\n$/)
  const report = JSON.parse(readFileSync(json, 'utf8')) as LabReport
  t.match(report, { io: 'sim', requests: 5000, answered: 5000, failed: 0, checksumErrors: 0, node: process.version })
})

t.test('a mode that cannot be simulated says so', async t => {
  for (const mode of ['dr', 'tun', 'fullnat']) {
    const { status, out, err } = await lab(mode, '--io', 'sim')
    t.strictSame([status, out], [1, ''])
    t.equal(err, `uvs lab: ${mode} needs network namespaces; only nat can be simulated\n`)
  }
})

t.test('a file for the figures that cannot be written is refused before anything is built', async t => {
  const err = "uvs lab: --json '/nonexistent/x' cannot be written: no such file or directory\n"
  t.strictSame(await covered('nat', '--io', 'sim', '--json', '/nonexistent/x'), { status: 1, out: '', err })
  if (skip) return
  for (const mode of ['dr', 'all'])
    t.strictSame(await lab(mode, '--json', '/nonexistent/x'), { status: 1, out: '', err }, mode)
})

t.test('bad options: one line on standard error, status 2', async t => {
  for (const args of [[], ['nat', '--io', 'pcap'], ['up', '--io', 'sim']]) {
    const { status, out, err } = await lab(...args)
    t.equal(status, 2, args.join(' '))
    t.equal(out, '')
    t.match(err, /^uvs lab: [^\n]+\n$/)
  }
  const { status, err } = await run('env', unhooked([MAIN, 'lab', 'nat']), { env: { UVS_LAB_PREFIX: '../x' } })
  t.equal(status, 2)
  t.match(err, /^uvs lab: UVS_LAB_PREFIX '\.\.\/x': [^\n]+\n$/)
})

const AS_NOBODY = ['--reuid', '65534', '--clear-groups', 'env']
const nobody = (...args: string[]): Promise<Ended> =>
  run('setpriv', [...AS_NOBODY, ...unhooked([MAIN, 'lab', ...args])])

t.test(
  'without root: simulated, and it says why; what needs namespaces is refused',
  { skip: await whyNotNobody() },
  async t => {
    const demo = await nobody('nat')
    t.equal(demo.status, 0, demo.err)
    t.match(demo.out, /^The network is simulated, because this process is not root\.$/m)
    const refused = /^uvs lab: --io raw: this process is not root; --io sim needs nothing\n$/
    t.match(await nobody('nat', '--io', 'raw'), { status: 1, err: refused })
    const alone = /^uvs lab: dr needs network namespaces, and this process is not root; only nat can be simulated\n$/
    t.match(await nobody('dr'), { status: 1, out: '', err: alone })
    t.match(await nobody('up'), { status: 1, err: /^uvs lab: this process is not root\n$/ })
  },
)

/** Why nobody cannot run what root can; false if he can. */
async function whyNotNobody(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'this process is not root'
  if (!which('setpriv')) return 'setpriv is not installed'
  const reads = unhooked(['-e', `require('node:fs').readFileSync('${MAIN}')`])
  const { status } = await run('setpriv', [...AS_NOBODY, ...reads])
  return status === 0 ? false : 'nobody may not read this checkout, or run this node'
}

for (const io of ['raw', 'tap']) {
  t.test(`nat on ${io}: every request is answered, three to one, and nothing is left`, { skip }, async t => {
    const json = join(t.testdir(), 'report.json')
    const { status, out, err } = await (io === 'raw' ? covered : lab)('nat', '--io', io, '--json', json)
    t.equal(status, 0, err)
    t.match(out, /^TCP {2}192\.168\.10\.100:80 wrr *$/m)
    const { servers, ...report } = JSON.parse(readFileSync(json, 'utf8')) as LabReport
    t.match(report, { io, requests: 5000, answered: 5000, failed: 0, checksumErrors: 0 })
    t.ok(report.checks?.length === 3 && report.checks.every(({ holds }) => holds), JSON.stringify(report.checks))
    t.strictSame(report.path?.map(({ what, from, to }) => [what, from.space, to.space]).slice(-2), [
      ['reply', report.path?.at(-2)?.from.space, 'director'],
      ['reply', 'director', 'client'],
    ])
    // ab begins a few connections that it makes no use of, so the spread is not to the request.
    const [rs1 = 0, rs2 = 0] = servers.map(({ answered }) => answered)
    t.equal(rs1 + rs2, 5000)
    t.ok(Math.abs(rs1 - 3750) < 50, `rs1 answered ${rs1}`)
    t.strictSame(await left(), [])
  })
}

t.test('a signal ends it, and nothing is left', { skip }, async t => {
  for (const [signal, expected, afterMs] of [
    ['SIGINT', 130, 600],
    ['SIGTERM', 143, 1500],
  ] as const) {
    const child = spawn('env', unhooked([MAIN, 'lab', 'nat', '--io', 'raw']), { env: { ...process.env, ...env } })
    child.stdout.once('data', () => setTimeout(() => child.kill(signal), afterMs))
    const status = await new Promise(resolve => child.once('exit', resolve))
    t.equal(status, expected, signal)
    t.strictSame(await left(), [])
    t.equal(Ledger.find(PREFIX), undefined)
  }
})

t.test('up, exec, down', { skip }, async t => {
  t.teardown(() => lab('down'))
  const up = await covered('up')
  t.match(up, { status: 0 })
  // The commands that it suggests do what they say, in a checkout too, where uvs and uvsadm are on no PATH.
  const suggested = (what: string): string[] => {
    const [command] = [...up.out.matchAll(/^ .*: (\S.* lab (?:exec|down).*)$/gm)]
      .map(([, text]) => text!)
      .filter(text => text.includes(what))
    return command!.split(' ')
  }
  t.match(await run('env', unhooked(suggested('uvsadm -Ln').slice(1)), { env }), {
    status: 0,
    out: /^TCP +192\.168\.10\.100:80 /m,
  })
  t.match(suggested('lab down').slice(-2), ['lab', 'down'])
  const [, dashboard = '', token] = /in a browser: (http:\S+)#login=([\w-]+) /m.exec(up.out) ?? []
  const line = JSON.stringify({ lines: ['-e -t 192.168.10.100:80 -r 172.16.20.1:80 -m -w 7'] })
  const plan = await fetch(new URL('api/plan', dashboard), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: line,
  })
  t.match(await plan.json(), { changes: 1, commands: [/ -w 7$/] }, 'the dashboard is reached from the host')
  t.match(await lab('nat'), { status: 1, err: 'uvs lab: it is up: uvs lab down removes it\n' })
  t.match(await lab('exec', 'client', 'cat', '/proc/net/route'), { status: 0, out: /^eth0\t/m })
  t.match(await lab('exec', `${PREFIX}rs1`, 'sh', '-c', 'exit 7'), { status: 7 })
  t.match(await lab('exec', 'client', 'sh', '-c', 'kill -9 $$'), { status: 137 }, 'as a shell says it')
  t.match(await lab('exec', 'client', 'sh', '-c', 'kill -TERM $$'), { status: 143 })
  const uvsadm = unhooked([ours('src/cli/uvsadm/main.js'), '-Ln'])
  for (const space of ['director', `${PREFIX}client`]) {
    const { status, out, err } = await lab('exec', space, 'env', ...uvsadm)
    t.match({ status, out, err }, { status: 0, out: /^TCP +192\.168\.10\.100:80 wrr/m, err: '' }, `uvsadm in ${space}`)
  }
  t.match(await lab('exec', 'nowhere', 'true'), {
    status: 2,
    err: /^uvs lab: exec 'nowhere': the lab's namespaces are [^\n]*client[^\n]*\n$/,
  })
  t.match(await covered('down'), { status: 0, out: `removed ${PREFIX}*\n` })
  t.strictSame(await left(), [])
  await t.rejects(fetch(dashboard), 'nothing listens any more')
  t.match(await lab('down'), { status: 0, out: 'no lab is up\n' })
  t.match(await lab('exec', 'client', 'true'), { status: 1, err: 'uvs lab: no lab is up: uvs lab up\n' })
})
