import type { Connections } from '../../conn/connections.js'
import { Direction } from '../../conn/direction.js'
import { keyAt, LADDR, LPORT } from '../../conn/fullnat-keys.js'
import { CADDR, CPORT_VPORT, DADDR, DPORT_PROTOCOL, VADDR, type ConnIndex } from '../../conn/record.js'
import type { FlowKey } from '../../packet/flow-table.js'
import { inFrame } from './flow-sums.js'

/** The keys of connections' flows. */
export class FlowKeys {
  readonly #conns: Connections
  readonly #key: FlowKey = { src: 0, dst: 0, ports: 0, protocol: 0 }

  constructor(conns: Connections) {
    this.#conns = conns
  }

  /** Overwritten by the next call. */
  of(conn: ConnIndex, direction: Direction): FlowKey {
    const { words } = this.#conns.table
    const key = this.#key
    const ports = words[conn + CPORT_VPORT]!
    const server = words[conn + DPORT_PROTOCOL]!
    key.protocol = server & 0xff
    if (direction === Direction.INBOUND) {
      key.src = inFrame(words[conn + CADDR]!)
      key.dst = inFrame(words[conn + VADDR]!)
      key.ports = inFrame(ports)
      return key
    }
    const { fullnatKeys } = this.#conns
    const hasLocalSide = fullnatKeys.has(conn)
    const mine = keyAt(conn)
    key.src = inFrame(words[conn + DADDR]!)
    key.dst = inFrame(hasLocalSide ? fullnatKeys.words[mine + LADDR]! : words[conn + CADDR]!)
    key.ports = inFrame((server & ~0xffff) | (hasLocalSide ? fullnatKeys.words[mine + LPORT]! : ports >>> 16))
    return key
  }
}
