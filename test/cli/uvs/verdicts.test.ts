import t from 'tap'
import { showVerdicts, verdicts } from '../../../src/cli/uvs/verdicts.js'
import type { Control } from '../../../src/control/api.js'
import { connectControl } from '../../../src/control/client.js'
import { serveControl } from '../../../src/control/server.js'
import { FakeControl } from '../../support/fake-control.js'
import { runCommand } from '../../support/run-command.js'
import { tempDir } from '../../support/temp.js'

function counted(): FakeControl {
  const control = new FakeControl()
  control.verdicts = { 'sent-on': 12, 'drop-no-route': 0, arp: 3, 'drop-device-eth0': 7 }
  return control
}
const COUNTED = 'arp              3\ndrop-device-eth0 7\nsent-on          12\n'

t.test('names and counts, sorted; those of 0 only with --all', async t => {
  t.strictSame(await showVerdicts([], counted()), { status: 0, out: COUNTED, err: '' })
  t.strictSame(await showVerdicts(['--all'], counted()), {
    status: 0,
    out: COUNTED.replace('sent', 'drop-no-route    0\nsent'),
    err: '',
  })
  t.strictSame(await showVerdicts([], new FakeControl()), { status: 0, out: '', err: '' }, 'nothing yet')
})

t.test('a wrong word is named, status 2, and nothing is asked', async t => {
  const control = counted()
  for (const wrong of ['-a', 'drop-no-route', ''])
    t.strictSame(await showVerdicts(['--all', wrong], control), {
      status: 2,
      out: '',
      err: `uvs verdicts: '${wrong}': the options are --all, --json and --control PATH\n`,
    })
  t.strictSame(control.asked, [])
})

t.test('refused, without a director, and a mistake of ours', async t => {
  const older: Control = { call: async () => ({ ok: false, refusal: 'EPROTO', message: 'no such operation' }) }
  t.strictSame(await showVerdicts([], older), { status: 1, out: '', err: 'uvs verdicts: no such operation\n' })
  t.match(await showVerdicts([], connectControl(`${tempDir(t)}/none`)), {
    status: 1,
    out: '',
    err: /^uvs verdicts: no director answers at .*\n$/,
  })
  const broken: Control = { call: () => Promise.reject(new TypeError('a bug')) }
  await t.rejects(showVerdicts([], broken), { message: 'a bug' })
})

t.test('the command, over a socket', async t => {
  const path = `${tempDir(t)}/sock`
  const server = await serveControl(path, counted())
  t.teardown(() => server.close())
  t.strictSame(await runCommand('verdicts', '', '--control', path), { status: 0, out: COUNTED, err: '' })
  t.match(await runCommand('verdicts', '', '--control'), { status: 2, err: `usage: uvs ${verdicts.usage}\n` })
})
