import type { DestinationInfo, Protocol, ServiceInfo } from '../../control/api.js'

const PROTOCOL_NUMBER: Record<Protocol, number> = { tcp: 6, udp: 17, sctp: 132 }

/** As ipvsadm lists them: services by mark, protocol, address, port; each one's real servers by address, port. */
export function sortServices(services: readonly ServiceInfo[]): ServiceInfo[] {
  const sorted = mergeSort(services, compareServices)
  return sorted.map(service => ({ ...service, destinations: sortDestinations(service.destinations) }))
}

/** Marks are subtracted as addresses are, so that 3000000000 comes before 0. */
function compareServices(a: ServiceInfo, b: ServiceInfo): number {
  if ('mark' in a || 'mark' in b) return (markOf(a) - markOf(b)) | 0
  return PROTOCOL_NUMBER[a.protocol] - PROTOCOL_NUMBER[b.protocol] || compareEndpoints(a, b)
}

/** A service of an address has mark 0. */
function markOf(service: ServiceInfo): number {
  return 'mark' in service ? service.mark : 0
}

function sortDestinations(destinations: readonly DestinationInfo[]): DestinationInfo[] {
  return mergeSort(destinations, compareEndpoints)
}

type Compare<T> = (a: T, b: T) => number

/**
 * ipvsadm subtracts addresses as 32-bit numbers and lets the difference wrap, so 192.168.0.1 comes before 10.0.0.1, and
 * 200.0.0.1 between 100.0.0.1 and 10.0.0.1 (tried on the real one). It is no order at all when addresses lie that far apart.
 */
function compareEndpoints(a: { address: string; port: number }, b: { address: string; port: number }): number {
  return (toNumber(a.address) - toNumber(b.address)) | 0 || a.port - b.port
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

/** glibc's qsort, step by step: what it makes of such a comparison depends on who is compared with whom. */
function mergeSort<T>(items: readonly T[], compare: Compare<T>): T[] {
  if (items.length < 2) return [...items]
  const half = items.length >> 1
  return merge(mergeSort(items.slice(0, half), compare), mergeSort(items.slice(half), compare), compare)
}

function merge<T>(left: readonly T[], right: readonly T[], compare: Compare<T>): T[] {
  const merged: T[] = []
  let l = 0
  let r = 0
  for (;;) {
    const a = left[l]
    const b = right[r]
    if (a === undefined || b === undefined) return [...merged, ...left.slice(l), ...right.slice(r)]
    if (compare(a, b) <= 0) l++
    else r++
    merged.push(compare(a, b) <= 0 ? a : b)
  }
}
