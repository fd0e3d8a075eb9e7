import type { LabPlan } from '../native-free/lab-plan.js'
import type { Namespaces } from './namespaces.js'

/** Answer ARP for what the asked interface holds only; speak of no address of another interface. So VIP on lo is not told. */
const QUIET = ['all', 'lo'].flatMap(name => [
  `net.ipv4.conf.${name}.arp_ignore=1`,
  `net.ipv4.conf.${name}.arp_announce=2`,
])

/** What a real server needs of its own for the plan's mode: with direct routing and tunnels, the virtual address. */
export async function prepareRealServer(spaces: Namespaces, { mode, vip }: LabPlan, name: string): Promise<void> {
  if (mode !== 'dr' && mode !== 'tun') return
  await spaces.must(name, 'sysctl', ['-qw', ...QUIET])
  await spaces.ip(name, 'addr', 'add', `${vip}/32`, 'dev', 'lo')
}
