import { isUp, link } from './host.js'
import type { Journal } from './journal.js'

/*
 * ARP for the VIP is the director's to answer (ip-sysctl.rst): a real server answers only for addresses of the interface
 * that is asked, and asks others in the name of such an address only. Of `all` and the interface's own value the larger
 * counts, so `all` would do; `lo` is what everybody looks at.
 */
const ARP_IGNORE = 1
const ARP_ANNOUNCE = 2

export function keepSilent(journal: Journal, interfaces: readonly string[]): void {
  for (const device of ['all', 'lo', ...interfaces]) {
    atLeast(journal, `net/ipv4/conf/${device}/arp_ignore`, ARP_IGNORE)
    atLeast(journal, `net/ipv4/conf/${device}/arp_announce`, ARP_ANNOUNCE)
  }
}

function atLeast(journal: Journal, name: string, value: number): void {
  journal.sysctl(name, String(value), now => Number(now) >= value)
}

/** An address of a loopback that is down is nobody's. */
export function loopbackUp(journal: Journal): void {
  const line = link(journal.host, 'lo')
  if (line !== undefined && !isUp(line)) journal.up('lo')
}
