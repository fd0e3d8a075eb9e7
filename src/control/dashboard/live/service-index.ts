import { parseIpv6 } from '../../../wire/ipv6-addr.js'
import { SUM_COLUMNS, type Control, type Reply, type ServiceKey, type ServiceSums } from '../../protocol/api.js'
import type { SortColumn, View } from './view.js'

/*
 * What every service comes to, so that a page can be chosen among ten thousand: by it rows are sorted and filtered, their figures are read
 * anew each tick. It is read as often as its counters change, and no more than a twentieth of the time.
 */

/** The estimator's tick. */
const FRESH_MS = 2000
const SHARE = 20
/** How many orders are kept until the next reading. */
const ORDERS_MAX = 64

export interface Chosen {
  total: number
  matched: number
  rows: readonly ServiceSums[]
}

export class ServiceIndex {
  readonly #control: Control
  #services: readonly ServiceSums[] = []
  readonly #orders = new Map<string, readonly ServiceSums[]>()
  #reading: Promise<void> | undefined
  #staleAt = -Infinity

  constructor(control: Control) {
    this.#control = control
  }

  /** The page that a view shows. Waits only for the first reading. */
  async choose(view: View): Promise<Chosen> {
    if (performance.now() >= this.#staleAt) this.#reading ??= this.#read()
    if (this.#staleAt === -Infinity) await this.#reading
    const all = this.#ordered(view)
    return { total: this.#services.length, matched: all.length, rows: all.slice(view.first, view.first + view.count) }
  }

  /** Rejects with the director's refusal the first time; later what there is stays. */
  async #read(): Promise<void> {
    const began = performance.now()
    let busyMs = 0
    try {
      const services: ServiceSums[] = []
      for (let from: string | null | undefined; from !== null;) {
        const reply: Reply<'service-sums'> = await this.#control.call<'service-sums'>({
          op: 'service-sums',
          ...(from && { from }),
        })
        const parsing = performance.now()
        if (!reply.ok) throw new Error(reply.message)
        services.push(...reply.value.services)
        from = reply.value.next
        busyMs += performance.now() - parsing
      }
      this.#services = services
      this.#orders.clear()
    } catch (error) {
      if (this.#staleAt === -Infinity) throw error
    } finally {
      this.#reading = undefined
      this.#staleAt = began + Math.max(FRESH_MS, SHARE * busyMs)
    }
  }

  #ordered({ sort, isDescending, words }: View): readonly ServiceSums[] {
    const name = JSON.stringify([sort, isDescending, words])
    const known = this.#orders.get(name)
    if (known) return known
    const ordered = orderOf(this.#services, sort, isDescending, words)
    if (this.#orders.size === ORDERS_MAX) this.#orders.clear()
    this.#orders.set(name, ordered)
    return ordered
  }
}

/** The services that have all the words, sorted; equal ones by their addresses. */
export function orderOf(
  services: readonly ServiceSums[],
  sort: SortColumn,
  isDescending: boolean,
  words: readonly string[],
): readonly ServiceSums[] {
  const chosen = words.length === 0 ? services : services.filter(service => hasAll(service, words))
  const sign = isDescending ? -1 : 1
  return chosen
    .map(service => ({ service, place: placeOf(service) }))
    .sort(
      (a, b) =>
        sign * compareBy(sort, a.service, b.service) || (sort === 'service' ? sign : 1) * compare(a.place, b.place),
    )
    .map(({ service }) => service)
}

function compareBy(sort: SortColumn, a: ServiceSums, b: ServiceSums): number {
  if (sort === 'service') return 0
  if (sort === 'scheduler') return a.scheduler < b.scheduler ? -1 : Number(a.scheduler > b.scheduler)
  if (sort < 0 || sort >= SUM_COLUMNS) return 0
  return a.sums[sort]! - b.sums[sort]!
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

function hasAll(service: ServiceSums, words: readonly string[]): boolean {
  const text = `${nameOf(service)} ${service.scheduler}`.toLowerCase()
  return words.every(word => text.includes(word))
}

/** As people write it, such as `tcp 10.0.0.1:80` or `fwm 1`. */
function nameOf(service: ServiceKey): string {
  if ('mark' in service) return `fwm ${service.mark}`
  const { protocol, address, port } = service
  return `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`
}
