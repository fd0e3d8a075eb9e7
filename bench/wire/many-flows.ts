/*
 * node dist/bench/wire/many-flows.js [FLOWS [ROUNDS]]
 *
 * What does a packet cost of so many flows, and of 1000? A lab of bench:lab, NAT. One thread sends datagrams of flows at random: on a veth it
 * so runs the whole path, up to the real server, where they are dropped before its stack. By turns, a round each; and to nobody, which is what
 * the sender itself takes.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { hostPart, rules } from '../../native-free/lab-plan.js'
import { median } from '../../netns-lab/median.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours, which } from '../../netns-lab/tools.js'
import { untilStopped } from '../../netns-lab/until-stopped.js'
import type { OffloadCounts } from '../../src/control/protocol/offload.js'
import { connectControl } from '../../src/control/socket/client.js'
import { LineProcess } from './line-process.js'
import { benchPlan } from './topology.js'
import { UDP_PORT } from './udp-rate.js'

const FEW = 1000
/** Packets of a measurement. */
const PACKETS = 1_000_000
/** Packets a second that enter flows. */
const ENTER_RATE = 50_000
const NOBODY = '02:00:00:00:77:77'
const LIMIT_MS = 600_000
/** By then all is counted. */
const A_TICK_MS = 2500

process.exitCode = await main(process.argv.slice(2))

async function main(words: string[]): Promise<number> {
  const [flows = 1_000_000, rounds = 5] = words.map(Number)
  if (words.some(word => !/^[1-9]\d{0,6}$/.test(word)) || words.length > 2 || flows > 2_000_000 || rounds > 99) {
    process.stderr.write('many-flows: the words are [FLOWS [ROUNDS]], 1 to 2000000 flows, 1 to 99 rounds\n')
    return 2
  }
  const why = (await whyNoNamespaces()) ?? (which('nft') ? undefined : 'nft is not installed')
  if (why !== undefined) {
    process.stderr.write(`many-flows: ${why}\n`)
    return 1
  }
  return untilStopped(signal => measure(flows, rounds, signal))
}

async function measure(flows: number, rounds: number, signal: AbortSignal): Promise<number> {
  const bench = benchPlan('nat')
  const plan = { ...bench, routes: [...bench.routes, `10.0.0.0/8=${hostPart(bench.client.address)}`] }
  const prefix = `${process.env['UVS_LAB_PREFIX'] ?? 'uvs-'}flows-`
  const lab = await NetnsLab.build({ prefix, plan, io: 'raw', signal, web: { quiet: true } })
  try {
    const most = 2 * (flows + FEW)
    const director = await lab.startDirector('--offload', `0,${most}`, '--max-connections', String(most))
    for (const rule of rules(plan, ['-u', `${plan.vip}:${UDP_PORT}`], { port: UDP_PORT })) await director.admin(rule)
    await dropAtServer(lab)
    const [{ address: mac }] = JSON.parse(await lab.spaces.must('director', 'ip', ['-j', 'link', 'show', 'dev', 'cli']))
    const sender = (to: string): LineProcess =>
      new LineProcess(lab.spaces, plan.client.name, 'flow-sender', [
        process.execPath,
        ours('bench/wire/load/flow-sender.js'),
        'eth0',
        to,
        plan.vip,
        String(UDP_PORT),
      ])
    const [toUs, toNobody] = [sender(mac), sender(NOBODY)]
    await enter(flows + FEW, toUs, director.control)
    const before = await countsOf(director.control)
    process.stdout.write(`${before.flows} of ${flows + FEW} flows are entered\n`)
    const seen: Round[] = []
    let sent = 0
    const nsOf = async (sender: LineProcess, from: number, count: number): Promise<number> => {
      const reply = await sender.ask(`${from} ${count} ${PACKETS} 0`, LIMIT_MS)
      const round = JSON.parse(reply) as { sent: number; seconds: number }
      if (sender === toUs) sent += round.sent
      return (round.seconds * 1e9) / round.sent
    }
    for (let round = 0; round < rounds; round++) {
      const nobody = await nsOf(toNobody, 0, FEW)
      const few = await nsOf(toUs, 0, FEW)
      seen.push({ nobody, few, many: await nsOf(toUs, FEW, flows) })
      process.stdout.write(`${line(seen.at(-1)!)}\n`)
    }
    await sleep(A_TICK_MS)
    const byProgram = (await countsOf(director.control)).packets - before.packets
    const of = (what: keyof Round): number => median(seen.map(round => round[what]))
    process.stdout.write(`medians: ${line({ nobody: of('nobody'), few: of('few'), many: of('many') })}\n`)
    process.stdout.write(`by the program: ${((byProgram * 100) / sent).toFixed(2)} % of the packets\n`)
    return 0
  } finally {
    await lab.remove()
  }
}

/** Sends a packet of each flow until all are entered, or twice in a row no more than were. */
async function enter(flows: number, sender: LineProcess, control: string): Promise<void> {
  for (let entered = 0, inVain = 0; entered < flows && inVain < 2;) {
    await sender.ask(`0 ${flows} ${flows} ${ENTER_RATE}`, LIMIT_MS)
    await sleep(A_TICK_MS)
    const before = entered
    entered = (await countsOf(control)).flows
    inVain = entered > before ? 0 : inVain + 1
  }
}

async function countsOf(path: string): Promise<OffloadCounts> {
  const control = connectControl(path)
  try {
    const reply = await control.call({ op: 'offload' })
    if (!reply.ok) throw new Error(reply.message)
    return reply.value.counts
  } finally {
    control.close()
  }
}

interface Round {
  /** ns a packet. */
  nobody: number
  few: number
  many: number
}

async function dropAtServer({ spaces, options }: NetnsLab): Promise<void> {
  const server = options.plan.servers[0]!.name
  const hook = '{ type filter hook ingress device eth0 priority 0; }'
  for (const words of [
    'add table netdev flows',
    `add chain netdev flows in ${hook}`,
    `add rule netdev flows in udp dport ${UDP_PORT} drop`,
  ])
    await spaces.must(server, 'nft', [words])
}

function line({ nobody, few, many }: Round): string {
  const ratio = (many / few).toFixed(2)
  return `to nobody ${nobody.toFixed(0)} ns a packet; of 1000 flows ${few.toFixed(0)}; of many ${many.toFixed(0)} (${ratio})`
}
