/*
 * Six faults, each made in a lab as people make them (docs/troubleshooting.md), and what `uvs doctor` says of it.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { type LabMode, rules } from '../../native-free/lab-plan.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { PLANS } from '../../netns-lab/plans.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { examined } from '../../src/cli/uvs/doctor/doctor.js'
import { uvsadm } from '../../src/cli/uvsadm/run.js'
import { allServices } from '../../src/control/protocol/all-services.js'
import type { Control, ServiceInfo } from '../../src/control/protocol/api.js'
import { connectControl } from '../../src/control/socket/client.js'
import { startWithRules } from './end-to-end.js'
import { unhooked } from './unhooked.js'

const MARTIAN = join(dirname(fileURLToPath(import.meta.url)), 'martian.js')
const skip = (await whyNoNamespaces()) ?? false

interface Broken {
  lab: NetnsLab
  control: Control
  vip: string
  /** Asks for a page, or sends a request of so many octets; for at most so many seconds. */
  request: (seconds: number, octets?: number) => Promise<string>
  adm: (line: string) => Promise<void>
}

async function standing(t: Test, mode: LabMode): Promise<Broken> {
  const plan = PLANS[mode]
  const { vip } = plan
  const lab = await NetnsLab.build({ prefix: `uvs-e2e-doctor-${mode}-${process.pid}-`, plan, io: 'raw' })
  t.teardown(() => lab.remove())
  const director = await startWithRules(lab, rules(plan))
  const control = connectControl(director.control)
  t.teardown(() => control.close())
  const request = async (seconds: number, octets = 0): Promise<string> => {
    const body = octets === 0 ? '' : `head -c ${octets} /dev/zero >&3; `
    const ask = `exec 3<>/dev/tcp/${vip}/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; ${body}cat <&3`
    return (await lab.spaces.run('client', 'timeout', [String(seconds), 'bash', '-c', ask])).out
  }
  const adm = async (line: string): Promise<void> => {
    const { status, err } = await uvsadm(line.split(' '), control)
    if (status !== 0) throw new Error(`${line}: ${err}`)
  }
  return { lab, control, vip, request, adm }
}
async function onlyService(control: Control): Promise<ServiceInfo> {
  const answer = await allServices(control)
  if (!answer.ok) throw new Error(answer.message)
  return answer.value[0]!
}

t.test('six faults', { skip, timeout: 230_000 }, async t => {
  await Promise.all([
    t.test('ARP on the real servers of direct routing', async t => {
      const { lab, control, vip, request } = await standing(t, 'dr')
      t.match(await request(20), /200/)
      t.equal((await examined(control, 500)).status, 0, 'nothing wrong')
      for (const of of ['all', 'eth0', 'lo'])
        await lab.spaces.must('rs1', 'sysctl', ['-qw', `net.ipv4.conf.${of}.arp_ignore=0`])
      const { status, out } = await examined(control, 1000)
      t.equal(status, 1)
      t.match(out, `the real server 192.168.159.32 answers ARP for ${vip}: clients send to it, past the director\n`)
      t.notMatch(out, '192.168.159.33')
    }),
    t.test('a tunnel that long packets do not fit into', async t => {
      const { lab, control, vip, request } = await standing(t, 'tun')
      // The client hears no ICMP.
      await lab.spaces.must('client', 'nft', [
        'add table ip f; add chain ip f in { type filter hook input priority 0; }',
      ])
      await lab.spaces.must('client', 'nft', ['add rule ip f in ip protocol icmp drop'])
      await request(2, 100_000)
      const { status, out } = await examined(control, 500)
      t.equal(status, 1)
      t.match(
        out,
        `packets of 192.168.159.10 are too long for the tunnel to the real servers of TCP ${vip}:80: its header takes 20 octets`,
      )
    }),
    t.test('by NAT', async t => {
      const { lab, control, vip, request, adm } = await standing(t, 'nat')
      t.match(await request(20), /200/)
      await byWrongGateway(t, { lab, control, vip, request, adm })
      await lab.spaces.must('client', 'env', unhooked([MARTIAN, 'eth0', await macOf(lab, 'cli'), vip]))
      const martian = await examined(control, 500)
      t.match(martian.out, 'packets come from 127.0.0.9, a source that no host may have (a martian)\n')
      t.match(martian.out, 'find the host with MAC 02:00:00:00:99:99 on cli')

      await adm(`-E -t ${vip}:80 -s wrr -p 60`)
      t.match(await request(20), /200/)
      const kept = (await onlyService(control)).destinations.find(({ persistConns }) => persistConns > 0)!
      await adm(`-e -t ${vip}:80 -r ${kept.address}:80 -m -w 0`)
      t.match(await request(20), /200/, 'it goes on being served')
      t.match(
        (await examined(control, 100)).out,
        `the real server ${kept.address}:80 has weight 0, and yet gets new connections: persistence keeps clients with it (TCP ${vip}:80)\n`,
      )

      await adm(`-E -t ${vip}:80 -s wrr`)
      for (const { address } of (await onlyService(control)).destinations)
        await adm(`-e -t ${vip}:80 -r ${address}:80 -m -w 1 -x 1`)
      for (let i = 0; i < 3; i++) await request(1)
      const full = await examined(control, 100)
      t.match(full.out, `TCP ${vip}:80 takes no new connection: all its real servers are full\n`)
      t.match(full.out, /\d packets? (was|were) refused, .*172\.16\.20\.1:80 has \d connections?, upper threshold 1/)
    }),
  ])
})

/** Their default gateway is a router, or nobody, but not the director. */
async function byWrongGateway(t: Test, { lab, control, request }: Broken): Promise<void> {
  for (const name of ['rs1', 'rs2']) await lab.spaces.ip(name, 'route', 'replace', 'default', 'via', '172.16.20.254')
  await control.call({ op: 'zero' })
  await request(3)
  const { status, out } = await examined(control)
  t.equal(status, 1)
  t.match(out, /^no answer of the real server 172\.16\.20\.(1|100):80 comes back through the director \(TCP 192/)
  t.match(out, /to do {2}make the director its default gateway/)
  for (const name of ['rs1', 'rs2']) await lab.spaces.ip(name, 'route', 'replace', 'default', 'via', '172.16.20.150')
}
async function macOf(lab: NetnsLab, link: string): Promise<string> {
  return (await lab.spaces.must('director', 'cat', [`/sys/class/net/${link}/address`])).trim()
}
