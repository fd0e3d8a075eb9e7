import { simulatedNetwork, type NetworkTexts } from '../../native-free/replay/simulated-network.js'
import type { ReplayOptions as Made } from '../../native-free/replay/replay.js'
import type { Control } from '../control/protocol/api.js'
import { UsageError } from '../director/options.js'
import type { Scheduler } from '../sched/scheduler.js'
import { parseMark } from '../cli/uvs/options/mark-option.js'
import { applyRules } from './rules.js'

/**
 * A director that opens no interface, and the network that it is told of. Texts have the form of `uvs replay`'s options. Its interfaces
 * are those that the texts name behind '@', one 'eth0' if none does. Without addresses and routes every host is a neighbour.
 */
export interface SimulatedOptions {
  /** Lines as `ipvsadm-save -n` writes them. Default: no service. */
  rules?: string
  /** The director's own, 'ADDRESS/LENGTH@INTERFACE': '10.0.1.1/24@eth0'. */
  addresses?: readonly string[]
  /** Further addresses that it answers for, 'ADDRESS' or 'CIDR'. Those of the rules' services need none. */
  vips?: readonly string[]
  /** 'CIDR=[GATEWAY][@INTERFACE][,mtu=N]'; 'default' is 0.0.0.0/0. */
  routes?: readonly string[]
  /** 'ADDRESS=MAC@INTERFACE' */
  neighbours?: readonly string[]
  /** The director's MAC in the capture, 'MAC@INTERFACE'. Without it frames to any host's are taken for its own. */
  macs?: readonly string[]
  /** Firewall marks, 'PROTOCOL CIDR:PORTS=N': 'tcp 10.0.0.0/24:80,443=1'. */
  marks?: readonly string[]
  /** Schedulers of your own, which rules name after -s. */
  schedulers?: readonly Scheduler[]
  /** Who answers its ARP requests: hosts that are made up for it, or the capture's frames alone. Default: 'answer'. */
  arp?: 'answer' | 'capture'
  /** One of several directors with the same rules, as `uvs director --fleet`. Default: false. */
  isOfFleet?: boolean
  /** Connections that its table holds, 64 octets each. Default: 2^20. */
  maxConnections?: number
  /** ms between two ICMP errors to a peer, after a burst; 0: no limit. Default: 1000. */
  icmpRatelimit?: number
  /** What everything random comes from, an unsigned 32-bit number: the same seed gives the same run. Default: 1. */
  seed?: number
}

/** What a replay is made of, and what is done to its director before the first frame. */
export interface Simulated extends Pick<Made, 'links' | 'director' | 'hasStandIns'> {
  begin(control: Control): Promise<void>
}

/** UsageError for what is wrong; rules are read by `begin`. */
export function simulated(options: SimulatedOptions): Simulated {
  const { rules, marks = [], schedulers = [], arp = 'answer', isOfFleet, maxConnections, icmpRatelimit } = options
  if (arp !== 'answer' && arp !== 'capture') throw new UsageError(`arp: '${String(arp)}' is neither answer nor capture`)
  const texts: NetworkTexts = options
  const { links, director } = simulatedNetwork(texts, 'macs')
  const read = marks.map(parseMark)
  return {
    links,
    director: {
      ...director,
      schedulers,
      seed: options.seed ?? 1,
      ...(isOfFleet === undefined ? {} : { isOfFleet }),
      ...(maxConnections === undefined ? {} : { maxConnections }),
      ...(icmpRatelimit === undefined ? {} : { icmpRatelimit }),
    },
    hasStandIns: arp === 'answer',
    async begin(control) {
      for (const rule of read) {
        const reply = await control.call({ op: 'add-mark', rule })
        if (!reply.ok) throw new UsageError(`marks: ${reply.message}`)
      }
      if (rules !== undefined) await applyRules(control, rules)
    },
  }
}
