import type { ConnIndex } from './record.js'

/** What connections tell the keeper of flows (director/offload/flow-keeper.ts), whose program forwards packets that we do not see. */
export interface ConnFlows {
  /** The connection's packets are to come up from now on: its state changes, or it is to end. */
  leave(conn: ConnIndex): void
  /** The connection is to have what it would have had its packets come up: their number, the time of the last one. */
  settle(conn: ConnIndex): void
  /** The connection ends now. */
  ended(conn: ConnIndex): void
  /** All connections have ended. */
  clear(): void
}
