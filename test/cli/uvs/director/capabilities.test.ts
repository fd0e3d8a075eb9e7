import { spawn, spawnSync } from 'node:child_process'
import { chownSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { unhooked } from '../../../e2e/unhooked.js'
import { ip, ownNetwork, veth } from '../../../linux/own-network.js'
import { tempDir } from '../../../support/temp.js'

/*
 * A director of an unprivileged user with the capabilities of docs/on-a-server.md, each left out once, and one that a seccomp filter
 * forbids bpf(2): each works by the older way, or refuses in one line.
 */

const MAIN = fileURLToPath(new URL('../../../../src/cli/uvs/main.js', import.meta.url))
const FORBID_BPF = fileURLToPath(new URL('forbid-bpf.js', import.meta.url))
const NOBODY = 65534
const ALL = ['net_raw', 'net_admin', 'bpf'] as const
const BESIDE = '--raw db'
const ALONE = '--raw da --address 10.99.2.1/24@da'

const READY = 'ready'
const noBeside = (why: string): string =>
  `db cannot be shared with the kernel: ${why}; give uvs an interface of its own, with --address`
const NEEDED = 'root or CAP_NET_RAW and CAP_NET_ADMIN are needed (EPERM)'
const noPacketSocket = `opening a packet socket: ${NEEDED}`

function noSetpriv(): string | false {
  if (spawnSync('setpriv', ['--version']).status !== 0) return 'there is no setpriv (util-linux)'
  const asNobody = ['--reuid', String(NOBODY), '--clear-groups', process.execPath, MAIN, '--version']
  return spawnSync('setpriv', asNobody).status === 0 ? false : 'nobody may not read this checkout'
}
const skip = ownNetwork() || noSetpriv()

/** 'ready', or the status and the line that refuses. Ends what has come up. */
async function outcome(t: Test, words: string[]): Promise<string> {
  const [command = '', ...args] = words
  const child = spawn(command, args, { timeout: 100_000, killSignal: 'SIGKILL' })
  t.teardown(() => child.kill('SIGKILL'))
  let [out, err, isReady] = ['', '', false]
  child.stderr.on('data', octets => (err += String(octets)))
  child.stdout.on('data', octets => {
    out += String(octets)
    if (isReady || !out.includes('uvs director: ready')) return
    isReady = true
    child.kill('SIGTERM')
  })
  const status = await new Promise(resolve => child.once('close', resolve))
  if (isReady) return status === 0 && err === '' ? READY : `${READY}, then ${status}: ${err}`
  return `${status}: ${err.replace(/\n$/, '')}`
}

/** It runs, and says why every packet comes up to it. */
function allUp(why: string): string {
  return `${READY}, then 0: uvs director: no flow is offloaded: ${why}\n`
}

/** The words of a director whose control socket is in this folder. */
function director(dir: string, options: string): string[] {
  return [MAIN, 'director', ...options.split(' '), '--control', `${dir}/uvs.sock`, '--max-connections', '1024']
}
function asNobody(t: Test, capabilities: readonly string[], options: string): Promise<string> {
  const dir = tempDir(t)
  chownSync(dir, NOBODY, NOBODY)
  const set = ['-all', ...capabilities.map(name => `+${name}`)].join()
  const drop = [
    `--reuid=${NOBODY}`,
    `--regid=${NOBODY}`,
    '--clear-groups',
    `--inh-caps=${set}`,
    `--ambient-caps=${set}`,
  ]
  return outcome(t, ['setpriv', ...drop, 'env', ...unhooked(director(dir, options))])
}

function interfaces(t: Test): void {
  ip('link set lo up')
  veth('db', 'b0')
  veth('da', 'a0')
  ip('addr add 10.99.1.1/24 dev db')
  t.teardown(() => ['db', 'da'].forEach(name => ip(`link del ${name}`)))
}

t.test('an unprivileged director, each of its capabilities left out once', { skip, timeout: 230_000 }, async t => {
  interfaces(t)
  const cases: [without: string, options: string, outcome: string][] = [
    ['', BESIDE, READY],
    ['', ALONE, READY],
    ['', `${ALONE} --workers 2`, READY],
    ['net_raw', BESIDE, `1: uvs director: ${noPacketSocket}`],
    ['net_raw', ALONE, `1: uvs director: ${noPacketSocket}`],
    ['net_admin', BESIDE, `1: uvs director: ${noBeside('CAP_NET_ADMIN is missing')}`],
    ['net_admin', ALONE, `1: uvs director: SO_SNDBUFFORCE: ${NEEDED}`],
    ['bpf', BESIDE, `1: uvs director: ${noBeside('CAP_BPF is missing')}`],
    ['bpf', ALONE, allUp('CAP_BPF is missing')],
    ['bpf', `${ALONE} --workers 2`, '1: uvs director: --workers: CAP_BPF is missing'],
  ]
  for (const [without, options, wanted] of cases) {
    const capabilities = ALL.filter(name => name !== without)
    t.equal(await asNobody(t, capabilities, options), wanted, `without ${without || 'none'}: ${options}`)
  }
})

t.test('a seccomp filter that forbids bpf(2)', { skip, timeout: 230_000 }, async t => {
  interfaces(t)
  const cases: [errno: string, options: string, outcome: string][] = [
    ['EPERM', BESIDE, `1: uvs director: ${noBeside('a seccomp filter forbids bpf(2)')}`],
    ['ENOSYS', BESIDE, `1: uvs director: ${noBeside('the kernel has no bpf(2), or a seccomp filter hides it')}`],
    ['EPERM', ALONE, allUp('a seccomp filter forbids bpf(2)')],
    ['EPERM', `${ALONE} --workers 2`, '1: uvs director: --workers: a seccomp filter forbids bpf(2)'],
  ]
  for (const [errno, options, wanted] of cases) {
    const words = ['env', ...unhooked([FORBID_BPF, errno, ...director(tempDir(t), options)])]
    t.equal(await outcome(t, words), wanted, `${errno}: ${options}`)
  }
})
