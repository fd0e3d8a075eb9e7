import { parseIpv6 } from '../../../wire/ipv6-addr.js'
import { SUM_COLUMNS, type ServiceKey, type ServiceSums } from '../../protocol/api.js'
import type { SortColumn } from './view.js'

/** Services in the order of their addresses. A reading that has the same services takes it over: only figures change each time. */
export class Listed {
  /** As they were read. */
  readonly #read: readonly ServiceSums[]
  /** The place of each in `#read`. */
  readonly #places: readonly number[]
  readonly services: readonly ServiceSums[]
  /** What a filter looks at; made for the first. */
  #texts: readonly string[] | undefined

  constructor(read: readonly ServiceSums[], places: readonly number[] = placesOf(read), texts?: readonly string[]) {
    this.#read = read
    this.#places = places
    this.services = places.map(at => read[at]!)
    this.#texts = texts
  }

  with(read: readonly ServiceSums[]): Listed {
    return hasSame(this.#read, read) ? new Listed(read, this.#places, this.#texts) : new Listed(read)
  }

  /** Those that have all the words, sorted; equal ones by their addresses. */
  ordered(sort: SortColumn, isDescending: boolean, words: readonly string[]): readonly ServiceSums[] {
    const chosen = words.length === 0 ? this.services : this.#withAll(words)
    if (sort === 'service') return isDescending ? chosen.toReversed() : chosen
    const sign = isDescending ? -1 : 1
    if (sort === 'scheduler')
      return chosen.toSorted((a, b) => sign * (a.scheduler < b.scheduler ? -1 : Number(a.scheduler > b.scheduler)))
    if (sort < 0 || sort >= SUM_COLUMNS) return chosen
    return chosen.toSorted((a, b) => sign * (a.sums[sort]! - b.sums[sort]!))
  }

  #withAll(words: readonly string[]): readonly ServiceSums[] {
    const texts = (this.#texts ??= this.services.map(textOf))
    return this.services.filter((_, at) => words.every(word => texts[at]!.includes(word)))
  }
}

function hasSame(before: readonly ServiceSums[], now: readonly ServiceSums[]): boolean {
  return before.length === now.length && before.every((service, at) => isSame(service, now[at]!))
}
/** The same service; its scheduler, which a filter finds, too. */
function isSame(a: ServiceSums, b: ServiceSums): boolean {
  if (a.scheduler !== b.scheduler) return false
  if ('mark' in a) return 'mark' in b && a.mark === b.mark && a.family === b.family
  return !('mark' in b) && a.port === b.port && a.address === b.address && a.protocol === b.protocol
}

function placesOf(services: readonly ServiceSums[]): number[] {
  const places = services.map(placeOf)
  return [...services.keys()].sort((a, b) => compare(places[a]!, places[b]!))
}

/** Addresses before marks, IPv4 before IPv6, then by protocol, address and port. */
function placeOf(service: ServiceKey): readonly number[] {
  if ('mark' in service) return [1, service.mark, service.family ?? 4]
  const { protocol, address, port } = service
  const isSix = address.includes(':')
  const [a = 0, b = 0, c = 0, d = 0] = isSix ? (parseIpv6(address) ?? []).map(word => word >>> 0) : [ipv4(address)]
  return [0, isSix ? 6 : 4, PROTOCOLS.indexOf(protocol), a, b, c, d, port]
}
const PROTOCOLS = ['tcp', 'udp', 'sctp']

function ipv4(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < a.length; at++) {
    const difference = a[at]! - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function textOf(service: ServiceSums): string {
  return `${nameOf(service)} ${service.scheduler}`.toLowerCase()
}

/** As people write it, such as `tcp 10.0.0.1:80` or `fwm 1`. */
function nameOf(service: ServiceKey): string {
  if ('mark' in service) return `fwm ${service.mark}`
  const { protocol, address, port } = service
  return `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`
}
