import t from 'tap'
import { showVerdicts } from '../../../src/cli/uvs/verdicts.js'
import type { Control } from '../../../src/control/protocol/api.js'
import { connectControl } from '../../../src/control/socket/client.js'
import { serveControl } from '../../../src/control/socket/server.js'
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
  t.strictSame(await showVerdicts(false, counted()), { status: 0, out: COUNTED, err: '' })
  t.strictSame(await showVerdicts(true, counted()), {
    status: 0,
    out: COUNTED.replace('sent', 'drop-no-route    0\nsent'),
    err: '',
  })
  t.strictSame(await showVerdicts(false, new FakeControl()), { status: 0, out: '', err: '' }, 'nothing yet')
})

t.test('refused, without a director, and a mistake of ours', async t => {
  const older: Control = { call: async () => ({ ok: false, refusal: 'EPROTO', message: 'no such operation' }) }
  await t.rejects(showVerdicts(false, older), { message: 'no such operation' })
  await t.rejects(showVerdicts(false, connectControl(`${tempDir(t)}/none`)), { message: /^no director answers at / })
  const broken: Control = { call: () => Promise.reject(new TypeError('a bug')) }
  await t.rejects(showVerdicts(false, broken), { message: 'a bug' })
})

t.test('the command, over a socket', async t => {
  const path = `${tempDir(t)}/sock`
  const server = await serveControl(path, counted())
  t.teardown(() => server.close())
  t.strictSame(await runCommand('verdicts', '', '--control', path), { status: 0, out: COUNTED, err: '' })
  t.strictSame(await runCommand('verdicts', '', '--json', '--control', path), {
    status: 0,
    out: '{"version":1,"verdicts":{"arp":3,"drop-device-eth0":7,"sent-on":12}}\n',
    err: '',
  })
  t.match(await runCommand('verdicts', '', '--all', '--control', path), { status: 0, out: /^drop-no-route +0$/m })
  t.strictSame(await runCommand('verdicts', '', '-a', '--control', path), {
    status: 2,
    out: '',
    err: 'uvs verdicts: -a: there is no such option; those there are: --all, --json, --control (uvs verdicts --help)\n',
  })
})
