import type { Connections } from '../../conn/connections.js'
import { NEXT, NONE, type ConnIndex } from '../../conn/record.js'

/** In one turn of the loop, so many buckets are looked at, and fewer if so many of them hold connections. */
const PER_TURN = 262_144
const HELD_PER_TURN = 16_384

/**
 * Ends connections whose destination has been deleted, a share of the table a turn (sysctl expire_nodest_conn,
 * ipvs-behaviour.md §4.7): each that has no children, and then its controller, even an assured template.
 */
export class Orphans {
  readonly #conns: Connections
  /** The next bucket to look at; past the end when there is nothing to do. */
  #bucket = Infinity

  constructor(conns: Connections) {
    this.#conns = conns
  }

  /** Something was deleted: look through the whole table, from the next turn on. */
  look(): void {
    this.#bucket = 0
  }
  /** There is more to do next turn. */
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

  /** Ends the first orphan of the bucket; others, and the bucket's order, may have gone with it. */
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
