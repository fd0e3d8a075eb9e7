import { KERNEL_DEVICE } from './devices.js'
import { holders, isUp, link } from './host.js'
import type { Journal } from './journal.js'
import { rpFilterOf, tunnelRpFilter } from './reverse-path.js'

/** Makes the kernel's ipip device; returns false if the kernel has no ipip, which only trying shows. */
export function hasKernelTunnel(journal: Journal): boolean {
  const { host } = journal
  const isThere = (): boolean => link(host, KERNEL_DEVICE) !== undefined
  if (isThere()) return true
  const loaded = journal.made({ what: 'module', module: 'ipip' }, () => {
    host.run('modprobe', ['ipip'])
    return isThere()
  })
  if (loaded) return true
  // A new namespace may lack the device although the module is loaded (net.core.fb_tunnels_only_for_init_net).
  return journal.made({ what: 'device', device: KERNEL_DEVICE }, () => {
    host.run('ip', ['link', 'add', 'name', KERNEL_DEVICE, 'type', 'ipip'])
    return isThere()
  })
}

/** Makes the kernel's ipip device open tunnels for these VIPs. */
export function openKernelTunnel(journal: Journal, vips: readonly string[]): void {
  const { host } = journal
  const rpFilter = tunnelRpFilter(host)
  journal.sysctl(rpFilterOf(KERNEL_DEVICE), rpFilter, now => now === rpFilter)
  for (const vip of vips) if (!holders(host, vip).includes(KERNEL_DEVICE)) journal.address(KERNEL_DEVICE, vip)
  if (!isUp(link(host, KERNEL_DEVICE) ?? '')) journal.up(KERNEL_DEVICE)
}
