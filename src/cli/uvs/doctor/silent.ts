import type { DestinationInfo } from '../../../control/protocol/api.js'
import { type Examine, type Seen, serviceName } from './finding.js'

/** So many packets without an answer: a SYN and one that repeats it. */
const LEAST = 2

/** Real servers by NAT and FULLNAT whose answers do not come back through the director. */
export const silent: Examine = function* (seen) {
  for (const service of seen.services) {
    if ('mark' in service ? false : service.protocol !== 'tcp') continue
    for (const server of service.destinations) {
      const { address, port, method, stats } = server
      if (!isSilent(server) || isDown(seen, address)) continue
      const name = serviceName(service)
      yield {
        cause: `no answer of the real server ${address}:${port} comes back through the director (${name}, ${method})`,
        seen: `${stats.inPkts} packets went to it, none came back, though it answers ARP or was not asked`,
        advice:
          method === 'masq'
            ? 'make the director its default gateway: its own address in that network, and no client there; see that the port listens (ss -ltn)'
            : 'its routes must lead to the local addresses (uvsadm --get-laddr) by the director; see that the port listens (ss -ltn)',
      }
    }
  }
}

function isSilent({ method, stats, rates }: DestinationInfo): boolean {
  if (method !== 'masq' && method !== 'fullnat') return false
  return stats.inPkts >= LEAST && (stats.outPkts === 0 || (rates.inPps >= LEAST && rates.outPps === 0))
}
/** It does not answer ARP, which is another finding. */
function isDown({ drops }: Seen, address: string): boolean {
  const failed = drops.find(({ reason }) => reason === 'drop-neighbour-failed')
  return failed?.last?.fields.some(([name, value]) => name === 'ip.dst' && value === address) ?? false
}
