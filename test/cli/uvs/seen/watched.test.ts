import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { serveControl } from '../../../../src/control/socket/server.js'
import { unhooked } from '../../../e2e/unhooked.js'
import { FakeControl } from '../../../support/fake-control.js'
import { tempDir } from '../../../support/temp.js'
import { sampleSeen } from '../../sample-seen.js'

const IN_TERMINAL = fileURLToPath(new URL('../../../../../test/support/in-terminal.py', import.meta.url))
const UVS = fileURLToPath(new URL('../../../../src/cli/uvs/main.js', import.meta.url))
const UVSADM = fileURLToPath(new URL('../../../../src/cli/uvsadm/main.js', import.meta.url))

const NOBODY = { uid: 65534, gid: 65534, encoding: 'utf8', timeout: 60_000 } as const

/** Why nobody cannot be somebody here; undefined: he can. */
function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  try {
    execFileSync('env', unhooked([UVS, '--version']), { ...NOBODY, stdio: 'ignore' })
    return undefined
  } catch {
    return 'nobody cannot read the program here'
  }
}

t.test('--watch ends for who may not use the control socket', { skip: whyNot() ?? false }, async t => {
  const path = `${tempDir(t)}/uvs.sock` // root's directory, mode 0700
  const server = await serveControl(path, new FakeControl())
  t.teardown(() => server.close())
  const denied = `permission denied: ${path} is for the director's own user\n`
  for (const name of ['health', 'vrrp']) {
    const { status, stdout, stderr } = spawnSync('env', unhooked([UVS, name, '--watch', '--control', path]), NOBODY)
    t.strictSame([status, stdout, stderr], [1, '', `uvs ${name}: ${denied}`], name)
  }
  const { status, stdout, stderr } = spawnSync('env', unhooked([UVSADM, '--watch', '--control', path]), NOBODY)
  t.strictSame([status, stdout, stderr], [2, '', denied], 'uvsadm')
})

const hasPython = spawnSync('python3', ['-c', 'import pty, termios']).status === 0

t.test('--watch on a terminal of 40 columns shows each state', { skip: hasPython ? false : 'no python3' }, async t => {
  const path = `${tempDir(t)}/uvs.sock`
  const server = await serveControl(path, sampleSeen())
  t.teardown(() => server.close())
  const plan = JSON.stringify({ size: [40, 40], steps: [['\x1b[J', 'key:q']] })
  const child = spawn('python3', [IN_TERMINAL, plan, process.execPath, UVS, 'vrrp', '--watch', '--control', path])
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  t.equal(err, '')
  const lines = (JSON.parse(out) as { frames: string[] }).frames[0]!.split('\r\n')
  const [head, ...rows] = lines.slice(2).map(line => line.replace('\x1b[2K', ''))
  const at = head!.indexOf('STATE')
  const states = rows.map(row => row.slice(at).replace(/( {2}.*|>)$/, ''))
  t.strictSame(states.slice(0, 6), ['MASTER', 'held', 'none heard', '1', 'BACKUP', 'not held'])
  t.match(rows[0], /^VI_1 eth0 vrid 51 v2 prior> {2}MASTER/)
})
