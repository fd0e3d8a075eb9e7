import { tcpProbe, type TcpProbe } from '../../linux/tcp-prober.js'
import type { TcpCheck } from '../config/tree/checker.js'
import { UP, down, type CheckResult } from './check-result.js'
import { isIpv6, type Peer } from './peer.js'

/** TCP_CHECK: a connection that opens is enough; it is closed without a word. */
export function probeOf(
  { connectTimeoutMs: timeoutMs }: TcpCheck,
  { address, port, fwmark: mark, interface: name, localAddress, localPort }: Peer,
  ended: (result: CheckResult) => void,
): TcpProbe {
  const isBound = localAddress !== undefined || localPort !== undefined
  const local = { address: localAddress ?? (isIpv6(address) ? '::' : '0.0.0.0'), port: localPort ?? 0 }
  const options = {
    address,
    port,
    timeoutMs,
    mark,
    ...(name !== undefined && { interface: name }),
    ...(isBound && { local }),
  }
  return tcpProbe(options, why => ended(why === undefined ? UP : down(why)))
}
