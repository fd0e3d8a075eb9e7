import type { Protocol } from '../../control/api.js'
import type { Names } from './names.js'

/** `address:port` as a listing shows it. */
export type Label = (protocol: Protocol, address: string, port: number) => string

/** Without `names`: in numbers (-n). */
export async function labeller(addresses: Iterable<string>, names: Names | undefined): Promise<Label> {
  if (!names) return (_protocol, address, port) => `${address}:${port}`
  const hosts = await names.hostsOf(addresses)
  return (protocol, address, port) => `${hosts.get(address) ?? address}:${names.portName(port, protocol) ?? port}`
}
