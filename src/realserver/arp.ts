import { isUp, link } from './host.js'
import type { Change, Journal } from './journal.js'

/*
 * Only the director may answer ARP for the VIP (ip-sysctl.rst): a real server replies only for addresses of the interface that
 * received the request, and uses only such an address as the sender of its own requests. The kernel takes the larger of `all`
 * and the interface's value, so `all` would do; `lo` is set too because administrators look there.
 */
const ARP_IGNORE = 1
const ARP_ANNOUNCE = 2

export function keepSilent(journal: Journal, interfaces: readonly string[]): void {
  for (const device of new Set([...quietDevices(journal.changes), ...interfaces]))
    for (const { name, least } of quietSysctls(device)) {
      // An interface that was named earlier may be gone.
      if (journal.host.sysctl(name) === undefined && !interfaces.includes(device)) continue
      journal.sysctl(name, String(least), now => Number(now) >= least)
    }
}

/** A sysctl that keeps a device silent: its name, the last word of its name, and its least value. */
export interface QuietSysctl {
  name: string
  knob: string
  least: number
}

export function quietSysctls(device: string): QuietSysctl[] {
  return [
    { knob: 'arp_ignore', least: ARP_IGNORE },
    { knob: 'arp_announce', least: ARP_ANNOUNCE },
  ].map(each => ({ ...each, name: `net/ipv4/conf/${device}/${each.knob}` }))
}

/** `all`, `lo`, and the interfaces that the journal says were made silent. */
export function quietDevices(changes: readonly Change[]): string[] {
  const made = changes.flatMap(change => {
    const match = change.what === 'sysctl' ? /^net\/ipv4\/conf\/(.+)\/arp_/.exec(change.name) : null
    return match ? [match[1]!] : []
  })
  return [...new Set(['all', 'lo', ...made])]
}

/** Addresses on a loopback that is down are not the host's, so it must be up. */
export function loopbackUp(journal: Journal): void {
  const line = link(journal.host, 'lo')
  if (line !== undefined && !isUp(line)) journal.up('lo')
}
