import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { armsOf, hostPart, type LabPlan, natPlan, rules } from '../native-free/lab-plan.js'
import type { NetnsLab } from './netns-lab.js'
import { which } from './tools.js'

/** client, director and one real server, without a bridge between. */
export const benchPlan: LabPlan = { ...natPlan, servers: natPlan.servers.slice(0, 1) }

/** A way to balance the same load in the same topology. */
export interface Runner {
  name: string
  io: 'raw' | 'tap'
  /** The program that it cannot do without. */
  needs?: string
  start(lab: NetnsLab): Promise<void>
}

export const runners: readonly Runner[] = [
  { name: 'kernel nftables DNAT', io: 'raw', needs: 'nft', start: startNft },
  { name: 'uvs raw', io: 'raw', start: startUvs },
  { name: 'uvs tap', io: 'tap', start: startUvs },
  { name: 'HAProxy, tcp, 1 thread', io: 'raw', needs: 'haproxy', start: startHaproxy },
]

const { vip, port } = benchPlan
const server = `${hostPart(benchPlan.servers[0]!.address)}:${port}`

async function startUvs(lab: NetnsLab): Promise<void> {
  const director = await lab.startDirector()
  for (const rule of rules(benchPlan)) {
    const { status, err } = await director.admin(rule)
    if (status !== 0) throw new Error(`uvsadm ${rule.join(' ')}: ${err.trim()}`)
  }
}

/** Gives the director's interfaces to the kernel: the addresses, the virtual one among them. */
async function giveToKernel(lab: NetnsLab): Promise<void> {
  for (const { port: name, address } of armsOf(benchPlan)) {
    await lab.spaces.ip('director', 'addr', 'add', address, 'dev', name)
  }
  await lab.spaces.ip('director', 'addr', 'add', `${vip}/32`, 'dev', benchPlan.arms[0].port)
}

async function startNft(lab: NetnsLab): Promise<void> {
  await giveToKernel(lab)
  await lab.spaces.must('director', 'sysctl', ['-qw', 'net.ipv4.ip_forward=1'])
  const file = join(lab.spaces.ledger.dir, 'nat.nft')
  const rule = `ip daddr ${vip} tcp dport ${port} dnat to ${server}`
  const chain = `type nat hook prerouting priority -100\n${rule}\n`
  writeFileSync(file, `table ip nat {\nchain pre {\n${chain}}\n}\n`)
  await lab.spaces.must('director', which('nft')!, ['-f', file])
}

async function startHaproxy(lab: NetnsLab): Promise<void> {
  await giveToKernel(lab)
  const file = join(lab.spaces.ledger.dir, 'haproxy.cfg')
  const times = 'timeout connect 5s\n timeout client 60s\n timeout server 60s'
  const front = `listen web\n bind ${vip}:${port}\n server rs1 ${server}\n`
  writeFileSync(file, `global\n nbthread 1\n maxconn 1000\ndefaults\n mode tcp\n ${times}\n${front}`)
  lab.spaces.start('director', 'haproxy', which('haproxy')!, ['-db', '-f', file])
  for (let tries = 0; tries < 50; tries++) {
    const { status } = await lab.spaces.run('client', 'curl', ['-sfo', '/dev/null', lab.url])
    if (status === 0) return
    await sleep(100)
  }
  throw new Error('haproxy does not answer')
}
