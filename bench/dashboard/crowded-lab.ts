import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hostPart, natPlan, rules } from '../../native-free/lab-plan.js'
import type { DirectorProcess } from '../../netns-lab/director-process.js'
import { LabDashboard } from '../../netns-lab/lab-dashboard.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { must } from '../../netns-lab/proc.js'
import { ours } from '../../netns-lab/tools.js'
import { connectControl } from '../../src/control/socket/client.js'

/** The first UDP port of the many services. */
const FIRST = 10_000
const SERVERS = 5
const RULES_MS = 300_000
/** Of UDP's connections, in seconds: they are to stand while others are measured. */
const STAY_S = 7200
/** A busy director loses some clients' datagrams: so often they are sent again. */
const TRIES = 10

export interface Crowd {
  /** Services; the lab's own, which answers HTTP, is one of them. */
  services: number
  connections: number
}

export interface CrowdedLab {
  lab: NetnsLab
  director: DirectorProcess
  /** The dashboard's, on the host's loopback. */
  address: string
  /** Connections that are open. */
  connections: number
}

/** A NAT lab whose director has many services of five real servers, and connections to each. */
export async function crowdedLab(prefix: string, crowd: Crowd, signal: AbortSignal): Promise<CrowdedLab> {
  const lab = await NetnsLab.build({ prefix, plan: natPlan, io: 'raw', signal, web: { quiet: true } })
  try {
    const dashboard = new LabDashboard(lab)
    const director = await lab.startDirector(...dashboard.options, '--max-connections', String(crowd.connections * 2))
    const file = join(lab.spaces.ledger.dir, 'rules')
    writeFileSync(file, manyRules(crowd.services))
    const restore = [process.execPath, ours('src/cli/uvsadm/main.js'), director.control, file]
    await must('sh', ['-c', 'exec "$0" "$1" -R --control "$2" <"$3"', ...restore], { timeoutMs: RULES_MS })
    await director.admin(['--set', '0', '0', String(STAY_S)])
    const connections = await openConnections(lab, director.control, crowd)
    return { lab, director, address: await dashboard.open(), connections }
  } catch (error) {
    await lab.remove()
    throw error
  }
}

function manyRules(services: number): string {
  const lines = rules(natPlan).map(words => words.join(' '))
  for (let i = 1; i < services; i++) {
    const service = `-u ${natPlan.vip}:${FIRST + i - 1}`
    lines.push(`-A ${service} -s wlc`)
    for (let k = 0; k < SERVERS; k++) {
      const { address } = natPlan.servers[k % natPlan.servers.length]!
      lines.push(`-a ${service} -r ${hostPart(address)}:${7000 + k} -m -w ${1 + (k % 3)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** Returns how many stand in the end. */
async function openConnections(lab: NetnsLab, path: string, { services, connections }: Crowd): Promise<number> {
  const [arm] = natPlan.arms
  const link = await lab.spaces.must('director', 'ip', ['link', 'show', arm.link])
  const mac = /link\/ether (\S+)/.exec(link)![1]!
  const program = ours('bench/dashboard/open-connections.js')
  const words = [program, 'eth0', mac, natPlan.vip, FIRST, services - 1, connections].map(String)
  const control = connectControl(path)
  try {
    for (let tries = 1; ; tries++) {
      await lab.spaces.must('client', process.execPath, words, RULES_MS)
      const reply = await control.call({ op: 'figures' })
      if (!reply.ok) throw new Error(reply.message)
      const { open } = reply.value.connections
      if (open >= connections || tries === TRIES) return open
    }
  } finally {
    control.close()
  }
}
