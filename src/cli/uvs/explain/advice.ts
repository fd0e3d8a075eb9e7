/** What a verdict means to whoever runs the director, and what to do; the verdicts' names are those of `uvs verdicts`. */
const ADVICE: Readonly<Record<string, string>> = {
  balanced: 'went on, of a connection of a virtual service',
  forwarded: 'of no connection; went on as through a router',
  answered: 'answered by the director as a host: ARP, an echo, or a reset, since no virtual service has this port',
  refused: 'refused with an ICMP error: nothing listens there',
  held: "waits for the next hop's MAC, or for the datagram's other pieces",
  consumed: 'taken by the director as a host; no answer is due',
  'left-to-kernel': "not of uvs: the host's kernel has it",
  'drop-not-ours': 'to another MAC: switches do that; if it should be ours, look at the sender’s ARP table',
  'drop-ethertype': 'neither IPv4 nor ARP',
  'drop-ethernet-short': 'shorter than an Ethernet header',
  'drop-arp-malformed': 'no ARP for IPv4 over Ethernet',
  'drop-arp-spoofs-us': 'another host claims an address of the director: find whose MAC that is',
  'drop-arp-not-for-us': 'ARP for another host',
  'drop-frame-misplaced': 'a mistake of the program that handed the frame over',
  'drop-virtio-malformed': 'the virtio-net header contradicts the packet: look at the device',
  'drop-ip-malformed': 'no whole IPv4 header, or shorter than it says',
  'drop-ip-checksum': 'the IPv4 header’s checksum is wrong: look at cable, driver, or who made the packet',
  'drop-source-invalid': 'no host may have that source address (a martian): find the sender by its MAC',
  'drop-source-is-ours':
    'an address of the director or a VIP as source: a real server by direct routing that answers through the director, or a loop; let real servers route around it',
  'drop-destination-invalid': 'no packet may go to that address',
  'drop-broadcast': 'to all hosts, where only one may be meant',
  'drop-ip-options': 'the IP options are not well formed',
  'drop-source-route': 'source routes are refused',
  'drop-fragment-malformed': 'a piece of a datagram that does not fit the others',
  'drop-fragment-duplicate': 'a piece that came before',
  'drop-fragment-overlap': 'pieces overlap: an attack, or a broken sender',
  'drop-fragment-timeout': 'not all pieces came in 30 s: one is lost on the way, or a firewall drops pieces',
  'drop-fragment-evicted': 'too many datagrams in pieces at once',
  'drop-advert-queue': 'adverts come faster than VRRP takes them',
  'drop-tcp-malformed': 'no whole TCP header',
  'drop-udp-malformed': 'no whole UDP header',
  'drop-icmp-malformed': 'no whole ICMP header',
  'drop-sctp-malformed': 'no whole SCTP header',
  'drop-transport-checksum': 'the checksum is wrong: look at cable, driver, or who made the packet',
  'drop-icmp-checksum': 'the ICMP checksum is wrong: look at cable, driver, or who made the packet',
  'drop-rst-unknown': 'a reset of no connection',
  'drop-no-destination':
    'the service has no real server that may be chosen: all have weight 0 or are overloaded, or there are none; give one a weight (uvsadm -e … -w 1), or see who is full (uvsadm -L --thresholds) or out by a check (uvs health)',
  'drop-destination-gone':
    "the connection's real server was deleted: the client must begin anew; sysctl expire_nodest_conn lets it do so at once",
  'drop-table-full': 'the connection table is full: --max-connections',
  'drop-real-server-loopback': 'the real server is 127.0.0.1: only a program of its own host reaches it',
  'drop-scheduler-failed': "the user's scheduler made a mistake: the director's log says which",
  'drop-defence': 'a defence drops some of the packets that would open connections: sysctls drop_packet, drop_entry',
  'drop-no-connection': 'a real server’s packet of no connection; sysctl nat_icmp_send tells it so',
  'drop-no-local-port': 'FULLNAT: no local port is free: add local addresses (uvsadm -P)',
  'drop-local-node': 'the real server is the host itself, which only -g reaches beside a kernel',
  'drop-flow-unfinished':
    'a program could not finish a frame that it had begun to rewrite: the kernel is short of memory',
  'drop-syn-budget': 'a flood of SYNs, over the budget: --syn-budget',
  'drop-ttl': 'the TTL is used up: a loop, or traceroute',
  'drop-no-route': 'no route leads there: ip route, or --route',
  'drop-too-big':
    'longer than the MTU of the way, and must not be cut; the sender is told. Tunnels take 20 octets and more: lower the MTU or MSS of the real servers’ routes',
  'drop-neighbour-queue': "too many packets wait for the next hop's MAC",
  'drop-neighbour-failed': 'the next hop does not answer ARP: is it up, and in that network?',
  'drop-device-queue': 'the interface takes no more: it is slower than the traffic',
  'drop-no-memory': 'more to cut in one turn than there is room for',
}

/** In a line; undefined: nothing is known of it. */
export function adviceOn(verdict: string): string | undefined {
  return ADVICE[verdict]
}
