import type { Connections } from '../../conn/connections.js'
import { Direction } from '../../conn/direction.js'
import { IN_PKTS, type ConnIndex } from '../../conn/record.js'

/** Packets of its client after which a flow is entered: of a service that nothing is known of, of one with long connections, of one with short ones. */
const UNKNOWN = 4
export const EARLIEST = 2
export const LATEST = 8
/** A short connection's client sends at most so many before it ends: with so few a flow costs more to enter and withdraw than it saves. */
const SHORT = 6
/** A connection counts as one of so many packets at most: a long one among short ones tells little. */
const MOST = 16
/** A new connection's share of the mean is 1 / 2^SHARE_BITS, and the mean is kept in such units. */
const SHARE_BITS = 4

/**
 * When a connection's flows are entered: after a given number of its client's packets, or by how many the clients of its service's last connections
 * sent until those began to end.
 */
export class WhenEntered {
  readonly #conns: Connections
  readonly #words: Int32Array
  readonly #given: number | undefined
  /** By a service's row of counters, the mean; 0: no connection has ended. */
  #means = new Int32Array(64)

  /** `given`: after so many packets, whichever service it is of. */
  constructor(conns: Connections, given: number | undefined) {
    this.#conns = conns
    this.#words = conns.table.words
    this.#given = given
  }

  /** After how many packets, at the earliest and at the latest. */
  get earliest(): number {
    return this.#given ?? EARLIEST
  }
  get latest(): number {
    return this.#given ?? LATEST
  }

  /** Packets of its client until this direction's flow is entered. The answers' is entered one packet earlier, else one more answer would come up. */
  after(conn: ConnIndex, direction: Direction): number {
    const after = this.#given ?? this.#learnt(this.#conns.destinationOf(conn).serviceCounters)
    return direction === Direction.INBOUND ? after : after - 1
  }
  isDue(conn: ConnIndex, direction: Direction): boolean {
    const packets = this.#words[conn + IN_PKTS]! >>> 0
    return packets >= this.earliest - 1 && (packets >= this.latest || packets >= this.after(conn, direction))
  }

  /** The connection begins to end: no more packets are as those before. */
  ends(conn: ConnIndex): void {
    if (this.#given !== undefined || this.#conns.templates.is(conn)) return
    const service = this.#conns.destinationOf(conn).serviceCounters
    if (service >= this.#means.length) this.#grow(service)
    const packets = Math.min(this.#words[conn + IN_PKTS]! >>> 0, MOST) << SHARE_BITS
    const mean = this.#means[service]!
    this.#means[service] = mean === 0 ? packets : mean + ((packets - mean) >> SHARE_BITS)
  }

  #learnt(service: number): number {
    const mean = service < this.#means.length ? this.#means[service]! : 0
    if (mean === 0) return UNKNOWN
    return mean > SHORT << SHARE_BITS ? EARLIEST : LATEST
  }
  #grow(service: number): void {
    const wider = new Int32Array(2 ** (32 - Math.clz32(service)))
    wider.set(this.#means)
    this.#means = wider
  }
}
