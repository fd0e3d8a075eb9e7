import { endpointText } from '../../../control/protocol/service-name.js'
import { nameOf } from '../seen/checked-name.js'
import { counted, type Examine } from './finding.js'

const SYSCTL = 'expire_quiescent_template'

/** Real servers of weight 0 that persistence goes on sending clients to. */
export const keptClients: Examine = function* ({ services, sysctls }) {
  if ((sysctls.get(SYSCTL) ?? '0') !== '0') return
  for (const service of services) {
    if (service.persistence === 0) continue
    for (const server of service.destinations) {
      const { weight, persistConns, activeConns } = server
      if (weight !== 0 || persistConns === 0) continue
      yield {
        cause: `the real server ${endpointText(server)} has weight 0, and yet gets new connections: persistence keeps clients with it (${nameOf(service)})`,
        seen: `${counted(persistConns, 'client is', 'clients are')} kept with it, each for ${service.persistence} s after its last connection; ${counted(activeConns, 'connection is', 'connections are')} open`,
        advice: `uvs sysctl net.ipv4.vs.${SYSCTL}=1 gives them another one at their next connection; uvs drain waits for them`,
      }
    }
  }
}
