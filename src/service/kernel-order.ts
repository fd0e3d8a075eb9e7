/** Where a service stands in the kernel's listing. */
export interface Placed {
  readonly mark: number
  readonly protocol: number
  /** Of an IPv6 service: its four words by exclusive or. */
  readonly addr: number
  readonly port: number
  /** Counts up with every service that is added. */
  readonly added: number
}

/** As the kernel lists them: by its 256 buckets, the newest first in each; then by marks (ipvs-behaviour.md §13, ip_vs). */
export function inKernelOrder<S extends Placed>(services: Iterable<S>): S[] {
  return [...services].sort((a, b) => bucket(a) - bucket(b) || b.added - a.added)
}

/** A constant of the recorded kernel's namespace: it gives the recorded order. */
const NAMESPACE = 64

function bucket({ mark, protocol, addr, port }: Placed): number {
  if (mark !== 0) return 256 + (mark & 255)
  return ((protocol ^ addr ^ port ^ (port >>> 8)) & 255) ^ NAMESPACE
}
