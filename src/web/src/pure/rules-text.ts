import type { ServiceInfo } from '../../../control/protocol/api.ts'
import { serviceOption } from './service-name.ts'
import { addServer, addService } from './uvsadm-line.ts'

/** The rules as `uvsadm-save -n` writes them: a service, its real servers, its local addresses. */
export function rulesText(services: readonly ServiceInfo[]): string {
  return services
    .flatMap(service => [
      addService(service, service),
      // The director lists the newest first; read again in this order they stay as they are.
      ...service.destinations.toReversed().map(server => addServer(service, server, server)),
      ...(service.localAddresses ?? []).map(address => `--add-laddr ${serviceOption(service)} -z ${address}`),
    ])
    .map(line => `${line}\n`)
    .join('')
}
