import type { ListedService } from '../../director/rules/not-yet.js'
import type { ScheduledService } from '../../director/rules/scheduled-service.js'
import type { Director } from '../../director/director.js'
import { Method } from '../../service/method.js'
import { Destination } from '../../service/destination.js'
import type { ServiceSettings } from '../../service/service-settings.js'
import { formatAddress, NotYetService, type NotYetServer } from '../../service/not-yet.js'
import { formatIpv4 } from '../../wire/addr.js'
import { formatIpv6 } from '../../wire/ipv6-addr.js'
import type { DestinationInfo, ServiceInfo, ServiceKey, ServiceSettingsInfo } from '../protocol/api.js'
import { clientAddressName, methodName, protocolName, tunnelInfo } from './keys.js'
import { NOTHING_COUNTED, shownOf } from './counted.js'

/** A real server, served or only kept. */
export type ListedServer = Destination | NotYetServer

/** A service's real servers in the kernel's order. */
export function listedServers(service: ListedService): readonly ListedServer[] {
  if (service instanceof NotYetService) return service.servers
  const { destinations, notYet } = service
  return notYet.length === 0 ? destinations : [...destinations, ...notYet].sort((a, b) => b.order - a.order)
}

/** `servers`: the real servers to list. */
export function serviceInfo(
  director: Director,
  service: ListedService,
  servers: readonly ListedServer[] = listedServers(service),
): ServiceInfo {
  const destinations = servers.map(server => serverInfo(director, server))
  if (service instanceof NotYetService) return notYetInfo(service, destinations)
  return {
    ...serviceKey(service),
    ...settingsInfo(service.settings, service.scheduler.name, formatIpv4(service.settings.netmask)),
    ...(service.localAddresses.length > 0 ? { localAddresses: service.localAddresses.map(formatIpv4) } : {}),
    ...shownOf(director, service.counters),
    destinations,
  }
}

function settingsInfo(
  settings: Omit<ServiceSettings, 'netmask'>,
  scheduler: string,
  netmask: string,
): ServiceSettingsInfo {
  const { persistence, onePacket, schedFlags, clientAddress, engine } = settings
  return {
    scheduler,
    persistence,
    netmask,
    onePacket,
    schedFlags,
    ...(clientAddress ? { clientAddress: clientAddressName(clientAddress) } : {}),
    ...(engine === undefined ? {} : { engine }),
  }
}
function notYetInfo(service: NotYetService, destinations: DestinationInfo[]): ServiceInfo {
  const { settings } = service
  return {
    ...notYetKey(service),
    ...settingsInfo(settings, settings.scheduler, String(settings.prefix)),
    ...NOTHING_COUNTED,
    destinations,
  }
}
function serverInfo(director: Director, server: ListedServer): DestinationInfo {
  return server instanceof Destination ? destinationInfo(director, server) : notYetServerInfo(server)
}
function notYetServerInfo({ address, port, settings }: NotYetServer): DestinationInfo {
  const { method, tunnel, weight, upperThreshold, lowerThreshold } = settings
  return {
    address: formatAddress(address),
    port,
    method: methodName(method),
    ...(method === Method.TUNNEL ? { tunnel: tunnelInfo(tunnel) } : {}),
    weight,
    upperThreshold,
    lowerThreshold,
    activeConns: 0,
    inactConns: 0,
    persistConns: 0,
    ...NOTHING_COUNTED,
  }
}

export function notYetKey({ mark, protocol, address, port }: NotYetService): ServiceKey {
  return mark === 0 ? { protocol: protocolName(protocol), address: formatIpv6(address), port } : { mark, family: 6 }
}
export function serviceKey({ mark, protocol, addr, port }: ScheduledService): ServiceKey {
  return mark === 0 ? { protocol: protocolName(protocol), address: formatIpv4(addr), port } : { mark }
}
function destinationInfo(director: Director, dest: Destination): DestinationInfo {
  const { weight, upperThreshold, lowerThreshold, activeConns, inactConns, persistConns } = dest
  return {
    address: formatIpv4(dest.addr),
    port: dest.port,
    method: methodName(dest.method),
    ...(dest.method === Method.TUNNEL ? { tunnel: tunnelInfo(dest.tunnel) } : {}),
    weight,
    upperThreshold,
    lowerThreshold,
    activeConns,
    inactConns,
    persistConns,
    ...shownOf(director, dest.counters),
  }
}
