import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import t from 'tap'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { end, identify } from '../../netns-lab/proc.js'
import { unhooked } from '../e2e/unhooked.js'
import { tempDir } from '../support/temp.js'

/* `uvs realserver` as root under umask 000, in a network namespace with a /run of its own; and nobody, who would have it
 * do something else. */

const VIP = '192.168.159.100'
const MAIN = ours('src/cli/uvs/main.js')
const STATE = '/run/uvs/realserver-*.json'
const skip = (await whyNoNamespaces()) ?? false

interface Ran {
  status: number | null
  out: string
  err: string
}

interface Document {
  version: number
  realServer: { vips: unknown; wrong: unknown; decapsulator: unknown }
}

/** A host of its own; `sh` runs a line there. */
async function host(t: { teardown(fn: () => unknown): void }) {
  const build = `mount -t tmpfs -o mode=755 none /run && ip link set lo up &&
    ip link add eth0 type veth peer name other && ip link set other up && ip link set eth0 up &&
    ip addr add 192.168.159.32/24 dev eth0 && echo ready && exec sleep 300`
  const holder = spawn('unshare', ['--net', '--mount', 'sh', '-c', build], { stdio: ['ignore', 'pipe', 'inherit'] })
  const id = identify(holder.pid!)!
  t.teardown(() => end([id]))
  await new Promise(resolve => holder.stdout.once('data', resolve))
  holder.stdout.destroy()
  const sh = (line: string, ...args: string[]): Ran => {
    const inside = ['-t', String(holder.pid), '-n', '-m', 'sh', '-c', `umask 000; ${line}`, 'sh', ...args]
    const { status, stdout, stderr } = spawnSync('nsenter', inside, { encoding: 'utf8', timeout: 120_000 })
    return { status, out: stdout, err: stderr }
  }
  const realserver = (...args: string[]): Ran => sh('exec "$@"', process.execPath, MAIN, 'realserver', ...args)
  /** All that a real server could change. */
  const whole = (): string =>
    sh('ip -4 -o addr; sysctl -a --pattern "arp_(ignore|announce)"; find /run -type f -name "*.json" -exec cat {} +')
      .out
  return { sh, realserver, whole }
}

t.test('what start leaves under umask 000 is nobody else’s to write', { skip, timeout: 230_000 }, async t => {
  const { sh, realserver } = await host(t)
  t.match(realserver('start', '--vip', VIP, '--tun', '--userspace'), { status: 0, err: '' })
  t.equal(sh('stat -c %a /run/uvs').out, '755\n')
  t.match(realserver('status'), { status: 0, err: '' })
  t.equal(sh('stat -c %a /run/uvs/* | sort -u').out, '600\n', 'state, log and answer')
  const before = sh(`cat ${STATE}`).out
  for (const attack of [`rm -f ${STATE}`, `: >> ${STATE}`, ': > /run/uvs/x', 'mv /run/uvs /run/x', `cat ${STATE}`])
    t.not(sh('setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "$1"', attack).status, 0, attack)
  t.equal(sh(`cat ${STATE}`).out, before)
  const { out } = realserver('status', '--json')
  const { version, realServer } = JSON.parse(out) as Document
  t.match([version, realServer.vips, realServer.wrong], [1, [{ address: VIP, tunnel: true }], []])
  t.match(realServer.decapsulator, { interfaces: ['eth0'], guePort: 6080, counters: { ipip: 0 } })
  sh('ip link set lo down')
  t.match(realserver('status', '--json'), { status: 1, out: '"wrong":["lo is down"]', err: '' })
  sh('ip link set lo up')
  t.match(realserver('stop'), { status: 0, out: `uvs realserver: ${VIP} stopped\n`, err: '' })
  t.equal(sh('ls /run/uvs').out, '')
  const none = '{"version":1,"realServer":{"vips":[],"wrong":[]}}\n'
  t.strictSame(realserver('status', '--json'), { status: 1, out: none, err: '' })
})

t.test('what others may have written is not believed', { skip, timeout: 230_000 }, async t => {
  const { sh, realserver, whole } = await host(t)
  realserver('start', '--vip', VIP)
  const file = sh(`echo ${STATE}`).out.trim()
  const cases: [string, string, string][] = [
    [
      'chmod 777 /run/uvs',
      'chmod 755 /run/uvs',
      '/run/uvs can be written by others (mode 0777), who may replace what is in it: look at what is in it, then chmod go-w /run/uvs',
    ],
    ['chown 65534 /run/uvs', 'chown 0 /run/uvs', '/run/uvs belongs to user 65534, who may replace what is in it'],
    ['mv /run/uvs /run/x; ln -s x /run/uvs', 'rm /run/uvs; mv /run/x /run/uvs', '/run/uvs is a symbolic link'],
    ['chmod 777 /run', 'chmod 755 /run', '/run can be written by others (mode 0777): they may replace /run/uvs'],
    [`chown 65534 ${file}`, `chown 0 ${file}`, `${file} belongs to user 65534: nothing is done by it`],
    [`chmod 666 ${file}`, `chmod 600 ${file}`, `${file} can be written by others (mode 0666): nothing is done by it`],
    [`ln ${file} /run/uvs/x`, 'rm /run/uvs/x', `${file} has another name too (a hard link): nothing is done by it`],
    [`mv ${file} /run/x; ln -s /run/x ${file}`, `mv /run/x ${file}`, `${file} is a symbolic link`],
    [`mv ${file} /run/x; mkfifo ${file}`, `mv /run/x ${file}`, `${file} is no regular file`],
  ]
  for (const [i, [spoil, mend, why]] of cases.entries()) {
    sh(spoil)
    const before = whole()
    for (const args of [['stop'], ...(i > 0 ? [] : [['start', '--vip', VIP], ['status']])])
      t.strictSame(realserver(...args), { status: 1, out: '', err: `uvs realserver: ${why}\n` }, `${spoil}: ${args[0]}`)
    t.equal(whole(), before, 'nothing was changed')
    sh(mend)
  }
  t.match(realserver('stop'), { status: 0, err: '' })
})

t.test(
  'a forged entry is named, and stop does nothing by it, nor by the others',
  { skip, timeout: 230_000 },
  async t => {
    const { sh, realserver, whole } = await host(t)
    const target = `${tempDir(t)}/x`
    realserver('start', '--vip', VIP)
    const file = sh(`echo ${STATE}`).out.trim()
    const state = JSON.parse(sh(`cat ${file}`).out) as { changes: unknown[] }
    const stranger = spawn('sleep', ['300'])
    const id = identify(stranger.pid!)!
    t.teardown(() => end([id]))
    const options = { interfaces: ['eth0'], vips: [VIP], guePort: 0, device: 'uvs-rs' }
    const name = `../..${target}`
    const damaged = (why: string): string =>
      `${file} is damaged: ${why}: set right by hand what it names, then delete it`
    const cases: [object, string][] = [
      [
        { changes: [...state.changes, { what: 'sysctl', name, before: 'x' }] },
        damaged(`changes[${state.changes.length}].name: "${name}" is not a sysctl that uvs realserver sets`),
      ],
      [
        { decapsulator: { options, process: id } },
        damaged(`decapsulator.process: process ${id.pid} is no decapsulator of this namespace`),
      ],
      [{ vips: [] }, damaged('vips: a list is not an object')],
    ]
    for (const [forged, why] of cases) {
      sh('printf %s "$1" > "$2"', JSON.stringify({ ...state, ...forged }), file)
      const before = whole()
      for (const verb of ['stop', 'status'])
        t.strictSame(realserver(verb), { status: 1, out: '', err: `uvs realserver: ${why}\n` }, verb)
      t.equal(whole(), before, 'nothing was changed')
    }
    t.notOk(existsSync(target))
    t.ok(identify(id.pid), 'and the stranger lives')
    sh('printf %s "$1" > "$2"', JSON.stringify(state), file)
    t.match(realserver('stop'), { status: 0, err: '' })
  },
)

t.test('who is not root is told so, whatever is there', { skip, timeout: 230_000 }, async t => {
  const nobody = { uid: 65534, gid: 65534, encoding: 'utf8' } as const
  const read = ['-e', 'require("node:fs").readFileSync(process.argv[1])', MAIN]
  try {
    execFileSync('env', unhooked(read), { ...nobody, stdio: 'ignore' })
  } catch {
    return void t.pass('nobody cannot read the program here')
  }
  const { status, stderr } = spawnSync('env', unhooked([MAIN, 'realserver', 'stop']), nobody)
  t.strictSame([status, stderr], [1, 'uvs realserver: this needs root\n'])
})
