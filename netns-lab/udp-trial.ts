/*
 * node dist/netns-lab/udp-trial.js [ROUNDS [WAY…]]
 *
 * UDP frames a second without loss by way of the kernel's routing, of nftables, and of uvs (none nft raw tap, unless told
 * which), by turns: for who tunes the path. UVS_TRACE=1 shows every run.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { armsOf, hostPart, natPlan, rules } from '../native-free/lab-plan.js'
import { median } from './bench-figures.js'
import { NetnsLab } from './netns-lab.js'
import { highestRate, type Try } from './rate-search.js'
import { which } from './tools.js'
import { UDP_PORT, UdpLoad, warmUp } from './udp-rate.js'
import { untilStopped } from './until-stopped.js'

/** client, director and one real server, without a bridge between. */
const plan = { ...natPlan, servers: natPlan.servers.slice(0, 1) }
const { vip } = plan
const server = hostPart(plan.servers[0]!.address)

interface Way {
  io: 'raw' | 'tap'
  start(lab: NetnsLab): Promise<void>
  address?: string
}

const WAYS: Record<string, Way> = {
  none: { io: 'raw', start: route, address: server },
  nft: { io: 'raw', start: translate },
  raw: { io: 'raw', start: balance },
  tap: { io: 'tap', start: balance },
}

async function route({ spaces }: NetnsLab): Promise<void> {
  for (const { port, address } of armsOf(plan)) await spaces.ip('director', 'addr', 'add', address, 'dev', port)
  await spaces.must('director', 'sysctl', ['-qw', 'net.ipv4.ip_forward=1'])
}

async function translate(lab: NetnsLab): Promise<void> {
  await route(lab)
  await lab.spaces.ip('director', 'addr', 'add', `${vip}/32`, 'dev', plan.arms[0].port)
  const file = join(lab.spaces.ledger.dir, 'udp.nft')
  const rule = `ip daddr ${vip} udp dport ${UDP_PORT} dnat to ${server}`
  writeFileSync(file, `table ip nat {\nchain pre {\ntype nat hook prerouting priority -100\n${rule}\n}\n}\n`)
  await lab.spaces.must('director', which('nft') ?? 'nft', ['-f', file])
}

async function balance(lab: NetnsLab): Promise<void> {
  const director = await lab.startDirector()
  for (const rule of rules(plan, ['-u', `${vip}:${UDP_PORT}`], { port: UDP_PORT })) {
    const { status, err } = await director.admin(rule)
    if (status !== 0) throw new Error(`uvsadm ${rule.join(' ')}: ${err.trim()}`)
  }
}

function traced(run: Try): Try {
  return async (perSecond, seconds) => {
    const trial = await run(perSecond, seconds)
    const rate = Math.round(trial.sent / trial.seconds)
    process.stderr.write(
      `  asked ${Math.round(perSecond)} for ${seconds} s: ${rate}/s, lost ${trial.lost} of ${trial.sent}\n`,
    )
    return trial
  }
}

async function measure({ io, start, address }: Way, signal: AbortSignal): Promise<number> {
  const prefix = `${process.env['UVS_LAB_PREFIX'] ?? 'uvs-'}udp-`
  const lab = await NetnsLab.build({ prefix, plan, io, signal, web: { node: true } })
  try {
    await start(lab)
    const load = UdpLoad.through(lab, address)
    await warmUp(load)
    const rate = await highestRate(process.env['UVS_TRACE'] ? traced(load.run) : load.run)
    await load.end()
    return rate
  } finally {
    await lab.remove()
  }
}

process.exitCode = await untilStopped(async signal => {
  const [rounds = '3', ...names] = process.argv.slice(2)
  const ways = names.length > 0 ? names : Object.keys(WAYS)
  const rates = new Map<string, number[]>(ways.map(name => [name, []]))
  for (let round = 0; round < Number(rounds); round++) {
    for (const name of ways) {
      if (process.env['UVS_TRACE']) process.stderr.write(`${name}\n`)
      rates.get(name)!.push(await measure(WAYS[name]!, signal))
    }
  }
  for (const [name, found] of rates) {
    const each = found.map(rate => Math.round(rate)).join(' ')
    process.stdout.write(`${name.padEnd(5)} ${Math.round(median(found))} frames/s without loss, of ${each}\n`)
  }
  return 0
})
