import { pathToFileURL } from 'node:url'
import type { ReplayLink } from '../../../../native-free/replay/arrivals.js'
import { simulatedNetwork } from '../../../../native-free/replay/simulated-network.js'
import type { MarkRuleInfo } from '../../../control/protocol/api.js'
import { MAX_CONNECTIONS } from '../../../conn/table.js'
import type { DirectorOptions } from '../../../director/options.js'
import type { Option } from '../../option.js'
import { parseMark } from '../options/mark-option.js'
import { wholeNumber } from '../options/whole-number.js'
import type { Given } from '../options/read-options.js'

const ARP = ['answer', 'capture'] as const

/** A director that opens no interface, and the network that it is told of. */
export interface SimulatedDirector {
  rules: string | undefined
  links: ReplayLink[]
  director: Omit<DirectorOptions, 'egress' | 'now' | 'links' | 'ports' | 'schedulers'>
  /** File URLs. */
  schedulers: string[]
  marks: MarkRuleInfo[]
  hasStandIns: boolean
}

const many = (flag: string, value: string, help: string): Option => ({ flags: [flag], value, help, repeatable: true })

/** What is said of it on a command line. */
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

/** Pure. UsageError for what is wrong. */
export function simulatedDirector(given: Given): SimulatedDirector {
  const texts = {
    addresses: given.all('--address'),
    vips: given.all('--vip'),
    routes: given.all('--route'),
    neighbours: given.all('--neighbour'),
    macs: given.all('--mac'),
  }
  const { links, director } = simulatedNetwork(texts, '--mac')
  const maxConnections = wholeNumber('--max-connections', given.one('--max-connections'), 1, MAX_CONNECTIONS)
  const icmpRatelimit = wholeNumber('--icmp-ratelimit', given.one('--icmp-ratelimit'), 0, 3_600_000)
  return {
    rules: given.one('--rules'),
    links,
    director: {
      ...director,
      seed: wholeNumber('--seed', given.one('--seed'), 0, 0xffffffff) ?? 1,
      isOfFleet: given.has('--fleet'),
      ...(maxConnections === undefined ? {} : { maxConnections }),
      ...(icmpRatelimit === undefined ? {} : { icmpRatelimit }),
    },
    schedulers: given.all('--scheduler').map(file => pathToFileURL(file).href),
    marks: given.all('--mark').map(parseMark),
    hasStandIns: given.one('--arp') !== 'capture',
  }
}
