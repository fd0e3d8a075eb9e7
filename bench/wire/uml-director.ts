/*
 * Kernel IPVS as a director of a lab: Linux 6.1 runs as a process (user-mode-linux) in the director's namespace and replaces
 * the host's kernel, which lacks ip_vs. Its rates are the limits of user-mode-linux, not of IPVS: one CPU, and
 * every frame through system calls of the host.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { armsOf, type LabPlan, rules } from '../../native-free/lab-plan.js'
import { MARK } from '../../netns-lab/ledger.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'
import { growPacketBuffers } from '../../netns-lab/uml/packet-buffers.js'
import { UmlKernel } from '../../netns-lab/uml/uml-kernel.js'

const MEBIBYTES = 128
/** Socket buffers each way, in octets; with the default of 208 KiB a download reaches a quarter of the rate. */
const SOCKET_OCTETS = 16 << 20

/** Boots it on the director's interfaces, with these rules besides the plan's. It ends with the lab. */
export async function startUmlDirector(
  lab: NetnsLab,
  more: readonly string[][] = [],
): Promise<{ kernel: UmlKernel; pid: number }> {
  const { spaces, options } = lab
  const dir = join(spaces.ledger.dir, 'uml')
  mkdirSync(dir)
  const interfaces = await Promise.all(armsOf(options.plan).map(({ link }, i) => interfaceOf(lab, link, i)))
  let pid = 0
  let kernel: UmlKernel | undefined
  kernel = UmlKernel.boot(() => ({
    dir,
    mebibytes: MEBIBYTES,
    interfaces,
    within: ['ip', 'netns', 'exec', spaces.full('director')],
    env: { ...process.env, [MARK]: spaces.ledger.prefix },
    onStart: child => {
      pid = child.pid!
      spaces.ledger.add(pid, 'user-mode-linux')
      // A kernel that died while booting is not the one that runs now.
      child.once('exit', () => child.pid === pid && kernel?.close())
    },
  }))
  kernel.mustRun(script(options.plan, [...rules(options.plan), ...more]))
  growPacketBuffers(pid, SOCKET_OCTETS)
  return { kernel, pid }
}

/**
 * An interface on user-mode-linux's command line. With gro its buffers hold frames that hosts left to be segmented. On a TAP it
 * needs its own MAC address: the TAP's belongs to the bridge, which would keep frames sent there.
 */
async function interfaceOf({ spaces, options }: NetnsLab, link: string, index: number): Promise<string> {
  const links = JSON.parse(await spaces.must('director', 'ip', ['-j', 'link', 'show', link])) as { address: string }[]
  const mac = options.io === 'tap' ? `02:00:00:00:00:0${index + 1}` : links[0]!.address
  return `vec${index}:transport=${options.io},ifname=${link},depth=128,mac=${mac},gro=1`
}

/** The shell commands that make the kernel inside a director. */
function script(plan: LabPlan, commands: readonly string[][]): string {
  const links = armsOf(plan).flatMap(({ address }, i) => [
    `ip link set vec${i} up`,
    `ip addr add ${address} dev vec${i}`,
  ])
  const schedulers = commands.flatMap(args => (args.includes('-s') ? `ip_vs_${args[args.indexOf('-s') + 1]}` : []))
  return [
    'set -e',
    'modprobe -d /run/uml ipv6',
    'sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 net.ipv4.ip_forward=1',
    'sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.all.send_redirects=0',
    ...links,
    `ip addr add ${plan.vip}/32 dev vec0`,
    `modprobe -d /run/uml -a ip_vs ${schedulers.join(' ')}`,
    ...commands.map(args => `ipvsadm ${args.join(' ')}`),
    '',
  ].join('\n')
}
