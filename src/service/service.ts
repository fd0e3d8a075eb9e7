import type { Ipv4Addr } from '../wire/addr.js'
import type { Destination } from './destination.js'

/** A virtual service: what is balanced, over whom. */
export class Service {
  readonly protocol: number
  readonly addr: Ipv4Addr
  readonly port: number
  /** Newest first: the order in which the kernel's schedulers walk them (ipvs-behaviour.md §2.3). */
  readonly destinations: Destination[] = []
  /** Its row of counters. */
  readonly counters: number

  constructor(protocol: number, addr: Ipv4Addr, port: number, counters: number) {
    this.protocol = protocol
    this.addr = addr
    this.port = port
    this.counters = counters
  }

  destination(addr: number, port: number): Destination | undefined {
    return this.destinations.find(dest => dest.addr === addr && dest.port === port)
  }
}
