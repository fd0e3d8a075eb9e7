import type { ConnIndex } from '../conn/record.js'
import type { Packet } from '../packet/packet.js'
import type { Verdict } from '../packet/verdict.js'
import type { Forwarder } from './forwarder.js'
import type { Hop } from './hop.js'
import type { Transmitter } from './output.js'

/**
 * Direct routing, `-g`: the unchanged packet to the real server's MAC. The real server has the VIP too and answers the
 * client itself.
 */
export class Dr implements Forwarder {
  readonly refusesLarge = true
  readonly #output: Transmitter

  constructor(output: Transmitter) {
    this.#output = output
  }

  inbound(): void {}
  relatedInbound(): void {}
  outbound(): void {}
  relatedOutbound(): void {}

  overhead(): number {
    return 0
  }
  growth(): number {
    return 0
  }
  send(packet: Packet, _conn: ConnIndex, hop: Hop): Verdict {
    return this.#output.transmit(packet, hop)
  }
}
