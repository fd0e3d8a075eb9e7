import type { Ipv4Addr } from '../wire/addr.js'

/** Identifies a virtual service: by mark, or by protocol, address and port (ipvs-behaviour.md §2.1). */
export interface ServiceIdentity {
  /** 6 (TCP) for a service of a mark. */
  readonly protocol: number
  readonly addr: Ipv4Addr
  readonly port: number
  /** 0: none. Unsigned. */
  readonly mark: number
}
