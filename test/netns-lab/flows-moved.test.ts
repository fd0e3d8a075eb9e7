import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { type LabPlan, natPlan } from '../../native-free/lab-plan.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { readOptions } from '../../src/cli/uvs/options/read-options.js'
import { flowsMovedCommand } from '../../src/cli/uvs/simulate/flows-moved-options.js'
import { findFlowsMoved } from '../../src/cli/uvs/simulate/flows-moved.js'
import { simulate } from '../../src/cli/uvs/simulate/simulate.js'
import { uvsadm } from '../../src/cli/uvsadm/run.js'
import type { Control } from '../../src/control/protocol/api.js'
import { connectControl } from '../../src/control/socket/client.js'
import { captureFile, pcap } from '../support/capture-files.js'
import { kernelFlows, kernelRules, type KernelMoved } from '../support/kernel-flows.js'
import { tempDir } from '../support/temp.js'

/*
 * One of ten real servers leaves, under mh. `uvs director` in a lab of namespaces is asked twice by the same 2000 clients' addresses and ports,
 * with ten and with nine: whom each reached is what the answer says. `uvs simulate` is asked the same, and the kernel was (kernel-moved.json).
 */

const RECORDED = fileURLToPath(new URL('../../../test/fixtures/simulate/kernel-moved.json', import.meta.url))
const VIP = '10.99.1.100'
const CLIENTS = '100.64.0.0/10'
const nameOf = (number: number): string => `rs${String(number).padStart(2, '0')}`
const addressOf = (name: string): string => `10.99.2.${10 + Number(name.slice(2))}`

const plan: LabPlan = {
  ...natPlan,
  client: { name: 'client', segment: 'clients', address: '10.99.1.254/24', gateway: '10.99.1.1' },
  arms: [
    { link: 'cli', segment: 'clients', address: '10.99.1.1/24' },
    { link: 'srv', segment: 'servers', address: '10.99.2.1/24' },
  ],
  servers: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(number => {
    const name = nameOf(number)
    return { name, segment: 'servers', address: `${addressOf(name)}/24`, gateway: '10.99.2.1', weight: 1 }
  }),
  routes: [`${CLIENTS}=10.99.1.254`],
  vip: VIP,
}
const isAnswered = (server: string | undefined): boolean => /^rs\d\d$/.test(server ?? '')
const skip = (await whyNoNamespaces()) ?? false

await t.test(
  'mh in the lab, in the simulation and in the kernel: the same flows move',
  { skip, timeout: 240_000 },
  async t => {
    const lab = await NetnsLab.build({ prefix: `uvs-ten-${process.pid}-`, plan, io: 'raw', web: { quiet: true } })
    t.teardown(() => lab.remove())
    // The client has every address of that network (ip-route(8), type local).
    await lab.spaces.ip('client', 'route', 'add', 'local', CLIENTS, 'dev', 'lo')
    const control = connectControl((await lab.startDirector()).control)
    t.teardown(() => control.close())
    const file = join(tempDir(t), 'clients')
    writeFileSync(
      file,
      kernelFlows()
        .map(({ client }) => `${client}\n`)
        .join(''),
    )

    const [was, is] = [await whoAnswers(lab, control, false, file), await whoAnswers(lab, control, true, file)]
    t.equal(Object.keys(was).length, kernelFlows().length)
    t.strictSame(
      Object.keys(was).filter(client => !isAnswered(was[client]) || !isAnswered(is[client])),
      [],
      'each was answered both times',
    )
    const rows: Record<string, number> = {}
    for (const [client, server] of Object.entries(was)) {
      if (is[client] === server) continue
      const row = `${addressOf(server)} → ${addressOf(is[client]!)}`
      rows[row] = (rows[row] ?? 0) + 1
    }
    const moved = Object.values(rows).reduce((sum, flows) => sum + flows, 0)
    t.comment(`${moved} of ${Object.keys(was).length} flows go elsewhere`)
    t.strictSame(rows, await simulated(t), 'the simulation')
    t.strictSame(rows, (JSON.parse(readFileSync(RECORDED, 'utf8')) as KernelMoved)['mh'], 'the kernel')
  },
)

/** With rules of their own: connections of those before are gone. */
async function whoAnswers(
  lab: NetnsLab,
  control: Control,
  isAfter: boolean,
  file: string,
): Promise<Record<string, string>> {
  const reset = await control.call({ op: 'reset' })
  if (!reset.ok) throw new Error(reset.message)
  for (const rule of kernelRules('mh', isAfter)) {
    const { err } = await uvsadm(rule.split(' ').filter(Boolean), control)
    if (err !== '') throw new Error(`${rule}: ${err}`)
  }
  const program = ours('test/netns-lab/who-answers.js')
  return JSON.parse(await lab.spaces.must('client', process.execPath, [program, VIP, '80', file])) as Record<
    string,
    string
  >
}

async function simulated(t: Test): Promise<Record<string, number>> {
  const folder = tempDir(t)
  const [before, after] = [false, true].map(isAfter => {
    const path = join(folder, String(isAfter))
    writeFileSync(path, kernelRules('mh', isAfter).join('\n'))
    return path
  })
  const frames = kernelFlows().map(({ frame }, at) => ({ seconds: at, fraction: 0, frame }))
  const args = ['--before', before!, '--after', after!, '--flows', captureFile(t, pcap(frames))]
  const { services } = await findFlowsMoved(flowsMovedCommand(readOptions(simulate, args)))
  const pairs = services[0]!.newFlows.rows.map(({ from, to, flows }) => [
    `${from} → ${to}`.replaceAll(':80', ''),
    flows,
  ])
  return Object.fromEntries(pairs) as Record<string, number>
}
