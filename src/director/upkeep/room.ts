/*
 * Room in a full table, which the kernel's never is: a TCP connection that is half open (SYN_RECV, SYNACK), and of which no packet
 * has come for a second, ends early. They are what a flood of SYNs from spoofed sources leaves behind, each for a
 * minute: no client would get in before. All other connections stay, and a table that is full of them refuses.
 */
import type { Connections } from '../../conn/connections.js'
import { HZ } from '../../conn/jiffies.js'
import { DPORT_PROTOCOL, RECORD_WORDS, type ConnIndex } from '../../conn/record.js'
import { TcpState } from '../../conn/tcp-states.js'
import { IpProtocol } from '../../wire/ipv4.js'

/** Records that are looked at for one connection, so that work is bounded. */
const LOOKS = 32
/** A handshake that goes on takes less. */
const IDLE = 1 * HZ

export class Room {
  readonly #conns: Connections
  /** The number of the record that is looked at next: each in turn. */
  #next = 0

  constructor(conns: Connections) {
    this.#conns = conns
  }

  /** Ends half-open connections, but not `kept`, until there is room for `needed`, or as many records as we look at were none. */
  make(needed: number, kept: ConnIndex): void {
    const { table } = this.#conns
    for (let look = 0; look < LOOKS && table.capacity - table.count < needed; look++) {
      const conn = (this.#next * RECORD_WORDS) as ConnIndex
      this.#next = (this.#next + 1) % table.capacity
      if (conn !== kept && isHalfOpen(this.#conns, conn)) this.#conns.dropNow(conn)
    }
  }
}

/** A free record is not half open: its protocol is 0. */
function isHalfOpen(conns: Connections, conn: ConnIndex): boolean {
  if ((conns.table.words[conn + DPORT_PROTOCOL]! & 0xff) !== IpProtocol.TCP) return false
  const state = conns.stateOf(conn)
  if (state !== TcpState.SYN_RECV && state !== TcpState.SYNACK) return false
  return conns.childrenOf(conn) === 0 && conns.timers.isIdleFor(conn, IDLE)
}
