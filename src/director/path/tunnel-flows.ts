import { Direction } from '../../conn/direction.js'
import * as fromRecord from '../../conn/record.js'
import { ConnFlag, type ConnIndex } from '../../conn/record.js'
import type { Tunnels } from '../../forward/tunnel.js'
import type { Neighbours } from '../../neigh/neighbours.js'
import { FlowForm } from '../../packet/flow-slot.js'
import type { Destination } from '../../service/destination.js'
import { Method, TunnelType } from '../../service/method.js'
import type { Sysctls } from '../../service/sysctls.js'
import { isLoopback, type Ipv4Addr } from '../../wire/addr.js'
import { EtherType } from '../../wire/ethernet.js'
import * as fromIpv4 from '../../wire/ipv4.js'
import { IpProtocol } from '../../wire/ipv4.js'
import type { FlowKeeper } from '../offload/flow-keeper.js'
import { emptyChange, formOf } from '../offload/slot-writer.js'
import type { Parts } from './parts.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { INBOUND } = Direction
const { OF_HOST, SAMPLED } = ConnFlag
const { TUNNEL } = Method
const { GRE, GUE, IPIP } = TunnelType
const { IPV4 } = EtherType
const { TCP } = IpProtocol
const { CADDR, CPORT_VPORT, DADDR, DPORT_PROTOCOL, VADDR } = fromRecord
const { IPV4_LEAST_MTU } = fromIpv4

/** Of a slot, by the tunnel's type. */
const FORM = {
  [TunnelType.IPIP]: FlowForm.TUNNEL,
  [TunnelType.GRE]: FlowForm.TUNNEL | FlowForm.GRE,
  [TunnelType.GUE]: FlowForm.TUNNEL | FlowForm.GUE,
} as const

/**
 * Has the flow program forward clients' packets that go into tunnels. GRE and GUE with a checksum stay here, as it covers the payload;
 * so do all tunnels while pmtu_disc is 0, as the director counts their outer headers' identifications.
 */
export class TunnelFlows {
  readonly #parts: Parts
  readonly #neighbours: Neighbours
  readonly #flows: FlowKeeper
  readonly #tunnels: Tunnels
  readonly #change = emptyChange()

  constructor(parts: Parts, neighbours: Neighbours, flows: FlowKeeper, tunnels: Tunnels) {
    this.#tunnels = tunnels
    this.#parts = parts
    this.#neighbours = neighbours
    this.#flows = flows
  }

  /** A packet of the connection has gone to its real server, and was counted. */
  balanced(conn: ConnIndex, hasDf: boolean): void {
    const { conns, output, ownAddresses, sysctls } = this.#parts
    if (conns.has(conn, SAMPLED | OF_HOST)) return // each packet is recorded, or comes by the loopback interface
    if (conns.methodOf(conn) !== TUNNEL || !this.#flows.wants(conn, INBOUND)) return
    const { words } = conns.table
    const daddr = words[conn + DADDR]! as Ipv4Addr
    const dest = conns.destinationOf(conn)
    if (!mayBeWrapped(dest, sysctls)) return
    if (!hasDf) return this.#flows.keepOut(conn, INBOUND)
    if (ownAddresses.has(daddr) || isLoopback(daddr)) return
    const hop = output.route(daddr)
    if (hop === undefined) return
    const mtu = hop.mtu - this.#tunnels.overhead(dest)
    if (mtu < IPV4_LEAST_MTU) return
    const neighbour = this.#neighbours.usable(hop.link, hop.nextHop)
    if (neighbour === undefined) return
    this.#change.toSrc = output.source(hop)
    this.#change.toDst = daddr
    this.#change.toPorts = this.#behindOuter(conn, dest)
    const isTcp = (words[conn + DPORT_PROTOCOL]! & 0xff) === TCP
    const form = formOf(true, false, isTcp && dest.believesToa) | FORM[dest.tunnelType]
    this.#flows.take(conn, INBOUND, form, mtu, neighbour, this.#change)
  }
  /** The word behind the outer IPv4 header. */
  #behindOuter(conn: ConnIndex, { tunnelType, tunnelPort }: Destination): number {
    const { words } = this.#parts.conns.table
    switch (tunnelType) {
      case IPIP:
        return 0
      case GRE:
        return IPV4
      case GUE: {
        const srcPort = this.#tunnels.sourcePort(words[conn + CADDR]!, words[conn + VADDR]!, words[conn + CPORT_VPORT]!)
        return (srcPort << 16) | tunnelPort
      }
    }
  }
}

/** Whether the program can make the headers of the real server's tunnel. */
export function mayBeWrapped({ tunnelType, tunnelFlags }: Destination, { pmtuDisc }: Sysctls): boolean {
  return (tunnelType === IPIP || tunnelFlags === 0) && pmtuDisc !== 0
}
