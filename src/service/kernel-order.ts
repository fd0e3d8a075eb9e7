/** What the kernel's order goes by. */
export interface Placed {
  readonly mark: number
  readonly protocol: number
  /** Of an IPv6 service: its four words by exclusive or. */
  readonly addr: number
  readonly port: number
}

/** The kernel's lists: 256 of addresses, then 256 of marks. */
const KERNEL_LISTS = 512

/** A place in the kernel's order: which of its lists, and the number there, which falls. */
export interface ServicePlace {
  list: number
  number: number
}
/** Before the first service. */
export const FIRST_PLACE: ServicePlace = { list: 0, number: Infinity }

/** Services as the kernel lists them: by its buckets, the newest first in each; then by marks (ipvs-behaviour.md §13, ip_vs). */
export class KernelOrder<S extends Placed> {
  /** Each with its number in the order of their coming. */
  readonly #all = new Map<S, number>()
  #next = 0
  /** The same by the kernel's lists, the newest last. */
  readonly #lists: S[][] = Array.from({ length: KERNEL_LISTS }, () => [])

  add(service: S): void {
    this.#all.set(service, this.#next++)
    this.#lists[kernelList(service)]!.push(service)
  }
  remove(service: S): void {
    const list = this.#lists[kernelList(service)]!
    list.splice(this.#indexOf(this.#all.get(service)!, list), 1)
    this.#all.delete(service)
  }
  /** All of them. */
  listed(): S[] {
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
}

/** A constant of the recorded kernel's namespace: it gives the recorded order. */
const NAMESPACE = 64

function kernelList({ mark, protocol, addr, port }: Placed): number {
  if (mark !== 0) return 256 + (mark & 255)
  return ((protocol ^ addr ^ port ^ (port >>> 8)) & 255) ^ NAMESPACE
}
