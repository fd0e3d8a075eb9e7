import t from 'tap'
import { run } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours, which } from '../../netns-lab/tools.js'
import { unhooked } from '../e2e/unhooked.js'
import { haLab, isAsItMustBe } from './ha/run-lab-ha.js'

const skip = (await whyNoNamespaces()) ?? (which('keepalived') ? false : 'keepalived is not installed')
const PREFIX = `uvs-hapeer-${process.pid}-`

t.test('ha: uvs and the real keepalived', { skip, timeout: 230_000 }, t => isAsItMustBe(t, PREFIX, 'keepalived'))

t.test('up ha stands: each director answers in its namespace', { skip, timeout: 230_000 }, async t => {
  t.teardown(() => haLab(PREFIX, 'down'))
  t.match(await haLab(PREFIX, 'up', 'ha', '--peer', 'keepalived'), {
    status: 0,
    out: /^lb2\$ keepalived --vrrp [^]*lab down$/m,
  })
  const uvsadm = unhooked([ours('src/cli/uvsadm/main.js'), '-Ln'])
  for (const space of ['lb1', 'lb2']) {
    const { status, out, err } = await haLab(PREFIX, 'exec', space, 'env', ...uvsadm)
    t.match({ status, out, err }, { status: 0, out: /^TCP +192\.168\.159\.100:80 wrr persistent 50/m, err: '' }, space)
  }
  t.match(await haLab(PREFIX, 'down'), { status: 0, out: `removed ${PREFIX}*\n` })
  const { out } = await run('ps', ['-eo', 'args'])
  t.notMatch(out, `/run/uvs-lab/${PREFIX.replace(/-$/, '')}/`, 'no program of it is left')
})
