import type { Hop } from './hop.js'
import type { Output } from './output.js'
import type { Packet } from '../packet/packet.js'
import { Verdict } from '../packet/verdict.js'

/** Sees what the director itself says, complete and routed, before it is sent. */
export interface OwnPackets {
  /** Makes the packet its virtual service's, if it is an answer of one. Returns the hop it then takes, if any. */
  leaving(packet: Packet, hop: Hop): Hop | undefined
}

/**
 * The way out for what the director makes as a host: resets, echo replies, ICMP errors. What is said for a connection
 * whose real server is the director itself leaves as the virtual service's (IPVS at LOCAL_OUT, ipvs-behaviour.md §6.1).
 */
export class OwnOutput {
  readonly #output: Output
  packets: OwnPackets | undefined

  constructor(output: Output) {
    this.#output = output
  }

  /** As Output's. */
  route(dst: number): Hop | undefined {
    return this.#output.route(dst)
  }
  transmit(packet: Packet, hop: Hop): Verdict {
    packet.largestPiece = 0
    const taken = this.packets === undefined ? hop : this.packets.leaving(packet, hop)
    return taken === undefined ? Verdict.DROP_NO_ROUTE : this.#output.transmit(packet, taken)
  }
}
