import type { DestinationKey, Protocol, ServiceInfo, ServiceKey } from '../../../control/protocol/api.js'
import { parseIpv6, type Ipv6Addr } from '../../../wire/ipv6-addr.js'

const PROTOCOL_NUMBER: Record<Protocol, number> = { tcp: 6, udp: 17, sctp: 132 }

/** In ipvsadm's order: services by mark, family, protocol, address, port; their real servers by address, port. */
export function sortServices(services: readonly ServiceInfo[]): ServiceInfo[] {
  return sorted(services, serviceNumbers).map(service => ({
    ...service,
    destinations: sorted(service.destinations, endpointNumbers),
  }))
}

/** Sorts items that each belong to a service in the same order. */
export function sortByService<T>(items: readonly T[], serviceOf: (item: T) => ServiceKey): T[] {
  return sorted(items, item => serviceNumbers(serviceOf(item)))
}

/** Sorts items that each belong to a real server in the same order. */
export function sortByServer<T>(items: readonly T[], serverOf: (item: T) => DestinationKey): T[] {
  return sorted(items, item => endpointNumbers(serverOf(item)))
}

/** A service of an address has mark 0. A mark may have two services, one for each family. */
function serviceNumbers(service: ServiceKey): number[] {
  if ('mark' in service) return [service.mark, service.family ?? 4]
  const family = service.address.includes(':') ? 6 : 4
  return [0, family, PROTOCOL_NUMBER[service.protocol], ...endpointNumbers(service)]
}

function endpointNumbers({ address, port }: { address: string; port: number }): number[] {
  return [...wordsOf(address), port]
}

/** An IPv4 address is the first word of four. */
function wordsOf(address: string): Ipv6Addr {
  const words = address.includes(':') ? parseIpv6(address) : undefined
  return words ?? [address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0), 0, 0, 0]
}

interface Numbered<T> {
  item: T
  numbers: readonly number[]
}

function sorted<T>(items: readonly T[], numbersOf: (item: T) => readonly number[]): T[] {
  if (items.length < 2) return [...items]
  return mergeSort(items.map(item => ({ item, numbers: numbersOf(item) }))).map(({ item }) => item)
}

/**
 * Like ipvsadm, subtracts 32-bit numbers and lets the difference wrap, so 192.168.0.1 comes before 10.0.0.1, 200.0.0.1 between
 * 100.0.0.1 and 10.0.0.1, and mark 3000000000 before 0 (tried on the real one). This is not a consistent order for numbers
 * that far apart.
 */
function compare({ numbers: a }: Numbered<unknown>, { numbers: b }: Numbered<unknown>): number {
  for (let at = 0; at < a.length; at++) {
    const difference = (a[at]! - b[at]!) | 0
    if (difference !== 0) return difference
  }
  return 0
}

/** glibc's qsort, step by step: with an inconsistent comparison the result depends on which items are compared. */
function mergeSort<T>(items: readonly Numbered<T>[]): Numbered<T>[] {
  if (items.length < 2) return [...items]
  const half = items.length >> 1
  return merge(mergeSort(items.slice(0, half)), mergeSort(items.slice(half)))
}

function merge<T>(left: readonly Numbered<T>[], right: readonly Numbered<T>[]): Numbered<T>[] {
  const merged: Numbered<T>[] = []
  let l = 0
  let r = 0
  for (;;) {
    const a = left[l]
    const b = right[r]
    if (a === undefined || b === undefined) return [...merged, ...left.slice(l), ...right.slice(r)]
    const isLeft = compare(a, b) <= 0
    if (isLeft) l++
    else r++
    merged.push(isLeft ? a : b)
  }
}
