/*
 * The kernel's SCTP transition tables (ipvs-behaviour.md §5.3). An event is the type of a packet's first chunk (RFC 9260
 * §3.2).
 */
import { HZ } from './jiffies.js'
import { parseTransitions, type TransitionTable } from './transitions.js'

export const SctpState = {
  NONE: 0,
  INIT1: 1,
  INIT: 2,
  COOKIE_SENT: 3,
  COOKIE_REPLIED: 4,
  COOKIE_WAIT: 5,
  COOKIE: 6,
  COOKIE_ECHOED: 7,
  ESTABLISHED: 8,
  SHUTDOWN_SENT: 9,
  SHUTDOWN_RECEIVED: 10,
  SHUTDOWN_ACK_SENT: 11,
  REJECTED: 12,
  CLOSED: 13,
} as const

/** Names by state, as `ipvsadm -Lc` prints them. */
export const sctpStateNames = [
  'NONE',
  'INIT1',
  'INIT',
  'C-SENT',
  'C-REPLIED',
  'C-WAIT',
  'COOKIE',
  'C-ECHOED',
  'ESTABLISHED',
  'S-SENT',
  'S-RECEIVED',
  'S-ACK-SENT',
  'REJECTED',
  'CLOSED',
]

/** Timeouts by state, in jiffies. */
export const sctpTimeouts = Int32Array.of(2, 4, 61, 61, 61, 61, 61, 61, 900, 61, 61, 61, 4, 61).map(s => s * HZ)

/** The columns of the tables. */
export const SctpEvent = {
  DATA: 0,
  INIT: 1,
  INIT_ACK: 2,
  COOKIE_ECHO: 3,
  COOKIE_ACK: 4,
  SHUTDOWN: 5,
  SHUTDOWN_ACK: 6,
  SHUTDOWN_COMPLETE: 7,
  ERROR: 8,
  ABORT: 9,
} as const

const CODES = ['NO', 'I1', 'IN', 'CS', 'CR', 'CW', 'CO', 'CE', 'ES', 'SS', 'SR', 'SA', 'RJ', 'CL']
const EVENTS = 10

const next = parseTransitions(CODES, EVENTS, [
  `
  NO ES I1 CW CR ES SR CL CL CL CL
  I1 I1 IN CW IN I1 I1 IN CL I1 CL
  IN IN IN CW IN IN IN IN CL IN CL
  CS CS CS CS CR CS CS CS CS CS CL
  CR CR CR CR CR CR CR CR CR CR CL
  CW CW CW CO CW CW CW CW CW CW RJ
  CO CO CO CO CO CO CO CO CO CO CL
  CE CE CE CE CE ES CE CE CE CL CL
  ES ES ES ES ES ES SR ES ES ES CL
  SS SS SS SS SS SS SS CL SS SS CL
  SR SR SR SR SR SR SR SR SR SR CL
  SA SA SA SA SA SA SA CL CL SA CL
  RJ RJ IN RJ RJ RJ RJ RJ RJ RJ CL
  CL CL IN CL CL CL CL CL CL CL CL`,
  `
  NO ES CW CS CE ES SS SA CL CL CL
  I1 I1 CW CS CE ES SS SA I1 CL RJ
  IN IN CW CS CE ES SS SA IN CL CL
  CS CS CW CS CE ES SS SA CS CL CL
  CR CR CW CR CE ES SS SA CR CL CL
  CW CW CW CW CE ES SS CW CW CW CL
  CO CO CW CO CE ES SS CO CO CO CL
  CE CE CW CE CE ES SS CE CE CE CL
  ES ES ES ES ES ES SS ES ES ES CL
  SS SS CW SS SS SS SS SA SS SS CL
  SR SR CW SR SR SR SR SA SR SR CL
  SA SA CW SA SA SA SA SA SA SA CL
  RJ RJ CW RJ RJ RJ RJ RJ RJ RJ CL
  CL CL CW CL CL CL CL CL CL CL CL`,
  `
  NO ES I1 CE ES ES SR CL CL CL CL
  I1 I1 IN CE ES I1 I1 IN CL I1 CL
  IN IN IN CE ES IN IN IN CL IN CL
  CS CS IN CE ES ES CS CS CL CS CL
  CR CR IN CE ES ES CR CR CL CR CL
  CW ES IN CE ES CW CW CW CW CW RJ
  CO CO CO CO CO ES CO CO CO CO CL
  CE CE CE CE CE ES CE CE CE CE CL
  ES ES ES ES ES ES SR CL ES ES CL
  SS SS SS SS SS SS SS CL SS SS CL
  SR SR SR SR SR SR SR SR CL SR CL
  SA SA SA SA SA SA SA CL CL SA CL
  RJ RJ IN RJ RJ RJ RJ RJ RJ RJ CL
  CL CL IN CL CL CL CL CL CL CL CL`,
])

export function nextSctpState(state: number, table: TransitionTable, event: number): number {
  return next[(table * CODES.length + state) * EVENTS + event]!
}
