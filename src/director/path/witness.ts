import type { Hop } from '../../forward/hop.js'
import type { ConnIndex } from '../../conn/record.js'
import type { Flow } from '../../packet/flow.js'
import type { Slab } from '../../packet/frame.js'
import type { Link } from '../../packet/link.js'
import type { FrameWitness } from '../../packet/frame-witness.js'
import type { Verdict } from '../../packet/verdict.js'
import type { Destination } from '../../service/destination.js'
import type { Ipv4Addr } from '../../wire/addr.js'
import type { ScheduledService } from '../rules/scheduled-service.js'

/** By which of its tables the path looked a connection up. */
export type LookUp =
  | 'inbound'
  | 'outbound'
  /** An answer to one of FULLNAT's local addresses. */
  | 'fullnat'
  /** By the packet that an ICMP error quotes. */
  | 'quoted-inbound'
  | 'quoted-outbound'
  | 'quoted-fullnat'

/** Why an open connection does not carry a packet of its addresses and ports. */
export type SetAside =
  /** The packet begins a connection, and may replace this one (path/reuse). */
  | 'replaced'
  /** Its real server has been deleted. */
  | 'gone'

/**
 * Asked of each frame that comes in, before anything is read of it, who is to be told; undefined: nobody. The frame's octets are not
 * the watcher's to change. Neither it nor the witness may throw.
 */
export type Watcher = (link: Link, slab: Slab, at: number, len: number) => Witness | undefined

/** Whether the watcher is to see the packets of a flow, by its addresses and ports as they come in: the flow program leaves those to the director. */
export type FlowWatch = (protocol: number, src: Ipv4Addr, srcPort: number, dst: Ipv4Addr, dstPort: number) => boolean

/** Is told what the path decides of one packet, in that order, while it decides. It changes nothing. */
export interface Witness extends FrameWitness {
  /** `conn` NONE: there is none. Before the packet is counted or moves its state. */
  lookedUp(by: LookUp, conn: ConnIndex): void
  setAside(conn: ConnIndex, why: SetAside): void
  /** The virtual service for it, by its mark or its address and port. */
  service(service: ScheduledService | undefined, mark: number): void
  /** A persistent service's template for the client; NONE: there is none, or none that may be used. */
  template(conn: ConnIndex): void
  /** The scheduler is about to be asked; `flow` is what it sees. */
  choosing(service: ScheduledService, flow: Flow): void
  chosen(dest: Destination | undefined): void
  /** The packet goes to its real server or client; `hop` undefined: there is no route to `to`. */
  routed(to: Ipv4Addr, hop: Hop | undefined): void
  /** The last that it is told. */
  decided(verdict: Verdict): void
}
