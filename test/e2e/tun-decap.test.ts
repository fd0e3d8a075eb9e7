import t, { type Test } from 'tap'
import { rules } from '../../native-free/lab-plan.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { patternHash } from '../../netns-lab/pattern.js'
import { PLANS } from '../../netns-lab/plans.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { probeIn, startWithRules, UDP_PORT, udpRules } from './end-to-end.js'
import { unhooked } from './unhooked.js'

/*
 * The same through the real servers' program, and through their decapsulator alone. The director's flow program sends frames of many
 * segments whole into the tunnels.
 */

const OCTETS = 20_000_000
const DATAGRAM = 60_000
const plan = PLANS.tun
const skip = (await whyNoNamespaces()) ?? false

interface Decapsulator {
  program?: { on: { interface: string; way: string }[]; why?: string }
  counters: Record<string, number>
}

await t.test('tunnels are opened', { skip, timeout: 230_000 }, async t => {
  const web = { node: true, udpPort: UDP_PORT, udpAddress: plan.vip }
  const lab = await NetnsLab.build({ prefix: `uvs-e2e-decap-${process.pid}-`, plan, io: 'raw', web })
  t.teardown(() => lab.remove())
  await startWithRules(lab, [...rules(plan), ...udpRules(plan)], '--offload', '0')

  await t.test('by the program, unless told otherwise', async t => {
    for (const { program } of await seen(lab)) t.match(program, { on: [{ interface: 'eth0', way: /^tcx|clsact$/ }] })
    const { byProgram, byProcess } = await transfer(t, lab)
    t.ok(byProgram > 100, `${byProgram} by the program`)
    // Those in outer fragments.
    t.ok(byProcess < byProgram / 4, `${byProcess} by the process`)
  })
  await t.test('by the process alone', async t => {
    await restart(lab, 'device')
    for (const { program } of await seen(lab)) t.equal(program, undefined)
    const { byProgram, byProcess } = await transfer(t, lab)
    t.equal(byProgram, 0)
    t.ok(byProcess > 100, `${byProcess} by the process`)
  })
  await t.test('by the program, as it must be', async t => {
    await restart(lab, 'program')
    t.ok((await transfer(t, lab)).byProgram > 100)
  })
  t.equal(await lab.checksumErrors(), 0, 'no checksum was wrong')
})

async function transfer(t: Test, lab: NetnsLab): Promise<{ byProgram: number; byProcess: number }> {
  const before = await totals(t, lab)
  const there = [
    ['send', `${lab.url}sha256`, OCTETS],
    ['hash', `${lab.url}octets/${OCTETS}`],
  ]
  const [up, down, ...rest] = await probeIn(lab)(
    ...there,
    ['get', lab.url],
    ['get', lab.url],
    ['echo', plan.vip, UDP_PORT, DATAGRAM],
    ['echo', plan.vip, UDP_PORT, DATAGRAM],
  )
  t.strictSame([up, down], [patternHash(OCTETS), patternHash(OCTETS)])
  t.strictSame(rest.map(String).sort(), ['200 rs1\n', '200 rs2\n', 'rs1', 'rs2'])
  const after = await totals(t, lab)
  return { byProgram: after.byProgram - before.byProgram, byProcess: after.byProcess - before.byProcess }
}

async function totals(t: Test, lab: NetnsLab): Promise<{ byProgram: number; byProcess: number }> {
  const counters = (await seen(lab)).map(each => each.counters)
  const dropped = counters.flatMap(each =>
    Object.entries(each).filter(([name, n]) => name.startsWith('drop-') && n > 0),
  )
  t.strictSame(dropped, [])
  const sum = (of: string): number => counters.reduce((sum, each) => sum + each[of]!, 0)
  return { byProgram: sum('by-program'), byProcess: sum('ipip') - sum('by-program') }
}

/** The real servers' decapsulators, as they say. */
async function seen(lab: NetnsLab): Promise<Decapsulator[]> {
  const texts = [...lab.servers.keys()].map(name => realserver(lab, name, 'status', '--json'))
  return (await Promise.all(texts)).map(text => {
    const { realServer } = JSON.parse(text) as { realServer: { decapsulator: Decapsulator } }
    return realServer.decapsulator
  })
}
async function restart(lab: NetnsLab, decap: string): Promise<void> {
  const start = ['start', '--vip', plan.vip, '--tun', '--decap', decap]
  await Promise.all([...lab.servers.keys()].map(name => realserver(lab, name, ...start)))
}
function realserver(lab: NetnsLab, name: string, ...args: string[]): Promise<string> {
  return lab.spaces.must(name, 'env', unhooked([ours('src/cli/uvs/main.js'), 'realserver', ...args]), 60_000)
}
