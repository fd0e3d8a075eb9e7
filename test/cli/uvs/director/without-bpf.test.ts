import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { ip, ownNetwork, veth } from '../../../linux/own-network.js'
import { tempDir } from '../../../support/temp.js'

const MAIN = fileURLToPath(new URL('../../../../src/cli/uvs/main.js', import.meta.url))
/** Root's, of which CAP_BPF is not one. */
const SETPRIV = ['--bounding-set=-all,+net_raw,+net_admin', '--inh-caps=-all']

function noSetpriv(): string | false {
  return spawnSync('setpriv', ['--version']).status === 0 ? false : 'there is no setpriv (util-linux)'
}

t.setTimeout(230_000)

t.test('a director without CAP_BPF says so, and does not start', { skip: noSetpriv() || ownNetwork() }, async t => {
  veth('db', 'b0')
  ip('addr add 10.99.1.1/24 dev db')
  const run = (options: string): [status: number | null, err: string] => {
    const line = `director --raw db --control ${tempDir(t)}/uvs.sock ${options}`
    const args = [...SETPRIV, process.execPath, MAIN, ...line.split(' ').filter(Boolean)]
    const { status, stderr } = spawnSync('setpriv', args, { encoding: 'utf8', timeout: 100_000 })
    return [status, stderr]
  }
  const beside =
    'db cannot be shared with the kernel: CAP_BPF is missing; give uvs an interface of its own, with --address'
  t.strictSame(run(''), [1, `uvs director: ${beside}\n`])
  t.strictSame(run('--workers 2'), [1, 'uvs director: --workers: CAP_BPF is missing\n'])
})
