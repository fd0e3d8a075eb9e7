import type { ReplayLink } from '../../../../native-free/replay/arrivals.js'
import { simulatedNetwork } from '../../../../native-free/replay/simulated-network.js'
import type { MarkRuleInfo } from '../../../control/protocol/api.js'
import { MAX_CONNECTIONS } from '../../../conn/table.js'
import type { DirectorOptions } from '../../../director/options.js'
import { parseMark } from '../options/mark-option.js'
import { wholeNumber } from '../options/whole-number.js'
import type { Given } from '../options/read-options.js'
import { schedulerUrls } from '../options/scheduler-urls.js'

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
    schedulers: schedulerUrls(given.all('--scheduler')),
    marks: given.all('--mark').map(parseMark),
    hasStandIns: given.one('--arp') !== 'capture',
  }
}
