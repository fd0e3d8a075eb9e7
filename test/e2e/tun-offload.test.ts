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
import { connectControl } from '../../src/control/socket/client.js'
import { probeIn, startWithRules } from './end-to-end.js'

/* Flows into tunnels by IPIP that the flow program forwards from their first packet on: what the real servers get. */

const OCTETS = 20_000_000
const LONGEST_PLAIN = 1500
const plan = PLANS.tun
const director = hostPart(armsOf(plan)[0]!.address)

/** tcpdump -v of an outer header, its first line and where the second begins. */
const OUTER =
  /IP \(tos (?<tos>\w+),(?:ECT\(0\),)? ttl (?<ttl>\d+), id \d+, offset 0, flags \[(?<flags>\w*)\], proto IPIP \(4\), length (?<length>\d+)\)\s+(?<src>[\d.]+) >/g

const missing = ['tcpdump', 'ethtool'].find(tool => !which(tool))
const skip = missing ? `${missing} is not installed` : ((await whyNoNamespaces()) ?? false)

await t.test('tun on raw, --offload 0', { skip, timeout: 230_000 }, async t => {
  const lab = await NetnsLab.build({ prefix: `uvs-e2e-tunoff-${process.pid}-`, plan, io: 'raw', web: { node: true } })
  t.teardown(() => lab.remove())
  const process_ = await startWithRules(lab, rules(plan), '--offload', '0')

  await t.test('segments together', async t => {
    const lines = await uploaded(t, lab, process_)
    t.ok(
      lines.some(({ length }) => length > LONGEST_PLAIN),
      'frames of many segments arrive whole',
    )
  })
  await t.test('each segment alone', async t => {
    for (const feature of ['tso', 'gso']) await lab.spaces.must('client', 'ethtool', ['-K', 'eth0', feature, 'off'])
    await uploaded(t, lab, process_)
  })
  t.equal(await lab.checksumErrors(), 0, 'no checksum was wrong')
})

interface Outer {
  length: number
  ttl: number
}

/** Sends a file up and fetches one while the real servers listen. Returns the outer headers that they got. */
async function uploaded(t: Test, lab: NetnsLab, { control }: DirectorProcess): Promise<Outer[]> {
  const before = await counted(control)
  const listeners = [...lab.servers.keys()].map(name => {
    const arguments_ = ['-lnvi', 'eth0', '-s', '64', 'ip proto 4']
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

  const outer = listeners.flatMap(({ text }) => [...text().matchAll(OUTER)].map(({ groups }) => groups!))
  t.ok(outer.length > 100, `${outer.length} were seen`)
  t.strictSame([...new Set(outer.map(({ tos, flags, ttl }) => `${tos} ${flags} ${ttl}`))], ['0x0 DF 62'])
  t.strictSame([...new Set(outer.map(({ src }) => src))], [director])
  t.notMatch(listeners.map(({ text }) => text()).join(), /bad cksum/)
  return outer.map(({ length, ttl }) => ({ length: Number(length), ttl: Number(ttl) }))
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
