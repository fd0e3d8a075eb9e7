import type { Connections } from '../conn/connections.js'
import type { ConnIndex } from '../conn/record.js'
import type { Packet } from '../packet/packet.js'
import type { Verdict } from '../packet/verdict.js'
import type { Forwarder } from './forwarder.js'
import type { PieceSink } from './fragmenter.js'
import type { Hop } from './hop.js'
import type { Output } from './output.js'
import type { Tunnels } from './tunnel.js'

/**
 * Tunneling, `-i`: the unchanged packet inside another (tunnel.ts). The real server has the VIP too and answers the
 * client itself.
 */
export class Tun implements Forwarder, PieceSink {
  readonly #conns: Connections
  readonly #output: Output
  readonly #tunnels: Tunnels

  constructor(conns: Connections, output: Output, tunnels: Tunnels) {
    this.#conns = conns
    this.#output = output
    this.#tunnels = tunnels
  }

  inbound(): void {}
  relatedInbound(): void {}
  outbound(): void {}
  relatedOutbound(): void {}

  overhead(conn: ConnIndex): number {
    return this.#tunnels.overhead(this.#conns.destinationOf(conn))
  }
  growth(): number {
    return 0
  }
  get refusesLarge(): boolean {
    return this.#tunnels.looksForMtu
  }
  send(packet: Packet, conn: ConnIndex, hop: Hop): Verdict {
    hop.tunnel = this.#conns.destinationOf(conn)
    return packet.vnet.gsoSize === 0 ? this.piece(packet, hop) : this.#output.segment(packet, hop, this)
  }
  /** Wraps a packet, or a segment of one, and sends it. */
  piece(packet: Packet, hop: Hop): Verdict {
    this.#tunnels.wrap(packet, hop.tunnel!, this.#output.source(hop), hop.dst)
    return this.#output.transmit(packet, hop)
  }
}
