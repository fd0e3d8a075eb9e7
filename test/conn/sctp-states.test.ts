import t from 'tap'
import { nextSctpState, SctpEvent, SctpState, sctpStateNames, sctpTimeouts } from '../../src/conn/sctp-states.js'
import { Direction } from '../../src/conn/direction.js'
import { INBOUND_ONLY as ONLY_INBOUND } from '../../src/conn/transitions.js'

/*
 * The tables of ipvs-behaviour.md §5.3 once more, by columns: for each event, what comes of every state, in the order of
 * their numbers. A dot: it stays as it is.
 */
const NAMES = ['NO', 'I1', 'IN', 'CS', 'CR', 'CW', 'CO', 'CE', 'ES', 'SS', 'SR', 'SA', 'RJ', 'CL']
type Event = keyof typeof SctpEvent
//                 NO I1 IN CS CR CW CO CE ES SS SR SA RJ CL
const INBOUND: Record<Event, string> = {
  DATA: /*      */ 'ES .  .  .  .  .  .  .  .  .  .  .  .  . ',
  INIT: /*      */ 'I1 IN .  .  .  .  .  .  .  .  .  .  IN IN',
  INIT_ACK: /*  */ 'CW CW CW .  .  CO .  .  .  .  .  .  .  . ',
  COOKIE_ECHO: /**/ 'CR IN .  CR .  .  .  .  .  .  .  .  .  . ',
  COOKIE_ACK: /* */ 'ES .  .  .  .  .  .  ES .  .  .  .  .  . ',
  SHUTDOWN: /*  */ 'SR .  .  .  .  .  .  .  SR .  .  .  .  . ',
  SHUTDOWN_ACK: /**/ 'CL IN .  .  .  .  .  .  .  CL .  CL .  . ',
  SHUTDOWN_COMPLETE: 'CL CL CL .  .  .  .  .  .  .  .  CL .  . ',
  ERROR: /*     */ 'CL .  .  .  .  .  .  CL .  .  .  .  .  . ',
  ABORT: /*     */ 'CL CL CL CL CL RJ CL CL CL CL CL CL CL CL',
}
const OUTBOUND: Record<Event, string> = {
  DATA: /*      */ 'ES .  .  .  .  .  .  .  .  .  .  .  .  . ',
  INIT: /*      */ 'CW CW CW CW CW CW CW CW .  CW CW CW CW CW',
  INIT_ACK: /*  */ 'CS CS CS CS .  .  .  .  .  .  .  .  .  . ',
  COOKIE_ECHO: /**/ 'CE CE CE CE CE CE CE CE .  .  .  .  .  . ',
  COOKIE_ACK: /* */ 'ES ES ES ES ES ES ES ES .  .  .  .  .  . ',
  SHUTDOWN: /*  */ 'SS SS SS SS SS SS SS SS SS .  .  .  .  . ',
  SHUTDOWN_ACK: /**/ 'SA SA SA SA SA .  .  .  .  SA SA .  .  . ',
  SHUTDOWN_COMPLETE: 'CL .  .  .  .  .  .  .  .  .  .  .  .  . ',
  ERROR: /*     */ 'CL CL CL CL CL .  .  .  .  .  .  .  .  . ',
  ABORT: /*     */ 'CL RJ CL CL CL CL CL CL CL CL CL CL CL CL',
}
const INBOUND_ONLY: Record<Event, string> = {
  DATA: /*      */ 'ES .  .  .  .  ES .  .  .  .  .  .  .  . ',
  INIT: /*      */ 'I1 IN IN IN IN IN .  .  .  .  .  .  IN IN',
  INIT_ACK: /*  */ 'CE CE CE CE CE CE .  .  .  .  .  .  .  . ',
  COOKIE_ECHO: /**/ 'ES ES ES ES ES ES .  .  .  .  .  .  .  . ',
  COOKIE_ACK: /* */ 'ES .  .  ES ES .  ES ES .  .  .  .  .  . ',
  SHUTDOWN: /*  */ 'SR .  .  .  .  .  .  .  SR .  .  .  .  . ',
  SHUTDOWN_ACK: /**/ 'CL IN .  .  .  .  .  .  CL CL .  CL .  . ',
  SHUTDOWN_COMPLETE: 'CL CL CL CL CL .  .  .  .  .  CL CL .  . ',
  ERROR: /*     */ 'CL .  .  .  .  .  .  .  .  .  .  .  .  . ',
  ABORT: /*     */ 'CL CL CL CL CL RJ CL CL CL CL CL CL CL CL',
}
/** The numbers of the events, in the order of the specification's columns. */
const EVENTS: Event[] = [
  'DATA',
  'INIT',
  'INIT_ACK',
  'COOKIE_ECHO',
  'COOKIE_ACK',
  'SHUTDOWN',
  'SHUTDOWN_ACK',
  'SHUTDOWN_COMPLETE',
  'ERROR',
  'ABORT',
]

t.test('every cell of the three tables is the specification’s', async t => {
  t.strictSame(Object.keys(SctpEvent), EVENTS)
  for (const [side, direction, table] of [
    ['inbound', Direction.INBOUND, INBOUND],
    ['outbound', Direction.OUTBOUND, OUTBOUND],
    ['inbound only', ONLY_INBOUND, INBOUND_ONLY],
  ] as const)
    for (const [number, event] of EVENTS.entries()) {
      const column = table[event].trim().split(/\s+/)
      t.equal(column.length, NAMES.length, `${side} ${event}: a cell a state`)
      for (const [state, cell] of column.entries()) {
        const expected = cell === '.' ? NAMES[state] : cell
        t.equal(NAMES[nextSctpState(state, direction, number)], expected, `${side} ${event} in ${NAMES[state]}`)
      }
    }
})

t.test('states have the kernel’s numbers, names and timeouts', async t => {
  const seconds = {
    NONE: 2,
    INIT1: 4,
    INIT: 61,
    'C-SENT': 61,
    'C-REPLIED': 61,
    'C-WAIT': 61,
    COOKIE: 61,
    'C-ECHOED': 61,
    ESTABLISHED: 900,
    'S-SENT': 61,
    'S-RECEIVED': 61,
    'S-ACK-SENT': 61,
    REJECTED: 4,
    CLOSED: 61,
  }
  t.strictSame(sctpStateNames, Object.keys(seconds))
  t.strictSame(
    [...sctpTimeouts],
    Object.values(seconds).map(timeout => timeout * 100),
  )
  t.strictSame(
    Object.values(SctpState),
    NAMES.map((_, state) => state),
  )
})

t.test('an association walks through its states', async t => {
  for (const [packets, expected] of [
    ['>INIT <INIT_ACK >COOKIE_ECHO <COOKIE_ACK >DATA <DATA', 'I1 CS CR ES ES ES'],
    ['>INIT >INIT <INIT_ACK', 'I1 IN CS'],
    ['>INIT <ABORT', 'I1 RJ'],
    ['>INIT <INIT_ACK >ABORT', 'I1 CS CL'],
    ['>DATA >SHUTDOWN <SHUTDOWN_ACK >SHUTDOWN_COMPLETE', 'ES SR SA CL'],
    ['>DATA <SHUTDOWN >SHUTDOWN_ACK <SHUTDOWN_COMPLETE', 'ES SS CL CL'],
  ] as const) {
    let state: number = SctpState.NONE
    const states = packets.split(' ').map(packet => {
      const direction = packet.startsWith('>') ? Direction.INBOUND : Direction.OUTBOUND
      state = nextSctpState(state, direction, SctpEvent[packet.slice(1) as Event])
      return NAMES[state]
    })
    t.equal(states.join(' '), expected, packets)
  }
})
