import type { ConnIndex } from '../../conn/record.js'
import { Direction } from '../../conn/direction.js'
import type { Packet } from '../../packet/packet.js'
import { countOutbound, type Parts } from './parts.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { OUTBOUND } = Direction

/**
 * Gives a real server's packet the virtual service's source, counts it and moves the connection's state. The caller
 * restarts the timer.
 */
export function translateAnswer(
  parts: Pick<Parts, 'conns' | 'counters' | 'forwarders'>,
  packet: Packet,
  conn: ConnIndex,
): void {
  const { conns, counters, forwarders } = parts
  forwarders[conns.methodOf(conn)].outbound(packet, conn)
  countOutbound(counters, conns.destinationOf(conn), packet.ipLen)
  conns.states.packet(conn, packet.protocol, OUTBOUND, packet.signal)
}
