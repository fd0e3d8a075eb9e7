import { isIPv6 } from 'node:net'
import { type Hazard, isServed, keyText, ofService } from './hazard.js'

export const notServedHazards: readonly Hazard[] = [
  ofService('ipv6-not-served', function* (service) {
    const { line, key, servers } = service
    if (!isServed(service))
      yield {
        line,
        message: `${keyText(key)} is kept and listed, but no packet is balanced: uvs does not serve IPv6 yet`,
      }
    else
      for (const server of servers)
        if (isIPv6(server.address))
          yield {
            line: server.line,
            message: `${server.address} is kept and listed, but gets no connection: uvs does not serve IPv6 real servers yet`,
          }
  }),
  ofService('sip-not-served', function* ({ line, key, settings }) {
    if (settings.engine !== undefined)
      yield {
        line,
        message: `--pe ${settings.engine} of ${keyText(key)} is kept and listed, but clients stay by their address, not by their Call-ID`,
      }
  }),
]
