import type { Connections } from '../../conn/connections.js'
import { NEXT, NONE, type ConnIndex } from '../../conn/record.js'

/** The most buckets in one turn of the loop, and the number of non-empty ones after which it stops earlier. */
const PER_TURN = 262_144
const HELD_PER_TURN = 16_384

/**
 * Ends connections whose destination was deleted, a share of the table a turn (sysctl expire_nodest_conn, ipvs-behaviour.md
 * §4.7): each that has no children, then its controller if no others remain, even an assured template.
 */
export class Orphans {
  readonly #conns: Connections
  /** The next bucket; past the end when there is nothing to do. */
  #bucket = Infinity

  constructor(conns: Connections) {
    this.#conns = conns
  }

  /** A destination was deleted: begins a pass over the table in the next turn. */
  look(): void {
    this.#bucket = 0
  }
  /** Whether a pass is in progress. */
  get isLooking(): boolean {
    return this.#bucket < this.#conns.table.buckets
  }
  poll(): void {
    const { table } = this.#conns
    if (!this.isLooking) return
    const end = Math.min(this.#bucket + PER_TURN, table.buckets)
    for (let left = HELD_PER_TURN; this.#bucket < end && left > 0; this.#bucket++) {
      if (table.bucketHead(this.#bucket) === NONE) continue
      while (this.#endOneOf(table.bucketHead(this.#bucket))) left--
      left--
    }
  }

  /** Ends the first orphan of the bucket. That may end others and change the bucket. Returns whether there was one. */
  #endOneOf(head: ConnIndex): boolean {
    const conns = this.#conns
    let conn = head
    while (conn !== NONE && (conns.destinationOf(conn).available || conns.childrenOf(conn) > 0))
      conn = conns.table.words[conn + NEXT]! as ConnIndex
    if (conn === NONE) return false
    const controller = conns.controllerOf(conn)
    conns.dropNow(conn)
    if (controller !== NONE && conns.childrenOf(controller) === 0) conns.dropNow(controller)
    return true
  }
}
