import type { Protocol } from '../../../control/protocol/api.js'
import { endpointText } from '../../../control/protocol/service-name.js'
import type { Names } from '../options/names.js'

/** `address:port` as a listing prints it. Without a protocol ('ip': for a mark) a port has no name. */
export type Label = (protocol: Protocol | 'ip', address: string, port: number) => string

/** Without `names`: numeric (-n). */
export async function labeller(addresses: Iterable<string>, names: Names | undefined): Promise<Label> {
  if (!names) return numeric
  const hosts = await names.hostsOf(addresses)
  return (protocol, address, port) => {
    const portName = protocol === 'ip' ? undefined : names.portName(port, protocol)
    return `${bracketed(address, hosts.get(address) ?? address)}:${portName ?? port}`
  }
}

export const numeric: Label = (_protocol, address, port) => endpointText({ address, port })

/** Names of IPv6 hosts are bracketed too. */
function bracketed(address: string, name: string): string {
  return address.includes(':') ? `[${name}]` : name
}
