import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { natPlan } from '../../native-free/lab-plan.js'
import { buildTopology } from '../../netns-lab/build-topology.js'
import { DirectorProcess } from '../../netns-lab/director-process.js'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { which } from '../../netns-lab/tools.js'
import { unhooked } from '../e2e/unhooked.js'

const HERE = dirname(fileURLToPath(import.meta.url))
const FORGED_CLIENT = fileURLToPath(new URL('../../../test/netns-lab/forged-client.py', import.meta.url))
/** 6.6.6.6 port 6666. */
const FORGED = 'fe081a0a06060606'
const MSS = '020405b4'

const claims: [what: string, options: string, isTold?: boolean][] = [
  ['none', MSS],
  ['a short one, a forged one, no room', `fe040000${FORGED}${MSS}${'01'.repeat(24)}`],
  ['two, no room', `${FORGED}${FORGED}${MSS}${'01'.repeat(20)}`],
  ['behind the end', `${MSS}00${FORGED}000000`],
  ['behind what is no option', `${MSS}fe000101${FORGED}`],
  ['the last', `${MSS}${'01'.repeat(16)}${FORGED}`],
  // What needs all the room there is leaves none for ours: the server sees the director.
  ['options that are all needed', `${MSS}0820${'aa'.repeat(30)}fe041a0a`, false],
]

const skip = (await whyNoNamespaces()) ?? (which('python3') ? false : 'python3 is not installed')
await t.test('a client that forges TOA', { skip, timeout: 230_000 }, async t => {
  const spaces = new Namespaces(await Ledger.open(`uvs-forged-${process.pid}-`))
  t.teardown(() => spaces.ledger.remove())
  await buildTopology(spaces, natPlan, 'raw')
  const requests = join(spaces.ledger.dir, 'requests')
  writeFileSync(requests, '')
  spaces.start('rs1', 'node', 'env', unhooked([join(HERE, '../e2e/client-logger.js'), requests, '80=toa']))
  const director = await DirectorProcess.start(spaces, natPlan, 'raw')
  const service = ['-t', `${natPlan.vip}:80`]
  for (const line of [
    ['-A', ...service, '-s', 'rr', '--toa'],
    ['--add-laddr', '-z', '172.16.20.201', ...service],
    ['-a', ...service, '-r', '172.16.20.100:80', '-b'],
  ])
    t.equal((await director.admin(line)).status, 0, line.join(' '))
  const mac = (await spaces.must('director', 'cat', ['/sys/class/net/cli/address'])).trim()
  const ask = async (port: number, options: string): Promise<string> => {
    const args = [FORGED_CLIENT, mac, natPlan.vip, '80', String(port), options]
    return (await spaces.must('client', 'python3', args, 20_000)).trim()
  }
  let port = 31_000
  // The server takes its time to start on a loaded machine; until then it refuses.
  const end = Date.now() + 60_000
  while (!(await ask(++port, MSS)).startsWith('192.168.10.77:') && Date.now() < end) await setTimeout(100)

  for (const [what, options, isTold = true] of claims) {
    const said = await ask(++port, options)
    if (isTold) t.equal(said, `192.168.10.77:${port}`, what)
    else t.match(said, /^172\.16\.20\.201:\d+$/, what)
  }
})
