/*
 * A packet from a real server to a local address (LIP) of FULLNAT:
 * 1. its connection                   conn/fullnat-keys → else PASS
 * 2. a route to the client, TTL, MTU  path/way-out      → DROP_NO_ROUTE, DROP_TTL, DROP_TOO_BIG
 * 3. both addresses are rewritten     forward/fullnat   → BALANCED
 * An ICMP error takes the same steps; its checksum must be right (DROP_ICMP_CHECKSUM), and no error is sent about it.
 */
import * as fromRecord from '../../conn/record.js'
import { NONE } from '../../conn/record.js'
import type { Packet } from '../../packet/packet.js'
import { sentAs, Verdict } from '../../packet/verdict.js'
import type { Ipv4Addr } from '../../wire/addr.js'
import { Unreachable } from '../../wire/icmp.js'
import { translateAnswer } from './answer.js'
import { connectionOfAnswer, connectionOfQuoted, translateError } from './fullnat-lookup.js'
import type { Parts } from './parts.js'
import { checkTtl, noRoute, wayOut } from './way-out.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { BALANCED, DROP_ICMP_CHECKSUM, PASS } = Verdict
const { CADDR } = fromRecord

export class FullnatAnswers {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Takes an answer whose transport header has been parsed. */
  receive(packet: Packet, nowMs: number): Verdict {
    const { output, conns, watch } = this.#parts
    const conn = connectionOfAnswer(conns, packet)
    watch.witness?.lookedUp('fullnat', conn)
    if (conn === NONE) return PASS
    const client = conns.table.words[conn + CADDR]! as Ipv4Addr
    const hop = output.route(client)
    watch.witness?.routed(client, hop)
    if (hop === undefined) return noRoute(this.#parts, packet, client, Unreachable.NET, undefined, nowMs)
    const refused = wayOut(this.#parts, packet, hop, nowMs)
    if (refused !== PASS) return refused
    translateAnswer(this.#parts, packet, conn)
    const verdict = sentAs(BALANCED, output.transmit(packet, hop))
    conns.timers.restart(conn)
    return verdict
  }
  /** Takes an ICMP error; `embedded` points at its quoted packet. */
  error(packet: Packet, nowMs: number): Verdict {
    const { output, conns, watch } = this.#parts
    const conn = connectionOfQuoted(conns, this.#parts.embedded)
    watch.witness?.lookedUp('quoted-fullnat', conn)
    if (conn === NONE) return PASS
    if (!packet.icmp.checksumOk(packet.transportLen)) return DROP_ICMP_CHECKSUM
    const client = conns.table.words[conn + CADDR]! as Ipv4Addr
    const hop = output.route(client)
    watch.witness?.routed(client, hop)
    if (hop === undefined) return noRoute(this.#parts, packet, client, Unreachable.NET, undefined, nowMs)
    const refused = checkTtl(this.#parts, packet, undefined, nowMs)
    if (refused !== PASS) return refused
    packet.ip.decrementTtl()
    translateError(this.#parts, packet, conn)
    return sentAs(BALANCED, output.transmit(packet, hop))
  }
}
