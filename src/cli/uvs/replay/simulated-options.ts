import type { Option } from '../../option.js'

const ARP = ['answer', 'capture'] as const

const many = (flag: string, value: string, help: string): Option => ({ flags: [flag], value, help, repeatable: true })

/** What is said on a command line of a director that opens no interface (simulated-director.ts), without a line of the director. */
export const SIMULATED_OPTIONS: readonly Option[] = [
  { flags: ['--rules'], value: 'FILE', is: 'file', help: 'ipvsadm-save rules to begin with' },
  many('--address', 'ADDR/LEN@IF', "an address of the director's own"),
  many('--vip', 'ADDR|CIDR', 'further addresses that it answers for'),
  many('--route', 'CIDR=[GW][@IF][,mtu=N]', "a route; 'default=GW' for all else"),
  many('--neighbour', 'IP=MAC@IF', 'a static neighbour'),
  many('--mac', 'MAC@IF', "the director's MAC in the capture; without it, every host's is"),
  many('--mark', "'PROTO CIDR:PORTS=N'", "firewall marks, in netfilter's place"),
  { ...many('--scheduler', 'FILE', 'a scheduler of your own: a module that exports one'), is: 'file' },
  {
    flags: ['--arp'],
    value: ARP.join('|'),
    choices: ARP,
    help: 'who answers its ARP requests; default answer: uvs replay',
  },
  { flags: ['--fleet'], help: 'as uvs director --fleet' },
  { flags: ['--max-connections'], value: 'N', help: 'connections the table holds; default 1048576' },
  { flags: ['--icmp-ratelimit'], value: 'MS', help: 'as of uvs director; default 1000' },
  { flags: ['--seed'], value: 'N', help: 'what everything random comes from; default 1' },
]

export const CAPTURE: Option = {
  flags: ['--in'],
  value: 'FILE',
  is: 'file',
  help: 'the capture, pcap or pcapng',
  required: true,
}
