import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { armsOf, hostPart, rules } from '../../native-free/lab-plan.js'
import type { DirectorProcess } from '../../netns-lab/director-process.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { patternHash } from '../../netns-lab/pattern.js'
import { PLANS } from '../../netns-lab/plans.js'
import { end, identify, until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { which } from '../../netns-lab/tools.js'
import { uvsadm } from '../../src/cli/uvsadm/run.js'
import { connectControl } from '../../src/control/socket/client.js'
import { probeIn, startWithRules } from './end-to-end.js'

/* Flows into tunnels that the flow program forwards from their first packet on: what the real servers get. */

const OCTETS = 20_000_000
const LONGEST_PLAIN = 1500
const plan = PLANS.tun
const director = hostPart(armsOf(plan)[0]!.address)

/** Of a tunnel: how uvsadm is told, which frames tcpdump is to take and what it says of the protocol. */
const TUNNELS = {
  ipip: { options: ['-i'], filter: 'ip proto 4', protocol: 'IPIP \\(4\\)' },
  gre: {
    options: ['-i', '--tun-type', 'gre'],
    filter: 'ip proto 47',
    protocol: 'GRE \\(47\\)',
  },
  gue: {
    options: ['-i', '--tun-type', 'gue', '--tun-port', '6080'],
    filter: 'udp dst port 6080',
    protocol: 'UDP \\(17\\)',
  },
}
type Tunnel = keyof typeof TUNNELS

/** tcpdump -v of an outer header, its first line and where the second begins. */
function outer(protocol: string): RegExp {
  const first = `IP \\(tos (?<tos>\\w+),(?:ECT\\(0\\),)? ttl (?<ttl>\\d+), id \\d+, offset 0, flags \\[(?<flags>\\w*)\\]`
  return new RegExp(
    `${first}, proto ${protocol}, length (?<length>\\d+)\\)\\s+(?<src>\\d+\\.\\d+\\.\\d+\\.\\d+)(?:\\.\\d+)? >`,
    'g',
  )
}

const missing = ['tcpdump', 'ethtool'].find(tool => !which(tool))
const skip = missing ? `${missing} is not installed` : ((await whyNoNamespaces()) ?? false)

await t.test('tun on raw, --offload 0', { skip, timeout: 230_000 }, async t => {
  const lab = await NetnsLab.build({ prefix: `uvs-e2e-tunoff-${process.pid}-`, plan, io: 'raw', web: { node: true } })
  t.teardown(() => lab.remove())
  const process_ = await startWithRules(lab, rules(plan), '--offload', '0')

  await t.test('segments together', async t => {
    for (const tunnel of ['gre', 'gue', 'ipip'] as const) {
      await goThrough(process_, tunnel)
      const lines = await uploaded(t, lab, process_, tunnel)
      t.ok(
        lines.some(({ length }) => length > LONGEST_PLAIN),
        `frames of many segments arrive whole by ${tunnel}`,
      )
    }
  })
  await t.test('each segment alone', async t => {
    for (const feature of ['tso', 'gso']) await lab.spaces.must('client', 'ethtool', ['-K', 'eth0', feature, 'off'])
    await uploaded(t, lab, process_, 'ipip')
  })
  t.equal(await lab.checksumErrors(), 0, 'no checksum was wrong')
})

interface Outer {
  length: number
  ttl: number
}

/** From now on tunnels are of this type. */
async function goThrough({ control: path }: DirectorProcess, tunnel: Tunnel): Promise<void> {
  const control = connectControl(path)
  for (const [how, ...rule] of rules(plan)) {
    if (how !== '-a') continue
    const words = rule.flatMap(word => (word === '-i' ? TUNNELS[tunnel].options : word))
    const { status, err } = await uvsadm(['-e', ...words], control)
    if (status !== 0) throw new Error(err)
  }
  control.close()
}

/** Sends a file up and fetches one while the real servers listen. Returns the outer headers that they got. */
async function uploaded(t: Test, lab: NetnsLab, { control }: DirectorProcess, tunnel: Tunnel): Promise<Outer[]> {
  const { filter, protocol } = TUNNELS[tunnel]
  const before = await counted(control)
  const listeners = [...lab.servers.keys()].map(name => {
    const arguments_ = ['-lnvi', 'eth0', '-s', '64', filter]
    const { pid, log } = lab.spaces.start(name, `tcpdump-${name}-${before.packets}`, 'tcpdump', arguments_)
    return { pid, text: () => readFileSync(log, 'utf8') }
  })
  await until(() => listeners.every(({ text }) => text().includes('listening on')), 60_000)
  const sums = await probeIn(lab)(
    ['get', lab.url],
    ['send', `${lab.url}sha256`, OCTETS],
    ['hash', `${lab.url}octets/${OCTETS}`],
  )
  t.strictSame(sums.slice(1), [patternHash(OCTETS), patternHash(OCTETS)])
  const after = await counted(control)
  const packets = after.packets - before.packets
  t.ok(packets > 100, `${packets} packets`)
  t.ok(after.byDirector - before.byDirector < 50, `${after.byDirector - before.byDirector} of them by the director`)
  t.ok(after.octets - before.octets > OCTETS, `${after.octets - before.octets} octets`)
  await end(listeners.flatMap(({ pid }) => identify(pid) ?? []))

  const seen = listeners.flatMap(({ text }) => [...text().matchAll(outer(protocol))].map(({ groups }) => groups!))
  t.ok(seen.length > 100, `${seen.length} were seen by ${tunnel}`)
  t.strictSame([...new Set(seen.map(({ tos, flags, ttl }) => `${tos} ${flags} ${ttl}`))], ['0x0 DF 62'])
  t.strictSame([...new Set(seen.map(({ src }) => src))], [director])
  t.notMatch(listeners.map(({ text }) => text()).join(), /bad cksum/)
  return seen.map(({ length, ttl }) => ({ length: Number(length), ttl: Number(ttl) }))
}

/** Inbound packets and octets of the service, and how many packets the director has balanced itself. */
async function counted(path: string): Promise<{ packets: number; octets: number; byDirector: number }> {
  const control = connectControl(path)
  const reply = await control.call({ op: 'figures' })
  control.close()
  if (!reply.ok) throw new Error(reply.message)
  const { verdicts, totals } = reply.value
  return { packets: totals.inPkts, octets: totals.inBytes, byDirector: verdicts['balanced'] ?? 0 }
}
