import type { Connections } from '../../conn/connections.js'
import { ConnFlag, NONE, type ConnIndex } from '../../conn/record.js'
import { SctpEvent, SctpState } from '../../conn/sctp-states.js'
import { TcpState } from '../../conn/tcp-states.js'
import type { Sysctls } from '../../service/sysctls.js'
import { IpProtocol } from '../../wire/ipv4.js'
import { TcpFlag } from '../../wire/tcp.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { NO_OUTPUT } = ConnFlag
const { INIT } = SctpEvent
const { CLOSED } = SctpState
const { CLOSE, FIN_WAIT, TIME_WAIT } = TcpState
const { SCTP, TCP } = IpProtocol
const { SYN } = TcpFlag

/** Bit of conn_reuse_mode: reuse in FIN_WAIT too, if no answers are seen. */
const ONE_WAY_TOO = 2

/** Whether a packet begins a connection: TCP with SYN (SYN+ACK too), SCTP INIT (ipvs-behaviour.md §6.3). */
export function isNewConnection(protocol: number, signal: number): boolean {
  if (protocol === TCP) return (signal & SYN) !== 0
  return protocol === SCTP && signal === INIT
}

/**
 * Whether a packet that begins a connection replaces the existing one of the same addresses and ports: that one's real server
 * is quiescent (weight 0) and expire_nodest_conn is set, or that one is closed and conn_reuse_mode allows it.
 */
export function isReplaceable(conns: Connections, conn: ConnIndex, protocol: number, sysctls: Sysctls): boolean {
  if (sysctls.expireNodestConn !== 0 && conns.destinationOf(conn).weight === 0) return true
  if (sysctls.connReuseMode === 0 || conns.controllerOf(conn) !== NONE) return false
  const state = conns.stateOf(conn)
  if (protocol === TCP) {
    if (state === TIME_WAIT || state === CLOSE) return true
    return state === FIN_WAIT && (sysctls.connReuseMode & ONE_WAY_TOO) !== 0 && conns.has(conn, NO_OUTPUT)
  }
  return state === CLOSED
}
