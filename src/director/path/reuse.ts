import type { Connections } from '../../conn/connections.js'
import { ConnFlag, NONE, type ConnIndex } from '../../conn/record.js'
import { SctpEvent, SctpState } from '../../conn/sctp-states.js'
import { TcpState } from '../../conn/tcp-states.js'
import type { Sysctls } from '../../service/sysctls.js'
import { IpProtocol } from '../../wire/ipv4.js'
import { TcpFlag } from '../../wire/tcp.js'

/** Bit of conn_reuse_mode: reuse in FIN_WAIT too, if no answers are seen. */
const ONE_WAY_TOO = 2

/** Whether a packet begins a connection: TCP with SYN (SYN+ACK too), SCTP INIT (ipvs-behaviour.md §6.3). */
export function isNewConnection(protocol: number, signal: number): boolean {
  if (protocol === IpProtocol.TCP) return (signal & TcpFlag.SYN) !== 0
  return protocol === IpProtocol.SCTP && signal === SctpEvent.INIT
}

/**
 * Whether a packet that begins a connection replaces the existing one of the same addresses and ports: that one's real server
 * is quiescent (weight 0) and expire_nodest_conn is set, or that one is closed and conn_reuse_mode allows it.
 */
export function isReplaceable(conns: Connections, conn: ConnIndex, protocol: number, sysctls: Sysctls): boolean {
  if (sysctls.expireNodestConn !== 0 && conns.destinationOf(conn).weight === 0) return true
  if (sysctls.connReuseMode === 0 || conns.controllerOf(conn) !== NONE) return false
  const state = conns.stateOf(conn)
  if (protocol === IpProtocol.TCP) {
    if (state === TcpState.TIME_WAIT || state === TcpState.CLOSE) return true
    return (
      state === TcpState.FIN_WAIT && (sysctls.connReuseMode & ONE_WAY_TOO) !== 0 && conns.has(conn, ConnFlag.NO_OUTPUT)
    )
  }
  return state === SctpState.CLOSED
}
