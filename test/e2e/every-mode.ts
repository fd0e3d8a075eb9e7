import t, { type Test } from 'tap'
import { type LabMode, type LabPlan, rules } from '../../native-free/lab-plan.js'
import { readAb } from '../../netns-lab/load-tool.js'
import { NetnsLab, snmpCounter } from '../../netns-lab/netns-lab.js'
import { patternHash } from '../../netns-lab/pattern.js'
import { alike, PLANS } from '../../netns-lab/plans.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { which } from '../../netns-lab/tools.js'
import { readWrk } from '../../netns-lab/wrk-report.js'
import { probeIn, startWithRules, UDP_PORT, udpRules } from './end-to-end.js'
import { clientBeyond, narrow, serversBeyond } from './long-ways.js'
import { offloadsOff } from './offloads-off.js'

/** UVS_E2E_OCTETS=200000000 for the 200 MB. */
const OCTETS = Number(process.env['UVS_E2E_OCTETS'] ?? 20_000_000)
/** Enough to need full segments, and soon there, unless a path's MTU is not learned. */
const SOME_OCTETS = 500_000
const SOON_MS = 30_000
/** UVS_E2E_REQUESTS=15000 for the issue's. */
const REQUESTS = Number(process.env['UVS_E2E_REQUESTS'] ?? 2000)
const DATAGRAM = 60_000
/** A port for each of its datagrams: one that the kernel gives may be known to the director, with its real server. */
let nextPort = 5000
const NARROW = 1300

const LONG_WAYS: Record<LabMode, LabPlan> = {
  nat: clientBeyond(serversBeyond(alike(PLANS.nat))),
  dr: clientBeyond(PLANS.dr),
  tun: clientBeyond(PLANS.tun),
  fullnat: clientBeyond(PLANS.fullnat),
}

/** One mode on raw or on tap, the client a router away, the real servers too where the mode allows, offloads on and off. */
export async function everyMode(mode: LabMode, io: 'raw' | 'tap'): Promise<void> {
  const skip = (await whyNoNamespaces()) ?? false
  await t.test(`${mode} on ${io}`, { skip, timeout: 230_000 }, async t => {
    const plan = LONG_WAYS[mode]
    const udpAddress = mode === 'dr' || mode === 'tun' ? { udpAddress: plan.vip } : {}
    const web = { node: true, udpPort: UDP_PORT, ...udpAddress }
    const lab = await NetnsLab.build({ prefix: `uvs-e2e-${mode}-${io}-${process.pid}-`, plan, io, web })
    t.teardown(() => lab.remove())
    await startWithRules(lab, [...rules(plan), ...udpRules(plan)])

    await t.test('fetches go to one real server after the other', async t => {
      const bodies = await probeIn(lab)(...Array.from({ length: 4 }, () => ['get', lab.url]))
      t.strictSame(bodies.sort(), ['200 rs1\n', '200 rs1\n', '200 rs2\n', '200 rs2\n'])
    })
    await t.test('offloads on', t => passes(t, lab))
    await t.test('offloads off', { skip: without('ethtool') }, async t => {
      await offloadsOff(lab)
      await passes(t, lab)
    })
    await t.test('no frame had a checksum that a kernel found wrong', async t => {
      t.equal(await lab.checksumErrors(), 0)
    })
  })
}

async function passes(t: Test, lab: NetnsLab): Promise<void> {
  const { plan } = lab.options
  const probe = probeIn(lab)
  const soon = probeIn(lab, SOON_MS)
  const there = (octets: number): (string | number)[][] => [
    ['hash', `${lab.url}octets/${octets}`],
    ['send', `${lab.url}sha256`, octets],
  ]

  await t.test('both real servers answer', async t => {
    // A port of the client's that comes again may belong to a connection that lives on: the spread is not strict any more.
    const bodies = await probe(...Array.from({ length: 24 }, () => ['get', lab.url]))
    t.strictSame([...new Set(bodies)].sort(), ['200 rs1\n', '200 rs2\n'])
  })

  await t.test(`${OCTETS} octets come down and go up unchanged`, async t => {
    t.strictSame(await probe(...there(OCTETS)), [patternHash(OCTETS), patternHash(OCTETS)])
  })

  await t.test('ab: a connection a request', { skip: without('ab') }, async t => {
    const report = await lab.spaces.must('client', which('ab')!, ['-q', '-n', String(REQUESTS), '-c', '50', lab.url])
    t.match(readAb(report, REQUESTS, ''), { answered: REQUESTS, failed: 0 })
  })

  await t.test('wrk: connections that stay open', { skip: without('wrk') }, async t => {
    const report = await lab.spaces.must('client', which('wrk')!, ['-t1', '-c50', '-d1', lab.url])
    t.ok(readWrk(report).requestsPerSecond > 0, report)
  })

  await t.test('UDP datagrams of 60 KB, in fragments, are echoed by both', async t => {
    const answers = await probe(...Array.from({ length: 4 }, () => ['echo', plan.vip, UDP_PORT, DATAGRAM, nextPort++]))
    t.strictSame(answers.sort(), ['rs1', 'rs1', 'rs2', 'rs2'])
  })

  await t.test('a narrower wire on the clients’ side: the real servers learn it', async t => {
    const servers = plan.servers.map(({ name }) => name)
    await forgetPaths(lab)
    const before = await unreachables(lab, servers)
    await narrow(lab, 'outer', 'beyond', NARROW)
    t.strictSame(await soon(...there(SOME_OCTETS)), [patternHash(SOME_OCTETS), patternHash(SOME_OCTETS)])
    await narrow(lab, 'outer', 'beyond')
    t.ok((await unreachables(lab, servers)) > before, 'a real server heard of it')
  })

  const [inner] = plan.routers.filter(({ links }) => links.some(({ segment }) => segment === 'far'))
  const onOneNetwork = inner ? false : 'the real servers are on the director’s network'
  await t.test('a narrower wire on their side: the client learns it', { skip: onOneNetwork }, async t => {
    await forgetPaths(lab)
    const before = await unreachables(lab, ['client'])
    await narrow(lab, inner!.name, 'far', NARROW)
    t.strictSame(await soon(...there(SOME_OCTETS)), [patternHash(SOME_OCTETS), patternHash(SOME_OCTETS)])
    await narrow(lab, inner!.name, 'far')
    t.ok((await unreachables(lab, ['client'])) > before, 'the client heard of it')
  })
}

const without = (tool: string): string | false => (which(tool) ? false : `${tool} is not installed`)

/** ICMP destination unreachable, of which "fragmentation needed" is one, that kernels have received. */
async function unreachables(lab: NetnsLab, names: readonly string[]): Promise<number> {
  const texts = await Promise.all(names.map(name => lab.spaces.must(name, 'cat', ['/proc/net/snmp'])))
  return texts.reduce((sum, text) => sum + snmpCounter(text, 'InDestUnreachs'), 0)
}

/** What both ends have learned of paths; a client that knows a path to be narrow offers a smaller MSS. */
async function forgetPaths(lab: NetnsLab): Promise<void> {
  const { client, servers } = lab.options.plan
  for (const { name } of [client, ...servers]) await lab.spaces.ip(name, 'route', 'flush', 'cache')
}
