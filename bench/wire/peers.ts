/* The alternatives to uvs, in the director's namespace, in front of the same real server. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hostPart } from '../../native-free/lab-plan.js'
import type { Balancer } from './runner.js'
import { benchPlan } from './topology.js'
import { giveToKernel } from '../../netns-lab/build-topology.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'
import { which } from '../../netns-lab/tools.js'
import { UDP_PORT } from './udp-rate.js'

const plan = benchPlan('nat')
const { vip, port } = plan
const server = hostPart(plan.servers[0]!.address)
const KERNEL: Balancer = { pids: [] }

/** Kernel routing, no balancer. */
export async function startRouting(lab: NetnsLab): Promise<Balancer> {
  await giveToKernel(lab.spaces, plan)
  await lab.spaces.must('director', 'sysctl', ['-qw', 'net.ipv4.ip_forward=1'])
  return KERNEL
}

/** Kernel NAT. */
export async function startNft(lab: NetnsLab): Promise<Balancer> {
  await startRouting(lab)
  const tcp = `ip daddr ${vip} tcp dport ${port} dnat to ${server}:${port}`
  const udp = `ip daddr ${vip} udp dport ${UDP_PORT} dnat to ${server}:${UDP_PORT}`
  const chain = `type nat hook prerouting priority -100\n${tcp}\n${udp}\n`
  const file = write(lab, 'nat.nft', `table ip nat {\nchain pre {\n${chain}}\n}\n`)
  await lab.spaces.must('director', which('nft')!, ['-f', file])
  return KERNEL
}

export async function startHaproxy(lab: NetnsLab): Promise<Balancer> {
  await giveToKernel(lab.spaces, plan)
  const times = 'timeout connect 5s\n timeout client 60s\n timeout server 60s'
  const front = `listen web\n bind ${vip}:${port}\n server rs1 ${server}:${port}\n`
  const text = `global\n nbthread 1\n maxconn 4000\ndefaults\n mode tcp\n ${times}\n${front}`
  const file = write(lab, 'haproxy.cfg', text)
  const { pid } = lab.spaces.start('director', 'haproxy', which('haproxy')!, ['-db', '-f', file])
  await answers(lab, 'haproxy')
  return { pids: [pid] }
}

export async function startNginxStream(lab: NetnsLab): Promise<Balancer> {
  await giveToKernel(lab.spaces, plan)
  const conf = [
    nginxStreamModule() ?? '',
    `daemon off; user root; worker_processes 1; pid ${lab.spaces.ledger.dir}/stream.pid; error_log stderr;`,
    'worker_rlimit_nofile 20000; events { worker_connections 8000; }',
    `stream { server { listen ${vip}:${port} backlog=4096; proxy_pass ${server}:${port}; }`,
    `server { listen ${vip}:${UDP_PORT} udp; proxy_pass ${server}:${UDP_PORT}; } }`,
  ]
  const file = write(lab, 'stream.conf', `${conf.join('\n')}\n`)
  const args = ['-p', lab.spaces.ledger.dir, '-e', 'stderr', '-c', file]
  const { pid } = lab.spaces.start('director', 'nginx-stream', which('nginx')!, args)
  await answers(lab, 'nginx stream')
  return { pids: [pid, ...childrenOf(pid)] }
}

/** The line that loads nginx's stream module: empty if it is built in, undefined if there is no such module. */
export function nginxStreamModule(): string | undefined {
  const nginx = which('nginx')
  if (!nginx) return undefined
  // -V writes to standard error.
  const built = execFileSync('sh', ['-c', '"$0" -V 2>&1', nginx], { encoding: 'utf8' })
  if (/--with-stream(?![=\w-])/.test(built)) return ''
  const file = join(/--modules-path=(\S+)/.exec(built)?.[1] ?? '', 'ngx_stream_module.so')
  return existsSync(file) ? `load_module ${file};` : undefined
}

function write(lab: NetnsLab, name: string, text: string): string {
  const file = join(lab.spaces.ledger.dir, name)
  writeFileSync(file, text)
  return file
}

/** Waits until the virtual service answers. */
async function answers(lab: NetnsLab, what: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const { status } = await lab.spaces.run('client', 'curl', ['-sfo', '/dev/null', lab.url])
    if (status === 0) return
    await sleep(100)
  }
  throw new Error(`${what} does not answer`)
}

/** The processes that a process has started; proc(5), /proc/PID/task/TID/children. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number)
}
