import type { Connections } from '../../conn/connections.js'
import type { Watch } from '../../packet/frame-witness.js'
import type { AddressHandOver } from '../../forward/address-hand-over.js'
import type { Forwarders } from '../../forward/forwarders.js'
import type { IcmpErrors } from '../../forward/icmp-error.js'
import type { Output } from '../../forward/output.js'
import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Routes } from '../../neigh/routes.js'
import type { Embedded } from '../../packet/embedded.js'
import type { Reassembly } from '../../packet/reassembly.js'
import type { Counters } from '../../service/counters.js'
import type { Destination } from '../../service/destination.js'
import type { Balancing } from '../rules/balancing.js'
import type { Marks } from '../../service/marks.js'
import type { Sysctls } from '../../service/sysctls.js'
import type { Host } from './host.js'
import type { KernelSide } from './kernel-side.js'
import type { Opener } from './opener.js'
import type { Witness } from './witness.js'

/** The parts that the steps of the path share. Made once (director/assemble.ts). */
export interface Parts {
  readonly ownAddresses: OwnAddresses
  readonly output: Output
  readonly routes: Routes
  readonly errors: IcmpErrors
  readonly host: Host
  readonly kernel: KernelSide
  readonly conns: Connections
  readonly counters: Counters
  readonly balancing: Balancing
  readonly embedded: Embedded
  readonly sysctls: Sysctls
  readonly marks: Marks
  readonly opener: Opener
  readonly forwarders: Forwarders
  readonly reassembly: Reassembly
  readonly handOver: AddressHandOver
  readonly watch: Watch<Witness>
}

/** Counts an inbound packet of a connection. A deleted destination counts nothing (ipvs-behaviour.md §11.1). */
export function countInbound(counters: Counters, dest: Destination, octets: number): void {
  if (!dest.available) return
  counters.inboundOf(dest.counters, dest.serviceCounters, octets)
}

/** Counts an outbound packet of a connection. */
export function countOutbound(counters: Counters, dest: Destination, octets: number): void {
  if (!dest.available) return
  counters.outboundOf(dest.counters, dest.serviceCounters, octets)
}
