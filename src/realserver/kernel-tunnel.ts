import { KERNEL_DEVICE } from './devices.js'
import { holders, isUp, link } from './host.js'
import type { Journal } from './journal.js'
import { rpFilterOf, tunnelRpFilter } from './reverse-path.js'

/** Whether the kernel has ipip, which only trying tells. Then its device is there. */
export function hasKernelTunnel(journal: Journal): boolean {
  const { host } = journal
  const isThere = (): boolean => link(host, KERNEL_DEVICE) !== undefined
  if (isThere()) return true
  const loaded = journal.made({ what: 'module', module: 'ipip' }, () => {
    host.run('modprobe', ['ipip'])
    return isThere()
  })
  if (loaded) return true
  // A new namespace may begin without it, though the module is there (net.core.fb_tunnels_only_for_init_net).
  return journal.made({ what: 'device', device: KERNEL_DEVICE }, () => {
    host.run('ip', ['link', 'add', 'name', KERNEL_DEVICE, 'type', 'ipip'])
    return isThere()
  })
}

/** Opens tunnels for these VIPs by the kernel's device. */
export function openKernelTunnel(journal: Journal, vips: readonly string[]): void {
  const { host } = journal
  const rpFilter = tunnelRpFilter(host)
  journal.sysctl(rpFilterOf(KERNEL_DEVICE), rpFilter, now => now === rpFilter)
  for (const vip of vips) if (!holders(host, vip).includes(KERNEL_DEVICE)) journal.address(KERNEL_DEVICE, vip)
  if (!isUp(link(host, KERNEL_DEVICE) ?? '')) journal.up(KERNEL_DEVICE)
}
