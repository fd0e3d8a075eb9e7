import type { DestinationInfo } from '../../../control/protocol/api.js'
import { endpointText } from '../../../control/protocol/service-name.js'
import { nameOf } from '../seen/checked-name.js'
import { type Examine, type Seen, serverName } from './finding.js'

/** So many packets without an answer: a SYN and one that repeats it. */
const LEAST = 2
/** Of one that has answered before: two may be the acknowledgements of an answer that came just before. */
const LEAST_NOW = 3

/** Real servers by NAT and FULLNAT whose answers do not come back through the director. */
export const silent: Examine = function* (seen) {
  for (const service of seen.services) {
    if ('mark' in service ? false : service.protocol !== 'tcp') continue
    for (const server of service.destinations) {
      const { address, method, stats } = server
      const now = sinceBefore(seen.before.stats, serverName(service, server), server)
      if (!isSilent(server, now) || isDown(seen, address)) continue
      const name = nameOf(service)
      yield {
        cause: `no answer of the real server ${endpointText(server)} comes back through the director (${name}, ${method})`,
        seen: `${stats.outPkts === 0 ? `${stats.inPkts} packets went to it` : `${now.inPkts} packets went to it while uvs doctor looked`}, none came back, though it answers ARP or was not asked`,
        advice:
          method === 'masq'
            ? 'make the director its default gateway: its own address in that network, and no client there; see that the port listens (ss -ltn)'
            : 'its routes must lead to the local addresses (uvsadm --get-laddr) by the director; see that the port listens (ss -ltn)',
      }
    }
  }
}

/** A few packets tell little: whether to look longer. */
export function mayBeSilent(services: Seen['services'], before: Seen['before']['stats']): boolean {
  return services.some(service =>
    service.destinations.some(server => {
      const { inPkts, outPkts } = sinceBefore(before, serverName(service, server), server)
      return (server.method === 'masq' || server.method === 'fullnat') && inPkts > 0 && outPkts === 0
    }),
  )
}

type Packets = Pick<DestinationInfo['stats'], 'inPkts' | 'outPkts'>

/** Since the start, or since it was looked at: it may have answered until somebody changed its gateway. */
function isSilent({ method, stats }: DestinationInfo, now: Packets): boolean {
  if (method !== 'masq' && method !== 'fullnat') return false
  return (stats.inPkts >= LEAST && stats.outPkts === 0) || (now.inPkts >= LEAST_NOW && now.outPkts === 0)
}
/** What went to it and came back while it was looked at. */
function sinceBefore(before: Seen['before']['stats'], name: string, { stats }: DestinationInfo): Packets {
  const { inPkts, outPkts } = before.get(name) ?? { inPkts: 0, outPkts: 0 }
  return { inPkts: stats.inPkts - inPkts, outPkts: Math.max(0, stats.outPkts - outPkts) }
}
/** It does not answer ARP, which is another finding. */
function isDown({ drops }: Seen, address: string): boolean {
  const failed = drops.find(({ reason }) => reason === 'drop-neighbour-failed')
  return failed?.last?.fields.some(([name, value]) => name === 'ip.dst' && value === address) ?? false
}
