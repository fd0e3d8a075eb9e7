import { allServices } from '../../../control/protocol/all-services.js'
import type { ServiceInfo, ServiceKey } from '../../../control/protocol/api.js'
import { jsonDocument } from '../../json.js'
import { granted, LOCAL_ADDRESS_REFUSALS } from '../ask.js'
import type { Command } from '../command.js'
import { column, identity } from '../listing/format-services.js'
import { type Label, labeller } from '../listing/label.js'
import { sortServices } from '../listing/sort.js'
import { serviceKey } from '../options/targets.js'

export const getLocalAddresses: Command<{ service?: ServiceKey; numeric: boolean; json: boolean }> = {
  name: 'get-laddr',
  flags: ['-G', '--get-laddr'],
  usage: '-G [virtual-service] [-n] [--json]',
  help: 'list the local addresses of one or all virtual services, a line each',
  needs: [],
  takes: ['service-address', 'numeric', 'json'],
  parse: options => ({
    ...(options['service-address'] && { service: serviceKey(options) }),
    numeric: options.numeric ?? false,
    json: options.json ?? false,
  }),
  async run(control, { service, numeric, json }, names) {
    const found = sortServices(granted(await allServices(control, service), LOCAL_ADDRESS_REFUSALS))
    if (json) return jsonDocument('localAddresses', found.flatMap(localAddresses))
    const addresses = found.flatMap(svc => ('mark' in svc ? [] : [svc.address]))
    return formatLocalAddresses(found, await labeller(addresses, numeric ? undefined : names))
  },
}

function localAddresses(service: ServiceInfo): { service: ServiceKey; address: string }[] {
  return (service.localAddresses ?? []).map(address => ({ service: keyOf(service), address }))
}

function keyOf(service: ServiceInfo): ServiceKey {
  if ('mark' in service) return { mark: service.mark }
  const { protocol, address, port } = service
  return { protocol, address, port }
}

function formatLocalAddresses(services: readonly ServiceInfo[], label: Label): string {
  let text = `Prot ${column('VirtualAddress:Port')} LocalAddress\n`
  for (const service of services) {
    const [prot, name] = identity(service, label)
    for (const address of service.localAddresses ?? []) text += `${prot.padEnd(4)} ${column(name)} ${address}\n`
  }
  return text
}
