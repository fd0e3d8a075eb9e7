import { NONE } from '../../conn/record.js'
import type { Hop } from '../../forward/hop.js'
import type { OwnPackets } from '../../forward/own-output.js'
import type { Packet } from '../../packet/packet.js'
import { parseTransport } from '../../packet/parse.js'
import { Verdict } from '../../packet/verdict.js'
import { IpProtocol } from '../../wire/ipv4.js'
import { translateAnswer } from './answer.js'
import { connectionOfAnswer, connectionOfQuoted, translateError } from './fullnat-lookup.js'
import type { Parts } from './parts.js'
import { isError, relateOutbound } from './related-outbound.js'

export type OwnAnswersParts = Pick<
  Parts,
  'balancing' | 'conns' | 'counters' | 'embedded' | 'forwarders' | 'output' | 'watch'
>

/**
 * Gives the director's own packets in place of a real server (a reset, an ICMP error) the virtual service's source. That real
 * server is the director itself or does not answer (IPVS at LOCAL_OUT, ipvs-behaviour.md §6.1).
 */
export class OwnAnswers implements OwnPackets {
  readonly #parts: OwnAnswersParts

  constructor(parts: OwnAnswersParts) {
    this.#parts = parts
  }

  leaving(packet: Packet, hop: Hop): Hop | undefined {
    const { balancing, conns, output } = this.#parts
    if (balancing.count === 0) return hop
    if (packet.protocol === IpProtocol.ICMP) return this.#errorLeaving(packet, hop)
    if (parseTransport(packet) !== Verdict.PASS) return hop
    const ofFullnat = conns.fullnatKeys.count > 0 ? connectionOfAnswer(conns, packet) : NONE
    if (ofFullnat !== NONE) {
      translateAnswer(this.#parts, packet, ofFullnat)
      return output.route(packet.ip.dstAddr)
    }
    const { protocol, ip, srcPort, dstPort } = packet
    const conn = conns.table.lookupOutbound(protocol, ip.srcAddr, srcPort, ip.dstAddr, dstPort)
    if (conn === NONE) return hop
    translateAnswer(this.#parts, packet, conn)
    conns.timers.restart(conn)
    return hop
  }

  #errorLeaving(packet: Packet, hop: Hop): Hop | undefined {
    const { conns, embedded, output } = this.#parts
    if (relateOutbound(this.#parts, packet) !== Verdict.PASS || conns.fullnatKeys.count === 0) return hop
    if (!isError(packet) || !embedded.wrap(packet)) return hop
    const conn = connectionOfQuoted(conns, embedded)
    if (conn === NONE) return hop
    translateError(this.#parts, packet, conn)
    return output.route(packet.ip.dstAddr)
  }
}
