import t from 'tap'
import { natPlan, rules } from '../../native-free/lab-plan.js'
import { type LabReport, spreadLine, succeeded } from '../../native-free/lab-report.js'
import { simDemo, type SimDemoOptions } from '../../native-free/sim-demo.js'
import { SimLab } from '../../native-free/sim-lab.js'
import { Ping } from '../../native-free/ping.js'
import { uvsadm } from '../../src/cli/uvsadm/run.js'
import { allServices } from '../../src/control/protocol/all-services.js'
import type { Outcome, ServiceInfo } from '../../src/control/protocol/api.js'
import { localControl } from '../../src/control/operations/execute.js'
import { parseIpv4, type Ipv4Addr } from '../../src/wire/addr.js'

const VIP = parseIpv4(natPlan.vip)!

async function labWithRules({ seed = 1, offload = false } = {}): Promise<SimLab> {
  const lab = new SimLab(natPlan, { seed, offload })
  for (const rule of rules(natPlan)) {
    const { status, err } = await uvsadm(rule, localControl(lab.director))
    if (status !== 0) throw new Error(err)
  }
  return lab
}

async function listing(lab: SimLab): Promise<ServiceInfo> {
  const reply = await allServices(localControl(lab.director))
  if (!reply.ok || !reply.value[0]) throw new Error('no service')
  return reply.value[0]
}

for (const offload of [false, true]) {
  t.test(
    `5000 requests through the director, ${offload ? 'checksums left to the devices' : 'every frame complete'}`,
    async t => {
      const lab = await labWithRules({ offload })
      const figures = lab.load(5000, 100)
      lab.tick()
      t.strictSame([figures.answered, figures.failed], [5000, 0])
      t.strictSame(
        lab.servers.map(({ http }) => http.answered),
        [3750, 1250],
        'wrr: three to one',
      )
      t.equal(lab.checksumErrors, 0)
      t.strictSame(
        [lab.client, ...lab.servers].map(({ host, tcp }) => [
          host.errors.malformed,
          host.errors.stray,
          tcp.refused,
          tcp.open,
        ]),
        [0, 1, 2].map(() => [0, 0, 0, 0]),
      )
      t.strictSame(
        lab.devices.map(device => device.dropped),
        [0, 0],
      )

      const { stats, destinations } = await listing(lab)
      t.equal(stats.conns, 5000)
      const conns = new Map(destinations.map(({ address, stats }) => [address, stats.conns]))
      t.strictSame(
        conns,
        new Map([
          ['172.16.20.100', 3750],
          ['172.16.20.1', 1250],
        ]),
      )
      for (const counter of ['conns', 'inPkts', 'outPkts', 'inBytes', 'outBytes'] as const) {
        t.equal(
          destinations.reduce((sum, dest) => sum + dest.stats[counter], 0),
          stats[counter],
          `${counter} add up`,
        )
      }
    },
  )
}

t.test('the same seed gives the same run', async t => {
  t.strictSame(await recordRun(7), await recordRun(7))
})

async function recordRun(seed: number): Promise<object> {
  const lab = await labWithRules({ seed })
  const figures = lab.load(300, 30)
  lab.tick()
  return { figures, listing: await listing(lab), now: lab.network.now }
}

for (const offload of [false, true]) {
  t.test(
    `a megabyte comes through the director, ${offload ? 'in frames of up to 64 KiB' : 'a segment a frame'}`,
    async t => {
      const lab = await labWithRules({ offload })
      const megabyte = Buffer.from(Uint8Array.from({ length: 1_000_001 }, (_, i) => (i * 31) >> 3))
      const pieces: Buffer[] = []
      let over = false
      for (const { tcp } of lab.servers) tcp.listen(80, () => ({ opened: conn => (conn.write(megabyte), conn.end()) }))
      lab.client.tcp.connect(VIP, 80, {
        data: (_, octets) => void pieces.push(Buffer.from(octets)),
        ended: conn => conn.end(),
        closed: () => (over = true),
      })
      t.ok(lab.network.run(() => over, 60_000))
      t.ok(Buffer.concat(pieces).equals(megabyte))
      t.equal(lab.checksumErrors, 0)
      const longest = Math.max(...pieces.map(piece => piece.length))
      t.ok(offload ? longest > 60_000 : longest === 1460, `the longest segment held ${longest} octets`)
    },
  )
}

t.test('without rules the virtual address is nobody’s: every request fails', async t => {
  const lab = new SimLab(natPlan, { seed: 1 })
  const figures = lab.load(4, 2)
  t.strictSame([figures.answered, figures.failed], [0, 4])
})

t.test('the client pings the virtual address and the director', async t => {
  const lab = await labWithRules()
  const ping = lab.client.host.speak(new Ping(lab.client.host))
  const director = parseIpv4('192.168.10.1')!
  ping.ping(VIP)
  ping.ping(director)
  lab.network.pass(100)
  t.strictSame(
    ping.answers,
    new Map<Ipv4Addr, number>([
      [VIP, 1],
      [director, 1],
    ]),
  )
})

t.test('the demonstration prints what a user would type and see, and reports it', async t => {
  const lines: string[] = []
  const report = await demo({ requests: 400, print: line => lines.push(line) })
  const text = lines.join('\n')
  t.match(text, /^director\$ uvsadm -A -t 192\.168\.10\.100:80 -s wrr$/m)
  t.match(text, /^ {2}-> 172\.16\.20\.100:80 +Masq +3 +0 +300 *$/m)
  t.match(text, /^TCP {2}192\.168\.10\.100:80 +400 /m)
  t.equal(
    lines.at(-1),
    'rs1 (172.16.20.100, weight 3) answered 300, rs2 (172.16.20.1, weight 1) answered 100; 0 of 400 requests failed',
  )
  t.ok(succeeded(report))
  t.match(report, { io: 'sim', mode: 'nat', requests: 400, answered: 400, fallback: 'no root', node: 'v20' })
})

t.test('a rule that is refused ends the demonstration', async t => {
  const refused: Outcome = { status: 255, out: '', err: 'Memory allocation problem\n' }
  await t.rejects(
    demo({ admin: () => Promise.resolve(refused) }),
    /uvsadm -A .*: status 255: Memory allocation problem/,
  )
})

t.test('a report is a success only if each request was answered by a real server', async t => {
  const report = await demo({ requests: 8 })
  t.ok(succeeded(report))
  t.notOk(succeeded({ ...report, failed: 1 }))
  t.notOk(succeeded({ ...report, answered: 7 }))
  t.notOk(succeeded({ ...report, servers: report.servers.slice(1) }), 'somebody else answered')
  t.match(spreadLine({ ...report, checksumErrors: 2 }), /2 packets with a wrong checksum$/)
})

function demo(options: Partial<SimDemoOptions> = {}): Promise<LabReport> {
  return simDemo({
    plan: natPlan,
    requests: 400,
    concurrency: 20,
    print: () => {},
    admin: (args, director) => uvsadm(args, localControl(director)),
    hardware: { node: 'v20', cpu: 'a', kernel: 'b', commit: 'c' },
    fallback: 'no root',
    ...options,
  })
}
