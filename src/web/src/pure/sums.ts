import type { DestinationInfo, ServiceInfo } from '../../../control/protocol/api.ts'

/* A service's real servers together: ipvsadm shows these of each server alone. */

export interface Sums {
  active: number
  inactive: number
  weight: number
  /** That take new connections. */
  usable: number
  cps: number
}

export function sumsOf({ destinations }: ServiceInfo): Sums {
  const sums: Sums = { active: 0, inactive: 0, weight: 0, usable: 0, cps: 0 }
  for (const destination of destinations) {
    sums.active += destination.activeConns
    sums.inactive += destination.inactConns
    sums.weight += destination.weight
    sums.cps += destination.rates.cps
    if (destination.weight > 0) sums.usable++
  }
  return sums
}

/** Which part of a service's work a real server does: of new connections, or of open ones where none come. */
export function shareOf(destination: DestinationInfo, service: ServiceInfo, sums: Sums): number {
  if (sums.cps > 0) return destination.rates.cps / sums.cps
  if (sums.active > 0) return destination.activeConns / sums.active
  return service.stats.conns > 0 ? destination.stats.conns / service.stats.conns : 0
}
/** Which part its weight asks for. */
export function wantedShare(destination: DestinationInfo, sums: Sums): number {
  return sums.weight > 0 ? destination.weight / sums.weight : 0
}
