import { SctpChunk, type SctpView } from '../wire/sctp.js'

// The columns of conn/sctp-states.ts, by chunk type; DATA for any other type (ipvs-behaviour.md §5.3).
const DATA = 0
const ABORT = 9
const eventOf = new Uint8Array(256)
eventOf[SctpChunk.INIT] = 1
eventOf[SctpChunk.INIT_ACK] = 2
eventOf[SctpChunk.COOKIE_ECHO] = 3
eventOf[SctpChunk.COOKIE_ACK] = 4
eventOf[SctpChunk.SHUTDOWN] = 5
eventOf[SctpChunk.SHUTDOWN_ACK] = 6
eventOf[SctpChunk.SHUTDOWN_COMPLETE] = 7
eventOf[SctpChunk.ERROR] = 8
eventOf[SctpChunk.ABORT] = ABORT

/** The column for a packet of `len` octets: its first chunk's, or ABORT's if an ABORT follows a COOKIE-ECHO or COOKIE-ACK. */
export function sctpEvent(sctp: SctpView, len: number): number {
  const first = sctp.firstChunk
  const isCookie = first === SctpChunk.COOKIE_ECHO || first === SctpChunk.COOKIE_ACK
  if (isCookie && sctp.secondChunk(len) === SctpChunk.ABORT) return ABORT
  return eventOf[first] ?? DATA
}
