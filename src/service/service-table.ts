import { IpProtocol } from '../wire/ipv4.js'
import type { Service } from './service.js'
import type { ServiceIdentity } from './service-identity.js'

const FEWEST_BUCKETS = 256
/** The kernel's lists: 256 of addresses, then 256 of marks. */
const KERNEL_LISTS = 512
const FTP_PORT = 21
const FTP_DATA_PORT = 20
/** Linux's ip_unprivileged_port_start. */
const FIRST_UNPRIVILEGED_PORT = 1024

/** A place in the kernel's order: which of its lists, and the number there, which falls. */
export interface ServicePlace {
  list: number
  number: number
}
/** Before the first service. */
export const FIRST_PLACE: ServicePlace = { list: 0, number: Infinity }

/**
 * Services by their mark, or by (protocol, address, port), hashed: looked up for every packet that has no connection, so that the cost
 * must not grow with their number. `S`: what the owner keeps of a service.
 */
export class ServiceTable<S extends Service> {
  #buckets: S[][] = emptyBuckets(FEWEST_BUCKETS)
  readonly #byMark = new Map<number, S>()
  /** In the order of their coming, each with its number in that order. */
  readonly #all = new Map<S, number>()
  #next = 0
  /** The same by the kernel's lists, the newest last. */
  readonly #lists: S[][] = Array.from({ length: KERNEL_LISTS }, () => [])
  /** How many services have each address. */
  readonly #addresses = new Map<number, number>()
  /** Services of port 0, those of a mark among them, and of port 21: without any, nobody looks for one. */
  #portZero = 0
  #ftp = 0

  get count(): number {
    return this.#all.size
  }
  /** Whether a service has this address. */
  hasAddress(addr: number): boolean {
    return this.#addresses.has(addr)
  }

  /** The one of exactly this identity. */
  find(identity: ServiceIdentity): S | undefined {
    const { mark, protocol, addr, port } = identity
    return mark === 0 ? this.#exact(protocol, addr, port) : this.#byMark.get(mark)
  }
  /**
   * The one for a packet: by its mark, exactly, as FTP data of the service on port 21, by the service of every port
   * (ipvs-behaviour.md §2.2).
   */
  lookup(mark: number, protocol: number, addr: number, port: number): S | undefined {
    if (mark !== 0) {
      const service = this.#byMark.get(mark)
      if (service !== undefined) return service
    }
    const service = this.#exact(protocol, addr, port)
    if (service !== undefined) return service
    if (this.#ftp > 0 && protocol === IpProtocol.TCP && (port === FTP_DATA_PORT || port >= FIRST_UNPRIVILEGED_PORT)) {
      const ftp = this.#exact(protocol, addr, FTP_PORT)
      if (ftp !== undefined) return ftp
    }
    return this.#portZero > 0 ? this.#exact(protocol, addr, 0) : undefined
  }
  #exact(protocol: number, addr: number, port: number): S | undefined {
    const bucket = this.#buckets[hash(protocol, addr, port) & (this.#buckets.length - 1)]!
    for (let i = 0; i < bucket.length; i++) {
      const service = bucket[i]!
      if (service.addr === addr && service.port === port && service.protocol === protocol) return service
    }
    return undefined
  }
  add(service: S): void {
    this.#all.set(service, this.#next++)
    this.#lists[kernelList(service)]!.push(service)
    this.#count(service, 1)
    if (service.mark !== 0) this.#byMark.set(service.mark, service)
    else if (this.#all.size > this.#buckets.length) this.#widen()
    else this.#bucketOf(service).push(service)
  }
  remove(service: S): void {
    const list = this.#lists[kernelList(service)]!
    list.splice(this.#indexOf(this.#all.get(service)!, list), 1)
    this.#all.delete(service)
    this.#count(service, -1)
    if (service.mark !== 0) this.#byMark.delete(service.mark)
    else {
      const bucket = this.#bucketOf(service)
      bucket.splice(bucket.indexOf(service), 1)
    }
  }
  /** As the kernel lists them: by its 256 buckets, the newest first in each; then by marks (ipvs-behaviour.md §13, ip_vs). */
  inKernelOrder(): S[] {
    return this.#lists.flatMap(list => list.toReversed())
  }
  /** Where a service that is here stands in that order. The place keeps its meaning when services come and go. */
  placeOf(service: S): ServicePlace {
    return { list: kernelList(service), number: this.#all.get(service)! }
  }
  /** Who stands at a place. */
  at({ list, number }: ServicePlace): S | undefined {
    const services = this.#lists[list] ?? []
    const service = services[this.#indexOf(number, services)]
    return service !== undefined && this.#all.get(service) === number ? service : undefined
  }
  /** Who comes behind a place in that order. */
  after({ list, number }: ServicePlace): S | undefined {
    const services = this.#lists[list] ?? []
    const index = this.#indexOf(number, services)
    if (index > 0) return services[index - 1]
    for (let at = list + 1; at < KERNEL_LISTS; at++) if (this.#lists[at]!.length > 0) return this.#lists[at]!.at(-1)
    return undefined
  }
  [Symbol.iterator](): Iterator<S> {
    return this.#all.keys()
  }

  /** How many of a list came before that number. */
  #indexOf(number: number, list: readonly S[]): number {
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#all.get(list[middle]!)! < number) low = middle + 1
      else high = middle
    }
    return low
  }

  #bucketOf(service: S): S[] {
    return this.#buckets[hash(service.protocol, service.addr, service.port) & (this.#buckets.length - 1)]!
  }
  #widen(): void {
    this.#buckets = emptyBuckets(this.#buckets.length * 2)
    for (const service of this.#all.keys()) if (service.mark === 0) this.#bucketOf(service).push(service)
  }
  #count({ mark, addr, port }: S, by: 1 | -1): void {
    if (port === 0) this.#portZero += by
    else if (port === FTP_PORT) this.#ftp += by
    if (mark !== 0) return
    const sharing = (this.#addresses.get(addr) ?? 0) + by
    if (sharing > 0) this.#addresses.set(addr, sharing)
    else this.#addresses.delete(addr)
  }
}

function emptyBuckets<S>(count: number): S[][] {
  return Array.from({ length: count }, () => [])
}

function hash(protocol: number, addr: number, port: number): number {
  const h = Math.imul(addr ^ (port << 16) ^ (port >>> 8) ^ protocol, 0x9e3779b1)
  return h ^ (h >>> 15)
}

/** A constant of the recorded kernel's namespace: it gives the recorded order. */
const NAMESPACE = 64

function kernelList({ mark, protocol, addr, port }: ServiceIdentity): number {
  if (mark !== 0) return 256 + (mark & 255)
  return ((protocol ^ addr ^ port ^ (port >>> 8)) & 255) ^ NAMESPACE
}
