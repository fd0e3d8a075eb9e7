import t, { type Test } from 'tap'
import { hostPart, type LabMode, rules } from '../../native-free/lab-plan.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { alike, PLANS } from '../../netns-lab/plans.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { which } from '../../netns-lab/tools.js'
import { readWrk } from '../../netns-lab/wrk-report.js'
import { counted, countTcp, type Counted } from './captured-counts.js'
import { sooner } from './lan.js'
import { offloadsOff } from './offloads-off.js'

/*
 * With flows that the program forwards from their first packet on, counters are what the client's and the real servers' kernels have
 * sent and received: to the packet and the octet, of the service and of each real server, whatever is asked meanwhile.
 */

const METRICS = '127.0.0.1:9100'
const LISTED_MS = 3000
const COUNTED_MS = 20_000
const missing = ['wrk', 'nft', 'curl', 'ethtool'].find(tool => !which(tool))
const skip = (await whyNoNamespaces()) ?? (missing ? `${missing} is not installed` : false)

interface Both {
  requests: Counted
  answers: Counted
}

class Lab {
  constructor(
    readonly lab: NetnsLab,
    readonly admin: (...words: string[]) => Promise<string>,
  ) {}

  /** What hosts have counted: the client, and each real server. */
  async hosts(): Promise<Record<string, Both>> {
    const names = ['client', ...this.lab.servers.keys()]
    return Object.fromEntries(await Promise.all(names.map(async name => [name, await counted(this.lab.spaces, name)])))
  }
  /** What uvs exports, by the same names. */
  async exported(): Promise<Record<string, Both>> {
    const text = await this.lab.spaces.must('director', 'curl', ['-s', `http://${METRICS}/metrics`])
    const read = (labels: string, name: string, direction: string): number =>
      Number(new RegExp(`^${name}\\{[^}]*${labels}[^}]*direction="${direction}"\\} (\\d+)$`, 'm').exec(text)?.[1])
    const both = (labels: string, name: string): Both => {
      const way = (direction: string): Counted => ({
        packets: read(labels, `uvs_${name}_packets_total`, direction),
        octets: read(labels, `uvs_${name}_bytes_total`, direction),
      })
      return { requests: way('in'), answers: way('out') }
    }
    const { servers } = this.lab.options.plan
    return Object.fromEntries([
      ['client', both('', 'service')],
      ...servers.map(({ name, address }) => [name, both(`real_server="${hostPart(address)}:`, 'real_server')] as const),
    ])
  }
  /** As the listing has them. */
  async listed(): Promise<Both> {
    const line = /^TCP +\S+ +(.*)$/m.exec(await this.admin('-Ln', '--stats', '--exact'))?.[1] ?? ''
    const [, inPackets, outPackets, inOctets, outOctets] = line.trim().split(/ +/).map(Number)
    return {
      requests: { packets: inPackets!, octets: inOctets! },
      answers: { packets: outPackets!, octets: outOctets! },
    }
  }
  /** Frames that the director itself has balanced. */
  async balanced(): Promise<number> {
    const text = await this.lab.spaces.must('director', 'curl', ['-s', `http://${METRICS}/metrics`])
    return Number(/^uvs_frames_total\{verdict="balanced"\} (\d+)$/m.exec(text)?.[1])
  }
  async wrk(seconds: number, path = ''): Promise<number> {
    const report = await this.lab.spaces.must('client', which('wrk')!, [
      '-t1',
      '-c20',
      `-d${seconds}`,
      this.lab.url + path,
    ])
    return readWrk(report).requests
  }
}

function less(one: Counted, other: Counted): Counted {
  return { packets: one.packets - other.packets, octets: one.octets - other.octets }
}

/** Of direct routing and tunnels, answers pass nobody but the client. */
function asSeen(hosts: Record<string, Both>, mode: LabMode): Record<string, Both> {
  if (mode !== 'dr' && mode !== 'tun') return hosts
  const none = { packets: 0, octets: 0 }
  return Object.fromEntries(Object.entries(hosts).map(([name, { requests }]) => [name, { requests, answers: none }]))
}

async function counts(t: Test, mode: LabMode, workers: number): Promise<void> {
  const plan = alike(PLANS[mode])
  const lab = await NetnsLab.build({
    prefix: `uvs-counts${workers}-${mode}-${process.pid}-`,
    plan,
    io: 'raw',
    web: { quiet: true },
  })
  t.teardown(() => lab.remove())
  for (const name of ['client', 'rs1', 'rs2']) await countTcp(lab.spaces, name, plan.port)
  const director = await lab.startDirector('--offload', '0', '--http', METRICS, '--workers', String(workers))
  const admin = async (...words: string[]): Promise<string> => {
    const { status, out, err } = await director.admin(words)
    if (status !== 0) throw new Error(`uvsadm ${words.join(' ')}: ${err}`)
    return out
  }
  for (const rule of rules(plan)) await admin(...rule)
  const own = new Lab(lab, admin)
  const service = ['-t', `${plan.vip}:${plan.port}`]
  const [, ...added] = rules(plan).filter(([word]) => word === '-a' || word === '-A')
  const firstServer = added[0]!.slice(1, -2)
  const isSame = async (): Promise<boolean> =>
    JSON.stringify(await own.exported()) === JSON.stringify(asSeen(await own.hosts(), mode))

  // Segments are the program's, which workers share.
  for (const segments of workers === 1 ? (['on', 'off'] as const) : (['on'] as const)) {
    if (segments === 'off') await offloadsOff(lab)
    const load = own.wrk(3)
    for (let time = 0; time < 5; time++) {
      await own.listed()
      await admin('-Z', ...(time % 2 === 0 ? service : []))
      await admin('-e', ...firstServer, '-w', String(time % 2))
    }
    const requests = await load
    await own.wrk(1, 'octets/200000').catch(() => 0)
    await sooner(isSame, COUNTED_MS).catch(() => {})
    const [hosts, exported] = [asSeen(await own.hosts(), mode), await own.exported()]
    t.strictSame(exported, hosts, `segmentation offload ${segments}: ${requests} requests; exported as captured`)
    const all = hosts['client']!.requests.packets + hosts['client']!.answers.packets
    t.ok((await own.balanced()) < all / 5, `${await own.balanced()} of ${all} packets came up`)

    await new Promise(resolve => setTimeout(resolve, LISTED_MS)) // what is shown is as of a tick each 2 s, and so is what is zeroed
    await admin('-Z')
    const before = hosts['client']!
    t.strictSame(await own.listed(), { requests: { packets: 0, octets: 0 }, answers: { packets: 0, octets: 0 } })
    await own.wrk(1)
    const since = async (): Promise<Both> => {
      const { client } = asSeen(await own.hosts(), mode)
      return { requests: less(client!.requests, before.requests), answers: less(client!.answers, before.answers) }
    }
    await sooner(async () => JSON.stringify(await own.listed()) === JSON.stringify(await since()), COUNTED_MS).catch(
      () => {},
    )
    t.strictSame(await own.listed(), await since(), `${segments}: and as listed`)
  }
}

/** All modes, one after the other. */
export async function countedIn(modes: readonly LabMode[], workers: number): Promise<void> {
  for (const mode of modes) {
    const what = `${mode}, workers ${workers}: counters are as captured`
    await t.test(what, { skip, timeout: 200_000 }, t => counts(t, mode, workers))
  }
}
