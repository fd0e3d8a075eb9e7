import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { serveControl } from '../../../../src/control/socket/server.js'
import { unhooked } from '../../../e2e/unhooked.js'
import { FakeControl } from '../../../support/fake-control.js'
import { tempDir } from '../../../support/temp.js'

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
