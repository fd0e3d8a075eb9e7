import type { Connections } from '../../conn/connections.js'
import { DADDR, DPORT_PROTOCOL, type ConnIndex } from '../../conn/record.js'
import { KEPT_LADDR, KEPT_LOCAL } from '../../packet/kept-flow.js'
import type { Service } from '../../service/service.js'
import type { Ipv4Addr } from '../../wire/addr.js'

/** Gives FULLNAT connections of another director the local sides that they had there. */
export class LocalSides {
  readonly #conns: Connections

  constructor(conns: Connections) {
    this.#conns = conns
  }

  /** Whether the local address of a kept flow's record is the service's already. */
  mayClaim({ localAddresses }: Service, records: Int32Array, at: number): boolean {
    return localAddresses.includes(records[at + KEPT_LADDR]! as Ipv4Addr)
  }
  /** Returns whether the local side was free. */
  claim(conn: ConnIndex, records: Int32Array, at: number): boolean {
    const { fullnatKeys, table } = this.#conns
    const { ports } = fullnatKeys
    const server = table.words[conn + DPORT_PROTOCOL]!
    const laddr = records[at + KEPT_LADDR]! as Ipv4Addr
    const local = records[at + KEPT_LOCAL]!
    const pool = ports.poolOf(server & 0xff, laddr, table.words[conn + DADDR]! as Ipv4Addr, server >>> 16)
    if (!ports.claim(pool, local >>> 16)) return false
    fullnatKeys.insert(conn, laddr, local >>> 16, pool, local & 0xffff)
    return true
  }
}
