import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { serversText, vrrpText } from '../../../netns-lab/ha/ha-plan.js'
import { ours } from '../../../netns-lab/tools.js'
import { unhooked } from '../../e2e/unhooked.js'

t.test('both files are without a fault', async t => {
  for (const name of ['lb1', 'lb2'] as const) {
    const file = join(t.testdir(), `${name}.conf`)
    writeFileSync(file, vrrpText(name) + serversText())
    const args = unhooked([ours('src/cli/uvs/main.js'), 'keepalived', 'check', '--interface', 'eth0', file])
    const { status, stdout, stderr } = spawnSync('env', args, { encoding: 'utf8' })
    t.strictSame([status, stdout, stderr], [0, '', ''], name)
  }
})
