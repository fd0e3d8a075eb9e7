import type { Hop } from './hop.js'
import type { Output } from './output.js'
import type { Packet } from '../packet/packet.js'
import { Verdict } from '../packet/verdict.js'
import type { Ipv4Addr } from '../wire/addr.js'

/** Sees each packet that the director itself makes, complete and routed, before it is sent. */
export interface OwnPackets {
  /** Gives a virtual service's answer the service's address. Returns the hop to take, `hop` or another; undefined: no route. */
  leaving(packet: Packet, hop: Hop): Hop | undefined
}

/**
 * Sends what the director makes as a host: resets, echo replies, ICMP errors. Packets of a connection whose real server is
 * the director itself leave with the virtual service's address (IPVS at LOCAL_OUT, ipvs-behaviour.md §6.1).
 */
export class OwnOutput {
  readonly #output: Output
  readonly #packets: OwnPackets

  constructor(output: Output, packets: OwnPackets) {
    this.#output = output
    this.#packets = packets
  }

  /** See Output. */
  route(dst: Ipv4Addr): Hop | undefined {
    return this.#output.route(dst)
  }
  transmit(packet: Packet, hop: Hop): Verdict {
    packet.largestPiece = 0
    const taken = this.#packets.leaving(packet, hop)
    return taken === undefined ? Verdict.DROP_NO_ROUTE : this.#output.transmit(packet, taken)
  }
}
