import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { type LabPlan, natPlan, rules } from '../../native-free/lab-plan.js'
import type { DirectorProcess } from '../../netns-lab/director-process.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { patternHash } from '../../netns-lab/pattern.js'
import { end, identify, until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { which } from '../../netns-lab/tools.js'
import { uvsadm } from '../../src/cli/uvsadm/run.js'
import { connectControl } from '../../src/control/socket/client.js'
import { unhooked } from './unhooked.js'

const PROBE = join(dirname(fileURLToPath(import.meta.url)), 'probe.js')
export const UDP_PORT = 53
const OCTETS = 20_000_000
const { vip } = natPlan

/** Runs probes one after another in the client's namespace; answers what each of them said. */
export type Probe = (...probes: (string | number)[][]) => Promise<unknown[]>

export function probeIn(lab: NetnsLab, limitMs = 60_000): Probe {
  return async (...probes) => {
    const args = unhooked([PROBE, JSON.stringify(probes)])
    return JSON.parse(await lab.spaces.must('client', 'env', args, limitMs)) as unknown[]
  }
}

/** The lab's NAT with real sockets: the same tests, whether frames are taken by AF_PACKET or by TAP. */
export async function endToEnd(io: 'raw' | 'tap'): Promise<void> {
  const skip = (await whyNoNamespaces()) ?? false
  await t.test(`NAT on ${io}`, { skip, timeout: 230_000 }, async t => {
    const options = { prefix: `uvs-e2e-${io}-${process.pid}-`, plan: natPlan, io }
    const lab = await NetnsLab.build({ ...options, web: { node: true, udpPort: UDP_PORT } })
    t.teardown(() => lab.remove())
    const probe = probeIn(lab)
    let director = await startWithRules(lab, natRules)

    await t.test('fetches go to the real servers by weight', async t => {
      const bodies = await probe(...Array.from({ length: 8 }, () => ['get', lab.url]))
      t.strictSame(bodies.sort(), [...Array<string>(6).fill('200 rs1\n'), ...Array<string>(2).fill('200 rs2\n')])
    })

    await t.test('20 MB come down and go up unchanged', async t => {
      const [down, up] = await probe(['hash', `${lab.url}octets/${OCTETS}`], ['send', `${lab.url}sha256`, OCTETS])
      t.equal(down, patternHash(OCTETS))
      t.equal(up, patternHash(OCTETS))
    })

    await t.test('a UDP service echoes, a real server after the other', async t => {
      const answers = await probe(...[5000, 5001].map(from => ['udp', vip, UDP_PORT, 'hello', from]))
      t.strictSame(answers.sort(), ['rs1 hello', 'rs2 hello'])
      const [odd] = await probe(['udp', vip, UDP_PORT, 'odd'])
      t.match(odd, /^rs[12] odd$/)
    })

    await t.test('the virtual address and the director answer ping', async t => {
      t.strictSame(await probe(['ping', vip, 'hello'], ['ping', '192.168.10.1', 'odd']), [true, true])
    })

    await t.test('a port without service refuses: RST, ICMP port unreachable', async t => {
      const answers = await probe(['connect', vip, 81], ['udp', vip, 5353, 'anyone?'])
      t.strictSame(answers, ['ECONNREFUSED', 'ECONNREFUSED'])
    })

    await t.test('after kill -9 a director starts cleanly again', async t => {
      process.kill(director.id.pid, 'SIGKILL')
      t.equal(await director.ended(), null)
      director = await startWithRules(lab, natRules)
      t.match(await probe(['get', lab.url]), [/^200 rs/])
    })

    await t.test('no frame had a checksum that a kernel found wrong', async t => {
      t.equal(await lab.checksumErrors(), 0)
    })

    const missing = ['ethtool', 'tcpdump'].find(tool => !which(tool))
    const noCapture = missing ? `${missing} is not installed` : false
    await t.test('nor has tcpdump, with checksums made by the hosts', { skip: noCapture }, async t => {
      for (const [name, text] of await captures(lab, probe)) {
        t.match(text, /cksum 0x[0-9a-f]+ \(correct\)/, `${name}: TCP was seen`)
        t.match(text, /udp sum ok/, `${name}: UDP was seen`)
        t.notMatch(text, /\(incorrect|bad (udp )?cksum|wrong \w+ cksum/, `${name}: all are right`)
      }
      t.equal(await lab.checksumErrors(), 0)
    })

    await t.test('SIGTERM ends the director with status 0', async t => {
      process.kill(director.id.pid, 'SIGTERM')
      t.equal(await director.ended(), 0)
    })
  })
}

const natRules = [...rules(natPlan), ...udpRules(natPlan)]

/** The plan's service once more for UDP, rr, without weights. */
export function udpRules(plan: LabPlan): string[][] {
  const servers = plan.servers.map(server => ({ ...server, weight: 1 }))
  return rules({ ...plan, servers, scheduler: 'rr' }, ['-u', `${plan.vip}:${UDP_PORT}`], { port: UDP_PORT })
}

export async function startWithRules(
  lab: NetnsLab,
  lines: readonly string[][],
  ...options: string[]
): Promise<DirectorProcess> {
  const director = await lab.startDirector(...options)
  const control = connectControl(director.control)
  for (const rule of lines) {
    const { status, err } = await uvsadm(rule, control)
    if (status !== 0) throw new Error(`${rule.join(' ')}: ${err}`)
  }
  control.close()
  return director
}

/** What tcpdump says of all sorts of packets on every host, none of them with its checksum left to be completed. */
async function captures(lab: NetnsLab, probe: Probe): Promise<[name: string, text: string][]> {
  const tcpdump = ['-lnvvi', 'eth0', 'tcp or udp or icmp']
  const running: { name: string; pid: number; text: () => string }[] = []
  for (const name of ['client', 'rs1', 'rs2']) {
    await lab.spaces.must(name, 'ethtool', ['-K', 'eth0', 'tx', 'off'])
    const { pid, log } = lab.spaces.start(name, `tcpdump-${name}`, 'tcpdump', tcpdump)
    running.push({ name, pid, text: () => readFileSync(log, 'utf8') })
  }
  await until(() => running.every(({ text }) => text().includes('listening on')), 60_000)
  await probe(
    ...Array.from({ length: 4 }, () => ['get', lab.url]),
    ['hash', `${lab.url}octets/100000`],
    ['connect', vip, 81],
    ['udp', vip, 5353, 'anyone?'],
    ['ping', vip, 'hello'],
    ...['even', 'odd'].map(text => ['udp', vip, UDP_PORT, text]),
  )
  await until(() => running.every(({ text }) => text().includes('udp sum ok')), 60_000)
  await end(running.flatMap(({ pid }) => identify(pid) ?? []))
  return running.map(({ name, text }) => [name, text()])
}
