import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type LabPlan, natPlan, rules } from '../../native-free/lab-plan.js'
import { SimLab } from '../../native-free/sim-lab.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { uvsadm } from '../../src/cli/uvsadm/run.js'
import { localControl } from '../../src/control/operations/execute.js'
import { allServices } from '../../src/control/protocol/all-services.js'
import type { Control } from '../../src/control/protocol/api.js'
import { connectControl } from '../../src/control/socket/client.js'

/*
 * The simulated lab and the real one are asked the same: after the same requests, one after the other, they must show the same table. What
 * packets and octets a connection takes is the hosts' TCP, so those are not compared.
 */

const REQUESTS = 400
/** Servers' FINs and the counters' tick come soon after the last answer. */
const LIMIT_MS = 10_000
const skip = (await whyNoNamespaces()) ?? false

interface Table {
  /** Requests, by the client's count. */
  answered: number
  /** What `uvsadm -Ln` prints. */
  listing: string
  /** Connections, by `uvsadm --stats`: of the service, and of each real server. */
  conns: Record<string, number>
  /** Requests that each real server answered, by its own count. */
  served: Record<string, number>
}

await t.test('the simulated lab and the real one show the same table', { skip, timeout: 120_000 }, async t => {
  const lab = await NetnsLab.build({ prefix: `uvs-same-${process.pid}-`, plan: natPlan, io: 'raw' })
  t.teardown(() => lab.remove())
  const control = connectControl((await lab.startDirector()).control)
  t.teardown(() => control.close())
  for (const [scheduler, weights, expected] of [
    ['wrr', [3, 1], [300, 100]],
    ['rr', [1, 1], [200, 200]],
  ] as const) {
    const servers = natPlan.servers.map((server, i) => ({ ...server, weight: weights[i]! }))
    const plan = { ...natPlan, scheduler, servers }
    const [real, simulated] = [await realTable(lab, control, plan), await simulatedTable(plan)]
    t.strictSame(real, simulated, `${scheduler} ${weights.join(':')}`)
    t.equal(real.answered, REQUESTS)
    t.strictSame(Object.values(real.served), expected)
  }
})

async function realTable(lab: NetnsLab, control: Control, plan: LabPlan): Promise<Table> {
  // Connections of the table before would count among the inactive ones.
  const reset = await control.call({ op: 'reset' })
  if (!reset.ok) throw new Error(reset.message)
  for (const rule of rules(plan)) await type(control, rule)
  const before = new Map([...lab.servers].map(([name, server]) => [name, server.answered()]))
  // Not by ab, which opens connections that it does not use.
  const load = [ours('netns-lab/load-program.js'), lab.url, String(REQUESTS), '1']
  const { answered } = JSON.parse(await lab.spaces.must('client', process.execPath, load)) as { answered: number }
  for (const end = performance.now() + LIMIT_MS; performance.now() < end; await sleep(100)) {
    const { service, isQuiet } = await connsOf(control)
    if (isQuiet && service === answered) break
  }
  const served = [...lab.servers].map(([name, server]) => [name, server.answered() - before.get(name)!])
  return tableOf(control, answered, Object.fromEntries(served) as Table['served'])
}

async function simulatedTable(plan: LabPlan): Promise<Table> {
  const lab = new SimLab(plan, { seed: 1 })
  const control = localControl(lab.director)
  for (const rule of rules(plan)) await type(control, rule)
  const { answered } = lab.load(REQUESTS, 1)
  lab.tick()
  return tableOf(control, answered, Object.fromEntries(lab.servers.map(({ name, http }) => [name, http.answered])))
}

async function tableOf(control: Control, answered: number, served: Table['served']): Promise<Table> {
  const { service, servers } = await connsOf(control)
  return { answered, listing: await type(control, ['-Ln']), conns: { service, ...servers }, served }
}

async function connsOf(
  control: Control,
): Promise<{ service: number; servers: Record<string, number>; isQuiet: boolean }> {
  const reply = await allServices(control)
  if (!reply.ok || !reply.value[0]) throw new Error('no service')
  const { stats, destinations } = reply.value[0]
  const servers = Object.fromEntries(destinations.map(({ address, stats }) => [address, stats.conns]))
  return { service: stats.conns, servers, isQuiet: destinations.every(({ activeConns }) => activeConns === 0) }
}

/** Runs `uvsadm ARGS`; returns what it prints. */
async function type(control: Control, args: string[]): Promise<string> {
  const { status, out, err } = await uvsadm(args, control)
  if (status !== 0) throw new Error(`uvsadm ${args.join(' ')}: ${err}`)
  return out
}
