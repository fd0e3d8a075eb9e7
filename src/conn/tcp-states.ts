/*
 * The kernel's TCP transition tables (ipvs-behaviour.md §5.1). A state here says what the director has seen, not what
 * either end is in: FIN_WAIT is "the server closed first", CLOSE_WAIT "the client did".
 */
import { TcpFlag } from '../wire/tcp.js'
import { HZ } from './record.js'

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

/** By state, as `ipvsadm -Lc` prints them. */
export const tcpStateNames = Object.keys(TcpState)

/** Jiffies by state. */
export const tcpTimeouts = Int32Array.of(2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120).map(s => s * HZ)

/** By state: whether the connection counts as active (ActiveConn). */
export const tcpActive = Uint8Array.of(0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1)

/** Which way a packet went, as a row offset into the tables. */
export const Direction = { INBOUND: 0, OUTBOUND: 1 } as const
export type Direction = (typeof Direction)[keyof typeof Direction]

const STATES = 11
const EVENTS = 4

// The tables as the specification prints them: a row a state, columns SYN FIN ACK RST.
const inbound = `
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
  SA  SR TW ES SR`
const outbound = `
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
  SA  SR TW ES CL`

const codes = ['NO', 'ES', 'SS', 'SR', 'FW', 'TW', 'CL', 'CW', 'LA', 'LI', 'SA']
const next = Uint8Array.from([inbound, outbound].flatMap(parseTable))

function parseTable(text: string): number[] {
  const rows = text
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/))
  if (rows.some((row, state) => row[0] !== codes[state])) throw new RangeError('the states are out of order')
  return rows.flatMap(row => row.slice(1).map(code => codes.indexOf(code)))
}

/** The state after a packet with these TCP flags. RST counts before SYN before FIN before ACK; none of them: CLOSE. */
export function nextTcpState(state: number, direction: Direction, flags: number): number {
  let event: number
  if (flags & TcpFlag.RST) event = 3
  else if (flags & TcpFlag.SYN) event = 0
  else if (flags & TcpFlag.FIN) event = 1
  else if (flags & TcpFlag.ACK) event = 2
  else return TcpState.CLOSE
  return next[(direction * STATES + state) * EVENTS + event]!
}
