import type { Ipv4Addr } from '../wire/addr.js'
import { IpProtocol } from '../wire/ipv4.js'
import * as fromFtp from './ftp.js'
import type { Service } from './service.js'
import type { ServiceIdentity } from './service-identity.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { TCP } = IpProtocol
const { FTP_DATA_PORT, FTP_PORT } = fromFtp

const FEWEST_BUCKETS = 256
/** Linux's ip_unprivileged_port_start. */
const FIRST_UNPRIVILEGED_PORT = 1024

/**
 * Services by mark, or by (protocol, address, port), hashed. Every packet without a connection is looked up here, so the cost
 * must not grow with the number of services. `S`: the owner's type of a service.
 */
export class ServiceTable<S extends Service> {
  #buckets: S[][] = emptyBuckets(FEWEST_BUCKETS)
  readonly #byMark = new Map<number, S>()
  /** In the order of adding. */
  readonly #all = new Set<S>()
  /** Address → how many services have it. */
  readonly #addresses = new Map<Ipv4Addr, number>()
  /** The number of services of port 0 (those of a mark too) and of port 21. At 0 the lookup skips that step. */
  #portZero = 0
  #ftp = 0
  /** The number of services. A plain field, since every packet reads it. */
  count = 0

  /** Whether a service has this address. */
  hasAddress(addr: Ipv4Addr): boolean {
    return this.#addresses.has(addr)
  }

  /** The service of exactly this identity. */
  find(identity: ServiceIdentity): S | undefined {
    const { mark, protocol, addr, port } = identity
    return mark === 0 ? this.#exact(protocol, addr, port) : this.#byMark.get(mark)
  }
  /**
   * The service for a packet: by mark; by protocol, address and port; FTP data by the service of port 21; by the service of
   * port 0 (ipvs-behaviour.md §2.2).
   */
  lookup(mark: number, protocol: number, addr: Ipv4Addr, port: number): S | undefined {
    if (mark !== 0) {
      const service = this.#byMark.get(mark)
      if (service !== undefined) return service
    }
    const service = this.#exact(protocol, addr, port)
    if (service !== undefined) return service
    if (this.#ftp > 0 && protocol === TCP && (port === FTP_DATA_PORT || port >= FIRST_UNPRIVILEGED_PORT)) {
      const ftp = this.#exact(protocol, addr, FTP_PORT)
      if (ftp !== undefined) return ftp
    }
    return this.#portZero > 0 ? this.#exact(protocol, addr, 0) : undefined
  }
  #exact(protocol: number, addr: Ipv4Addr, port: number): S | undefined {
    const bucket = this.#buckets[hash(protocol, addr, port) & (this.#buckets.length - 1)]!
    for (let i = 0; i < bucket.length; i++) {
      const service = bucket[i]!
      if (service.addr === addr && service.port === port && service.protocol === protocol) return service
    }
    return undefined
  }
  add(service: S): void {
    this.#all.add(service)
    this.count++
    this.#count(service, 1)
    if (service.mark !== 0) this.#byMark.set(service.mark, service)
    else if (this.#all.size > this.#buckets.length) this.#widen()
    else this.#bucketOf(service).push(service)
  }
  remove(service: S): void {
    this.#all.delete(service)
    this.count--
    this.#count(service, -1)
    if (service.mark !== 0) this.#byMark.delete(service.mark)
    else {
      const bucket = this.#bucketOf(service)
      bucket.splice(bucket.indexOf(service), 1)
    }
  }
  [Symbol.iterator](): Iterator<S> {
    return this.#all.values()
  }

  #bucketOf(service: S): S[] {
    return this.#buckets[hash(service.protocol, service.addr, service.port) & (this.#buckets.length - 1)]!
  }
  #widen(): void {
    this.#buckets = emptyBuckets(this.#buckets.length * 2)
    for (const service of this.#all) if (service.mark === 0) this.#bucketOf(service).push(service)
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

function hash(protocol: number, addr: Ipv4Addr, port: number): number {
  const h = Math.imul(addr ^ (port << 16) ^ (port >>> 8) ^ protocol, 0x9e3779b1)
  return h ^ (h >>> 15)
}
