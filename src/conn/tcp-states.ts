/*
 * The kernel's TCP transition tables (ipvs-behaviour.md §5.1). A state is the director's view, not an endpoint's state:
 * FIN_WAIT means that the server closed first, CLOSE_WAIT that the client did.
 */
import { TcpFlag } from '../wire/tcp.js'
import * as fromJiffies from './jiffies.js'
import { parseTransitions, type TransitionTable } from './transitions.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { ACK, FIN, RST, SYN } = TcpFlag
const { HZ } = fromJiffies

export const TcpState = {
  NONE: 0,
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT: 4,
  TIME_WAIT: 5,
  CLOSE: 6,
  CLOSE_WAIT: 7,
  LAST_ACK: 8,
  LISTEN: 9,
  SYNACK: 10,
} as const

/** Names by state, as `ipvsadm -Lc` prints them. */
export const tcpStateNames = Object.keys(TcpState)

/** Timeouts by state, in jiffies; the kernel's before any `ipvsadm --set`. */
export const tcpTimeouts = Int32Array.of(2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120).map(s => s * HZ)

/** By state: 1 if the connection counts as active (ActiveConn). */
export const tcpActive = Uint8Array.of(0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1)

const CODES = ['NO', 'ES', 'SS', 'SR', 'FW', 'TW', 'CL', 'CW', 'LA', 'LI', 'SA']
/** Columns: SYN FIN ACK RST. */
const EVENTS = 4

const normal = parseTransitions(CODES, EVENTS, [
  `
  NO  SR CL ES CL
  ES  ES CW ES CL
  SS  ES SS SS CL
  SR  SR TW ES SR
  FW  SR TW FW CL
  TW  SR TW TW CL
  CL  SR CL CL CL
  CW  SR CW CW CL
  LA  SR LA CL LA
  LI  SR LI LI LI
  SA  SR TW ES SR`,
  `
  NO  SS TW ES CL
  ES  ES FW ES CL
  SS  SS SS SS SS
  SR  SR TW ES CL
  FW  SS FW FW CL
  TW  SS TW TW TW
  CL  SS CL CL CL
  CW  SS TW CW CL
  LA  SS LA LA CL
  LI  LI LI ES CL
  SA  SR TW ES CL`,
  `
  NO  SR CL ES CL
  ES  ES FW ES CL
  SS  ES SS SS CL
  SR  SR TW ES SR
  FW  SR FW FW CL
  TW  SR TW TW CL
  CL  SR CL CL CL
  CW  SR CW CW CL
  LA  SR LA CL LA
  LI  SR LI LI LI
  SA  SR TW ES CL`,
])

const secure = parseTransitions(CODES, EVENTS, [
  `
  NO  SR CL ES CL
  ES  ES CW ES CL
  SS  ES SS SS CL
  SR  SR TW SR SR
  FW  SR TW FW CL
  TW  SR TW TW CL
  CL  SR CL CL CL
  CW  SR CW CW CL
  LA  SR LA CL LA
  LI  SR LI LI LI
  SA  SA SA SA CL`,
  `
  NO  SS TW ES CL
  ES  ES FW ES CL
  SS  SS SS SS SS
  SR  SA TW ES CL
  FW  SS FW FW CL
  TW  SS TW TW TW
  CL  SS CL CL CL
  CW  SS TW CW CL
  LA  SS LA LA CL
  LI  LI LI ES CL
  SA  SA TW ES CL`,
  `
  NO  SA CL ES CL
  ES  ES FW ES CL
  SS  ES SS SS CL
  SR  SR TW ES SR
  FW  SA FW FW CL
  TW  SA TW TW CL
  CL  SA CL CL CL
  CW  SA CW CW CL
  LA  SA LA CL LA
  LI  SA LI LI LI
  SA  SA TW ES CL`,
])

/**
 * The state after a packet with these TCP flags. The first of RST, SYN, FIN, ACK that is set decides; none: CLOSE.
 * `isSecure`: use the tables of the secure_tcp defence.
 */
export function nextTcpState(state: number, table: TransitionTable, flags: number, isSecure: boolean): number {
  let event: number
  if (flags & RST) event = 3
  else if (flags & SYN) event = 0
  else if (flags & FIN) event = 1
  else if (flags & ACK) event = 2
  else return TcpState.CLOSE
  return (isSecure ? secure : normal)[(table * CODES.length + state) * EVENTS + event]!
}
