/** The fields that decide a service's place in the kernel's order. */
export interface Placed {
  readonly mark: number
  readonly protocol: number
  /** Of an IPv6 service: the exclusive or of its four words. */
  readonly addr: number
  readonly port: number
}

/** The kernel's hash buckets: 256 for services by address, then 256 for services by mark. */
const KERNEL_LISTS = 512

/** A place in the kernel's order: the bucket, and a number which falls along the bucket's list. */
export interface ServicePlace {
  list: number
  number: number
}
/** Before the first service. */
export const FIRST_PLACE: ServicePlace = { list: 0, number: Infinity }

/** Services in the kernel's order: bucket by bucket, newest first in each; marks last (ipvs-behaviour.md §13, ip_vs). */
export class KernelOrder<S extends Placed> {
  /** Each service's number, in the order of adding. */
  readonly #all = new Map<S, number>()
  #next = 0
  #revision = 0
  /** The same by bucket, newest last. */
  readonly #lists: S[][] = Array.from({ length: KERNEL_LISTS }, () => [])

  /** Another number whenever other services are listed, or something else of one: its settings, its real servers. */
  get revision(): number {
    return this.#revision
  }
  /** Something of a service that is listed has changed. */
  changed(): void {
    this.#revision++
  }
  add(service: S): void {
    this.#revision++
    this.#all.set(service, this.#next++)
    this.#lists[kernelList(service)]!.push(service)
  }
  remove(service: S): void {
    this.#revision++
    const list = this.#lists[kernelList(service)]!
    list.splice(this.#indexOf(this.#all.get(service)!, list), 1)
    this.#all.delete(service)
  }
  listed(): S[] {
    return this.#lists.flatMap(list => list.toReversed())
  }
  /** The place of a service, which must be in here. It stays valid when other services are added or removed. */
  placeOf(service: S): ServicePlace {
    return { list: kernelList(service), number: this.#all.get(service)! }
  }
  /** The service at a place. */
  at({ list, number }: ServicePlace): S | undefined {
    const services = this.#lists[list] ?? []
    const service = services[this.#indexOf(number, services)]
    return service !== undefined && this.#all.get(service) === number ? service : undefined
  }
  /** The first service behind a place. */
  after({ list, number }: ServicePlace): S | undefined {
    const services = this.#lists[list] ?? []
    const index = this.#indexOf(number, services)
    if (index > 0) return services[index - 1]
    for (let at = list + 1; at < KERNEL_LISTS; at++) if (this.#lists[at]!.length > 0) return this.#lists[at]!.at(-1)
    return undefined
  }

  /** How many services of the list have a lower number. */
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
}

/** A constant of the network namespace in the recorded kernel. This value gives the recorded order. */
const NAMESPACE = 64

function kernelList({ mark, protocol, addr, port }: Placed): number {
  if (mark !== 0) return 256 + (mark & 255)
  return ((protocol ^ addr ^ port ^ (port >>> 8)) & 255) ^ NAMESPACE
}
