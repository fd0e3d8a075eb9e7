import type { Output } from './output.js'
import type { Packet } from '../packet/packet.js'
import { Verdict } from '../packet/verdict.js'
import type { Port } from '../packet/link.js'

/** Sees what the director itself says, before it is sent. */
export interface OwnPackets {
  /** Makes it its virtual service's, if it is an answer of one. */
  leaving(packet: Packet): void
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

  route(dst: number): boolean {
    return this.#output.route(dst)
  }
  get port(): Port {
    return this.#output.port
  }
  get mtu(): number {
    return this.#output.mtu
  }
  transmit(packet: Packet): Verdict {
    packet.largestPiece = 0
    this.packets?.leaving(packet)
    return this.#output.transmit(packet)
  }
}
