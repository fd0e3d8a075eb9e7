import t from 'tap'
import { nextTcpState, tcpActive, TcpState, tcpStateNames, tcpTimeouts } from '../../src/conn/tcp-states.js'
import { Direction, DIRECTIONS } from '../../src/conn/direction.js'
import { INBOUND_ONLY as ONLY_INBOUND } from '../../src/conn/transitions.js'

/*
 * The tables of ipvs-behaviour.md §5.1 once more, turned by 90 degrees: for each event, all states in the order of their
 * numbers, each followed by the one that comes of it. Those of secure_tcp are whole tables too.
 */
const NAMES = ['NO', 'ES', 'SS', 'SR', 'FW', 'TW', 'CL', 'CW', 'LA', 'LI', 'SA']
const INBOUND = {
  S: 'NO-SR ES-ES SS-ES SR-SR FW-SR TW-SR CL-SR CW-SR LA-SR LI-SR SA-SR',
  F: 'NO-CL ES-CW SS-SS SR-TW FW-TW TW-TW CL-CL CW-CW LA-LA LI-LI SA-TW',
  A: 'NO-ES ES-ES SS-SS SR-ES FW-FW TW-TW CL-CL CW-CW LA-CL LI-LI SA-ES',
  R: 'NO-CL ES-CL SS-CL SR-SR FW-CL TW-CL CL-CL CW-CL LA-LA LI-LI SA-SR',
}
const OUTBOUND = {
  S: 'NO-SS ES-ES SS-SS SR-SR FW-SS TW-SS CL-SS CW-SS LA-SS LI-LI SA-SR',
  F: 'NO-TW ES-FW SS-SS SR-TW FW-FW TW-TW CL-CL CW-TW LA-LA LI-LI SA-TW',
  A: 'NO-ES ES-ES SS-SS SR-ES FW-FW TW-TW CL-CL CW-CW LA-LA LI-ES SA-ES',
  R: 'NO-CL ES-CL SS-SS SR-CL FW-CL TW-TW CL-CL CW-CL LA-CL LI-CL SA-CL',
}
const INBOUND_ONLY = {
  S: 'NO-SR ES-ES SS-ES SR-SR FW-SR TW-SR CL-SR CW-SR LA-SR LI-SR SA-SR',
  F: 'NO-CL ES-FW SS-SS SR-TW FW-FW TW-TW CL-CL CW-CW LA-LA LI-LI SA-TW',
  A: 'NO-ES ES-ES SS-SS SR-ES FW-FW TW-TW CL-CL CW-CW LA-CL LI-LI SA-ES',
  R: 'NO-CL ES-CL SS-CL SR-SR FW-CL TW-CL CL-CL CW-CL LA-LA LI-LI SA-CL',
}
const SECURE_INBOUND = {
  S: 'NO-SR ES-ES SS-ES SR-SR FW-SR TW-SR CL-SR CW-SR LA-SR LI-SR SA-SA',
  F: 'NO-CL ES-CW SS-SS SR-TW FW-TW TW-TW CL-CL CW-CW LA-LA LI-LI SA-SA',
  A: 'NO-ES ES-ES SS-SS SR-SR FW-FW TW-TW CL-CL CW-CW LA-CL LI-LI SA-SA',
  R: 'NO-CL ES-CL SS-CL SR-SR FW-CL TW-CL CL-CL CW-CL LA-LA LI-LI SA-CL',
}
const SECURE_OUTBOUND = {
  S: 'NO-SS ES-ES SS-SS SR-SA FW-SS TW-SS CL-SS CW-SS LA-SS LI-LI SA-SA',
  F: 'NO-TW ES-FW SS-SS SR-TW FW-FW TW-TW CL-CL CW-TW LA-LA LI-LI SA-TW',
  A: 'NO-ES ES-ES SS-SS SR-ES FW-FW TW-TW CL-CL CW-CW LA-LA LI-ES SA-ES',
  R: 'NO-CL ES-CL SS-SS SR-CL FW-CL TW-TW CL-CL CW-CL LA-CL LI-CL SA-CL',
}
const SECURE_INBOUND_ONLY = {
  S: 'NO-SA ES-ES SS-ES SR-SR FW-SA TW-SA CL-SA CW-SA LA-SA LI-SA SA-SA',
  F: 'NO-CL ES-FW SS-SS SR-TW FW-FW TW-TW CL-CL CW-CW LA-LA LI-LI SA-TW',
  A: 'NO-ES ES-ES SS-SS SR-ES FW-FW TW-TW CL-CL CW-CW LA-CL LI-LI SA-ES',
  R: 'NO-CL ES-CL SS-CL SR-SR FW-CL TW-CL CL-CL CW-CL LA-LA LI-LI SA-CL',
}
const FLAG = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32, E: 64, C: 128 } as const

type Event = keyof typeof INBOUND
const EVENTS: Event[] = ['R', 'S', 'F', 'A']

/** 'ES-CW …' → what comes of each state, by its number. */
function nextOf(table: Record<Event, string>, event: Event): number[] {
  return table[event].split(' ').map((pair, state) => {
    const [from, to] = pair.split('-')
    if (NAMES.indexOf(from ?? '') !== state) throw new Error(`${pair} stands in the place of ${NAMES[state]}`)
    return NAMES.indexOf(to ?? '')
  })
}

const SIDES = [
  ['inbound', Direction.INBOUND, false, INBOUND],
  ['outbound', Direction.OUTBOUND, false, OUTBOUND],
  ['inbound only', ONLY_INBOUND, false, INBOUND_ONLY],
  ['secure inbound', Direction.INBOUND, true, SECURE_INBOUND],
  ['secure outbound', Direction.OUTBOUND, true, SECURE_OUTBOUND],
  ['secure inbound only', ONLY_INBOUND, true, SECURE_INBOUND_ONLY],
] as const

t.test('every cell of the six tables is the specification’s', async t => {
  for (const [side, direction, isSecure, table] of SIDES) {
    for (const event of EVENTS) {
      for (const [state, next] of nextOf(table, event).entries()) {
        const got = NAMES[nextTcpState(state, direction, FLAG[event], isSecure)]
        t.equal(got, NAMES[next], `${side} ${event} in ${NAMES[state]}`)
      }
    }
  }
})

t.test('RST counts before SYN, SYN before FIN, FIN before ACK, and the other flags not at all', async t => {
  for (const [side, direction, isSecure, table] of SIDES) {
    const next = { R: nextOf(table, 'R'), S: nextOf(table, 'S'), F: nextOf(table, 'F'), A: nextOf(table, 'A') }
    for (let flags = 0; flags < 256; flags++) {
      const event = EVENTS.find(letter => flags & FLAG[letter])
      const expected = NAMES.map((_, state) => (event ? next[event][state] : TcpState.CLOSE))
      const got = NAMES.map((_, state) => nextTcpState(state, direction, flags, isSecure))
      t.strictSame(got, expected, `${side}, flags ${flags.toString(2)}`)
    }
  }
})

t.test('a packet with none of the four closes', async t => {
  for (const flags of [0, FLAG.P, FLAG.U, FLAG.E | FLAG.C, FLAG.P | FLAG.U | FLAG.E | FLAG.C]) {
    for (const direction of [...DIRECTIONS, ONLY_INBOUND] as const) {
      for (const [state, name] of NAMES.entries()) {
        for (const isSecure of [false, true])
          t.equal(nextTcpState(state, direction, flags, isSecure), 6, `${name}, flags ${flags}, direction ${direction}`)
      }
    }
  }
})

t.test('states have the kernel’s numbers, names and timeouts', async t => {
  const seconds = {
    NONE: 2,
    ESTABLISHED: 900,
    SYN_SENT: 120,
    SYN_RECV: 60,
    FIN_WAIT: 120,
    TIME_WAIT: 120,
    CLOSE: 10,
    CLOSE_WAIT: 60,
    LAST_ACK: 30,
    LISTEN: 120,
    SYNACK: 120,
  }
  t.strictSame(tcpStateNames, Object.keys(seconds), 'names in the order of the numbers')
  t.equal(tcpTimeouts.length, 11)
  for (const [state, [name, timeout]] of Object.entries(seconds).entries()) {
    t.equal(TcpState[name as keyof typeof TcpState], state, `${name}: its number`)
    t.equal(tcpTimeouts[state], timeout * 100, `${name}: its timeout in jiffies`)
  }
})

t.test('ESTABLISHED, SYN_SENT, SYN_RECV and SYNACK are active, the others not', async t => {
  const active = tcpStateNames.filter((_, state) => tcpActive[state] === 1)
  t.strictSame(active, ['ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'SYNACK'])
  t.equal(tcpActive.length, 11)
})

t.test('the typical walks end where they should', async t => {
  const walks: [string, string][] = [
    ['>S <SA >A >PA <PA >FA <A <FA >A', 'SR SR ES ES ES CW CW TW TW'],
    ['>S <SA >A <FA >A >FA <A', 'SR SR ES FW FW TW TW'],
    ['>S <R', 'SR CL'],
    ['>S >R', 'SR SR'],
    ['>S <SA >A >R >S', 'SR SR ES CL SR'],
    ['>S <SA >A >FA <FA >S', 'SR SR ES CW TW SR'],
    ['>A <', 'ES CL'],
  ]
  for (const [packets, expected] of walks) {
    let state: number = TcpState.NONE
    const states = packets.split(' ').map(([way = '', ...letters]) => {
      const flags = letters.reduce((bits, letter) => bits | FLAG[letter as keyof typeof FLAG], 0)
      state = nextTcpState(state, way === '>' ? Direction.INBOUND : Direction.OUTBOUND, flags, false)
      return NAMES[state]
    })
    t.equal(states.join(' '), expected, packets)
  }
})
