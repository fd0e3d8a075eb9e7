import type { Ipv4Addr } from '../wire/addr.js'
import type { Service } from './service.js'

const FEWEST_BUCKETS = 256

/**
 * Services by (protocol, address, port), hashed: looked up for every packet that has no connection, so that the cost
 * must not grow with their number. `S`: what the owner keeps of a service.
 */
export class ServiceTable<S extends Service> {
  #buckets: S[][] = emptyBuckets(FEWEST_BUCKETS)
  /** In the order of their coming. */
  readonly #all: S[] = []

  get count(): number {
    return this.#all.length
  }

  find(protocol: number, addr: number, port: number): S | undefined {
    const bucket = this.#buckets[hash(protocol, addr, port) & (this.#buckets.length - 1)]!
    for (let i = 0; i < bucket.length; i++) {
      const service = bucket[i]!
      if (service.addr === addr && service.port === port && service.protocol === protocol) return service
    }
    return undefined
  }
  add(service: S): void {
    this.#all.push(service)
    if (this.#all.length > this.#buckets.length) this.#widen()
    else this.#bucketOf(service).push(service)
  }
  remove(service: S): void {
    const bucket = this.#bucketOf(service)
    bucket.splice(bucket.indexOf(service), 1)
    this.#all.splice(this.#all.indexOf(service), 1)
  }
  /** Whether some service has this virtual address. */
  hasAddress(addr: number): boolean {
    return this.#all.some(service => service.addr === addr)
  }
  /** As the kernel lists them: by its 256 buckets, the newest first in each (ipvs-behaviour.md §13, ip_vs). */
  inKernelOrder(): S[] {
    return this.#all.toReversed().sort((a, b) => kernelBucket(a) - kernelBucket(b))
  }
  [Symbol.iterator](): Iterator<S> {
    return this.#all[Symbol.iterator]()
  }

  #bucketOf(service: S): S[] {
    return this.#buckets[hash(service.protocol, service.addr, service.port) & (this.#buckets.length - 1)]!
  }
  #widen(): void {
    this.#buckets = emptyBuckets(this.#buckets.length * 2)
    for (const service of this.#all) this.#bucketOf(service).push(service)
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

function kernelBucket({ protocol, addr, port }: { protocol: number; addr: Ipv4Addr; port: number }): number {
  return ((protocol ^ addr ^ port ^ (port >>> 8)) & 255) ^ NAMESPACE
}
