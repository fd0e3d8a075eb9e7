import type { Connections } from '../../conn/connections.js'
import { Direction } from '../../conn/direction.js'
import { ConnFlag, DPORT_PROTOCOL, FLAGS, type ConnIndex } from '../../conn/record.js'
import { TcpState } from '../../conn/tcp-states.js'
import { IpProtocol } from '../../wire/ipv4.js'

/** Whether the connection is in a state that an ACK, or a datagram, that goes this way does not change. */
export function isSteady(conns: Connections, conn: ConnIndex, direction: Direction): boolean {
  const { words } = conns.table
  if ((words[conn + DPORT_PROTOCOL]! & 0xff) !== IpProtocol.TCP) return true
  const moving = direction === Direction.INBOUND ? ConnFlag.INACTIVE : ConnFlag.INACTIVE | ConnFlag.NO_OUTPUT
  return conns.stateOf(conn) === TcpState.ESTABLISHED && (words[conn + FLAGS]! & moving) === 0
}
