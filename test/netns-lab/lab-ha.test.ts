import { spawn } from 'node:child_process'
import t from 'tap'
import { Ledger, namespacesOf } from '../../netns-lab/ledger.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { unhooked } from '../e2e/unhooked.js'
import { haLab, isAsItMustBe } from './ha/run-lab-ha.js'

const skip = (await whyNoNamespaces()) ?? false
const PREFIX = `uvs-halab-${process.pid}-`

t.test('ha: uvs and uvs', { skip, timeout: 230_000 }, t => isAsItMustBe(t, PREFIX, 'uvs'))

t.test('Ctrl-C in the middle of it: nothing is left', { skip, timeout: 230_000 }, async t => {
  const env = { ...process.env, UVS_LAB_PREFIX: PREFIX }
  const child = spawn('env', unhooked([ours('src/cli/uvs/main.js'), 'lab', 'ha']), { env })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!said.includes(' are started') && (said + text).includes(' are started')) child.kill('SIGINT')
    said += text
  })
  const status = await new Promise(resolve => child.once('exit', resolve))
  t.equal(status, 130, said)
  t.strictSame(await namespacesOf(PREFIX), [])
  t.equal(Ledger.find(PREFIX), undefined)
})

t.test('figures that cannot be written are refused before anything is built', { skip }, async t => {
  const err = "uvs lab: --json '/nonexistent/x' cannot be written: no such file or directory\n"
  t.strictSame(await haLab(PREFIX, 'ha', '--json', '/nonexistent/x'), { status: 1, out: '', err })
})
