import t from 'tap'
import { natPlan } from '../../../native-free/lab-plan.js'
import { busyTicks, cpuBetween, cpuPerPacket, softirqTicks } from '../../../bench/wire/cpu-per-packet.js'
import { cpuTicks, processTicks } from '../../../netns-lab/director-counters.js'
import { NetnsLab } from '../../../netns-lab/netns-lab.js'
import { whyNoNamespaces } from '../../../netns-lab/requirements.js'
import { UdpLoad } from '../../../bench/wire/udp-rate.js'

t.test('a process has used what its line says, whatever it is called', async t => {
  const rest = 'S 1 1 1 0 -1 4194304 156 11 12 13 314 159 26 53 20 0 1 0 3733021 3850240 536'
  for (const name of ['node', 'a b', 'S 1 1', ') R 9 9 9']) {
    const line = `4711 (${name}) ${rest}`
    t.strictSame(processTicks(line), { user: 314, system: 159 }, name)
    t.equal(cpuTicks(line), 473)
  }
})

t.test('softirqs of all CPUs together', async t => {
  const stat = 'cpu  3252423 2158 1140638 2632410 10322 7 339917 6016 0 0\ncpu0 1 2 3 4 5 6 70 8 0 0\nintr 5\n'
  t.equal(softirqTicks(stat), 339_917)
  t.equal(busyTicks(stat), 3_252_423 + 2158 + 1_140_638 + 7 + 339_917 + 6016)
  t.throws(() => softirqTicks('cpu0 1 2 3 4 5 6 70 8 0 0\n'), /no line 'cpu'/)
})

t.test('ticks of 10 ms over packets', async t => {
  const before = { packets: 1000, user: 10, system: 20, softirq: 30, busy: 60 }
  const after = { packets: 1_001_000, user: 110, system: 45, softirq: 31, busy: 186 }
  t.strictSame(cpuBetween(before, after), { packets: 1e6, userNs: 1000, systemNs: 250, softirqNs: 10 })
  t.throws(() => cpuBetween(before, { ...after, packets: 1000 }), /no packet has passed the director/)
})

t.test('around a load', { skip: (await whyNoNamespaces()) ?? false, timeout: 230_000 }, async t => {
  const plan = { ...natPlan, servers: natPlan.servers.slice(0, 1) }
  const prefix = `uvs-cpu-${process.pid}-`
  const lab = await NetnsLab.build({ prefix, plan, io: 'raw', web: { node: true } })
  t.teardown(() => lab.remove())
  // Nobody's MAC address: frames reach the director's interface, and that is all.
  await lab.spaces.ip('client', 'neigh', 'add', plan.vip, 'lladdr', '02:00:00:00:00:01', 'dev', 'eth0')
  const load = await UdpLoad.through(lab)
  t.teardown(() => load.end())
  let sent = 0
  const cost = await cpuPerPacket(lab, [process.pid], async () => {
    const run = load.run(5000, 0.2)
    const began = process.cpuUsage()
    for (let i = 0; i % 1e6 !== 0 || process.cpuUsage(began).user < 300_000;) i++
    sent = (await run).sent
  })
  t.ok(sent > 100 && cost.packets >= sent && cost.packets < sent + 20, `${cost.packets} packets of ${sent}`)
  const userMs = (cost.userNs * cost.packets) / 1e6
  t.ok(userMs >= 280 && userMs < 2000, `${userMs} ms`)
  t.ok(cost.softirqNs >= 0 && cost.systemNs >= 0)
})
