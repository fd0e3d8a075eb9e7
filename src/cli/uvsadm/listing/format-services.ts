import type { ServiceInfo } from '../../../control/protocol/api.js'
import type { Label } from './label.js'
import type { Layout } from './layouts.js'

/** The kernel's default table size, printed whatever ours is (ip_vs's conn_tab_bits of 12). */
export const TITLE = 'IP Virtual Server version 1.2.1 (size=4096)\n'

/** Listings truncate a longer `host:port`, within the host if necessary; but not IPv6. */
const LABEL_WIDTH = 28

export function formatServices(services: readonly ServiceInfo[], label: Label, layout: Layout): string {
  let text = layout.head
  for (const service of services) {
    const [prot, name] = identity(service, label)
    text += `${prot.padEnd(4)} ${layout.isTable ? column(name) : cut(name)} ${layout.service(service)}\n`
    const protocol = 'mark' in service ? 'ip' : service.protocol
    for (const dest of service.destinations)
      text += `  -> ${column(label(protocol, dest.address, dest.port))} ${layout.destination(dest)}\n`
  }
  return text
}

/** A service's kind and name. A mark is printed as a signed number, 4294967295 as -1, as ipvsadm does. */
export function identity(service: ServiceInfo, label: Label): [string, string] {
  if ('mark' in service) return ['FWM', `${service.mark | 0}${service.family === 6 ? ' IPv6' : ''}`]
  const { protocol, address, port } = service
  return [protocol.toUpperCase(), label(protocol, address, port)]
}

export function column(label: string): string {
  return cut(label).padEnd(LABEL_WIDTH)
}

function cut(label: string): string {
  return label.startsWith('[') ? label : label.slice(0, LABEL_WIDTH)
}
