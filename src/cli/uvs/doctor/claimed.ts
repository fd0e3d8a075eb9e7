import { counted, type Examine } from './finding.js'

/** Hosts that answer ARP for a VIP: real servers by direct routing that were not told to keep silent. */
export const claimed: Examine = function* ({ claims, services }) {
  for (const { address, mac, link, count, hosts } of claims) {
    const server = hosts.find(host => services.some(({ destinations }) => destinations.some(it => it.address === host)))
    const who = server === undefined ? `another host, ${hosts[0] ?? mac},` : `the real server ${server}`
    yield {
      cause: `${who} answers ARP for ${address}: clients send to it, past the director`,
      seen: `${counted(count, 'ARP packet', 'ARP packets')} of ${mac} on ${link} ${count === 1 ? 'says' : 'say'} that ${address} is there`,
      advice:
        server === undefined
          ? `take ${address} away from that host, or from the director`
          : `on ${server}: uvs realserver start --vip ${address}; it sets net.ipv4.conf.all.arp_ignore=1 and arp_announce=2`,
    }
  }
}
