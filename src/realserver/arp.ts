import { isUp, link } from './host.js'
import type { Change, Journal } from './journal.js'

/*
 * ARP for the VIP is the director's to answer (ip-sysctl.rst): a real server answers only for addresses of the interface
 * that is asked, and asks others in the name of such an address only. Of `all` and the interface's own value the larger
 * counts, so `all` would do; `lo` is what everybody looks at.
 */
const ARP_IGNORE = 1
const ARP_ANNOUNCE = 2

export function keepSilent(journal: Journal, interfaces: readonly string[]): void {
  for (const device of new Set([...quietDevices(journal.changes), ...interfaces]))
    for (const { name, least } of quietSysctls(device)) {
      // What was named before may have gone meanwhile.
      if (journal.host.sysctl(name) === undefined && !interfaces.includes(device)) continue
      journal.sysctl(name, String(least), now => Number(now) >= least)
    }
}

/** A sysctl that keeps a device silent: its name, the last word of it, and the least that it must be. */
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

/** `all`, `lo`, and interfaces that had to be made silent, as far as the journal tells. */
export function quietDevices(changes: readonly Change[]): string[] {
  const made = changes.flatMap(change => {
    const match = change.what === 'sysctl' ? /^net\/ipv4\/conf\/(.+)\/arp_/.exec(change.name) : null
    return match ? [match[1]!] : []
  })
  return [...new Set(['all', 'lo', ...made])]
}

/** An address of a loopback that is down is nobody's. */
export function loopbackUp(journal: Journal): void {
  const line = link(journal.host, 'lo')
  if (line !== undefined && !isUp(line)) journal.up('lo')
}
