import type { DestinationInfo, ServiceInfo } from '../../../control/protocol/api.js'
import { endpointText } from '../../../control/protocol/service-name.js'
import { nameOf } from '../seen/checked-name.js'
import { counted, type Examine } from './finding.js'

/** Services that refuse new clients. */
export const noServer: Examine = function* ({ services, drops }) {
  const refused = drops.find(({ reason }) => reason === 'drop-no-destination')
  for (const service of services) {
    const name = nameOf(service)
    const why = whyNone(service, refused?.last?.service === name)
    if (why === undefined) continue
    const before =
      refused?.last?.service === name
        ? `${counted(refused.count, 'packet was', 'packets were')} refused, the last ${refused.last.ago} s ago; `
        : ''
    yield { ...why, cause: `${name} takes no new connection: ${why.cause}`, seen: before + why.seen }
  }
}

function whyNone(
  { destinations }: ServiceInfo,
  isRefusing: boolean,
): { cause: string; seen: string; advice: string } | undefined {
  if (destinations.length === 0)
    return isRefusing ? { cause: 'it has no real server', seen: 'uvsadm -Ln', advice: 'uvsadm -a adds one' } : undefined
  const weighted = destinations.filter(({ weight }) => weight > 0)
  if (weighted.length === 0)
    return {
      cause: 'all its real servers have weight 0',
      seen: destinations.map(server => `${endpointText(server)} weight 0`).join(', '),
      advice: 'uvsadm -e … -w 1 gives one a weight; uvs health says whether a check has taken it',
    }
  if (!weighted.every(isFull) || !(isRefusing || weighted.every(isOverUpper))) return undefined
  return {
    cause: 'all its real servers are full',
    seen: weighted.map(fullText).join(', '),
    advice:
      'uvsadm -e … -x N raises the upper threshold, 0 takes it away; -y is where a full one opens again; or add a real server',
  }
}

const used = ({ activeConns, inactConns }: DestinationInfo): number => activeConns + inactConns
function isOverUpper(server: DestinationInfo): boolean {
  return server.upperThreshold > 0 && used(server) >= server.upperThreshold
}
/** Once full it stays so until it is below the lower threshold, three quarters of the upper one unless given. */
function isFull(server: DestinationInfo): boolean {
  const { upperThreshold, lowerThreshold } = server
  return upperThreshold > 0 && used(server) >= (lowerThreshold > 0 ? lowerThreshold : (upperThreshold * 3) / 4)
}
function fullText(server: DestinationInfo): string {
  return `${endpointText(server)} has ${counted(used(server), 'connection', 'connections')}, upper threshold ${server.upperThreshold}`
}
