import t from 'tap'
import { Connections, EXPIRY_BUDGET } from '../../src/conn/lifecycle.js'
import {
  CADDR,
  ConnFlag,
  DADDR,
  DEST,
  DPORT_PROTOCOL,
  FLAGS,
  IN_PKTS,
  NONE,
  STATE,
  TIMEOUT,
  type ConnIndex,
} from '../../src/conn/record.js'
import { Direction, tcpStateNames } from '../../src/conn/tcp-states.js'
import { seededRandom } from '../../src/director/random.js'
import { Counters } from '../../src/service/counters.js'
import { DestinationTable, type Destination } from '../../src/service/destination.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const TCP = 6
const UDP = 17
const CLIENT = 0xc000020a | 0
const VIP = 0xc6336401 | 0
const FLAG: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, A: 16 }
/** Where clocks begin, in ms: plain numbers, and right before jiffies change their sign or begin anew. */
const STARTS = [0, 1_000_000, (2 ** 31 - 3000) * 10, (2 ** 32 - 3000) * 10]

/** Connections of one real server, and a clock in ms from its start. */
class Rig {
  readonly dest: Destination
  readonly conns: Connections
  readonly start: number
  #now = 0

  constructor(start = 0, capacity = 100) {
    const destinations = new DestinationTable(new Counters())
    this.start = start
    this.dest = destinations.create(TCP, VIP as Ipv4Addr, 80, 0x0a010001 as Ipv4Addr, 8080)
    this.conns = new Connections(capacity, seededRandom(1), destinations, start)
  }
  open(protocol = TCP, cport = 40000): ConnIndex {
    return this.conns.open(protocol, CLIENT, cport, VIP, 80, this.dest, 8080)
  }
  /** A packet, '>SA' from the client or '<SA' from the server: the state, then the timer. */
  packet(conn: ConnIndex, what: string, protocol = TCP): void {
    const flags = what
      .slice(1)
      .split('')
      .reduce((bits, letter) => bits | FLAG[letter]!, 0)
    this.conns.packet(conn, protocol, what[0] === '>' ? Direction.INBOUND : Direction.OUTBOUND, flags)
    this.conns.restart(conn)
  }
  /** Lets time pass until every visit that is due has been made. */
  to(now: number): void {
    this.#now = now
    while (!this.conns.advance(this.start + now));
  }
  pass(ms: number): void {
    this.to(this.#now + ms)
  }
  field(conn: ConnIndex, field: number): number {
    return this.conns.table.words[conn + field]!
  }
  /** 'active–inactive', as ipvsadm's columns. */
  get counted(): string {
    return `${this.dest.activeConns}–${this.dest.inactConns}`
  }
}

t.test('an opened connection is inactive, has 3 s, and knows where it leads', async t => {
  const rig = new Rig()
  const conn = rig.open(TCP)
  t.equal(rig.counted, '0–1')
  t.equal(rig.dest.totalConns, 1)
  t.equal(rig.field(conn, CADDR), CLIENT)
  t.equal(rig.field(conn, DADDR), 0x0a010001)
  t.equal(rig.field(conn, DPORT_PROTOCOL), (8080 << 16) | TCP)
  t.equal(rig.field(conn, DEST), rig.dest.index)
  t.equal(rig.field(conn, FLAGS), ConnFlag.INACTIVE)
  t.equal(rig.field(conn, STATE), 0)
  t.equal(rig.conns.destinationOf(conn), rig.dest)
  t.equal(rig.conns.table.lookupOutbound(TCP, 0x0a010001, 8080, CLIENT, 40000), conn)
  t.equal(rig.conns.secondsLeft(conn), 3)
  rig.to(2990)
  t.equal(rig.counted, '0–1', 'to the last jiffy')
  rig.to(3000)
  t.equal(rig.counted, '0–0', 'and no longer')
})

t.test('a NAT connection walks as ipvs-behaviour.md §15.6 A says', async t => {
  const walk: [string, string, number, string][] = [
    ['>S', 'SYN_RECV', 60, '1–0'],
    ['<SA', 'SYN_RECV', 60, '1–0'],
    ['>A', 'ESTABLISHED', 900, '1–0'],
    ['>PA', 'ESTABLISHED', 900, '1–0'],
    ['<PA', 'ESTABLISHED', 900, '1–0'],
    ['>FA', 'CLOSE_WAIT', 60, '0–1'],
    ['<A', 'CLOSE_WAIT', 60, '0–1'],
    ['<FA', 'TIME_WAIT', 120, '0–1'],
    ['>A', 'TIME_WAIT', 120, '0–1'],
  ]
  for (const start of STARTS) {
    const rig = new Rig(start)
    const conn = rig.open()
    for (const [index, [what, state, timeout, counted]] of walk.entries()) {
      const step = `from ${start}, packet ${index + 1} ${what}`
      rig.packet(conn, what)
      if (what.startsWith('>')) rig.conns.countInbound(conn)
      t.equal(tcpStateNames[rig.field(conn, STATE)], state, `${step}: state`)
      t.equal(rig.field(conn, TIMEOUT), timeout * 100, `${step}: timeout`)
      t.equal(rig.conns.secondsLeft(conn), timeout, `${step}: seconds left`)
      t.equal(rig.counted, counted, `${step}: active and inactive`)
      rig.pass(730)
    }
    t.equal(rig.field(conn, IN_PKTS), 5, `from ${start}: inbound packets`)
    rig.pass(120_000 - 730 - 10)
    t.equal(rig.counted, '0–1', `from ${start}: a jiffy before 120 s of silence`)
    rig.pass(10)
    t.equal(rig.counted, '0–0', `from ${start}: after 120 s of silence`)
    t.equal(rig.conns.table.count, 0, `from ${start}: gone`)
    t.equal(rig.conns.table.lookupInbound(TCP, CLIENT, 40000, VIP, 80), NONE, `from ${start}: not found`)
  }
})

t.test('taken up again by a SYN while over, the old one is counted until the next jiffy (§15.6 A, 9b)', async t => {
  const rig = new Rig()
  const old = rig.open()
  for (const what of ['>S', '<SA', '>A', '>FA', '<FA']) rig.packet(old, what)
  rig.pass(1000)
  t.equal(rig.conns.isReusable(old, TCP), true)
  rig.conns.expireNow(old)
  t.equal(rig.counted, '0–1', 'still counted')
  const young = rig.open()
  rig.packet(young, '>S')
  t.equal(rig.counted, '1–1', 'both')
  t.equal(rig.conns.table.lookupInbound(TCP, CLIENT, 40000, VIP, 80), young, 'the young one is found')
  t.equal(rig.conns.secondsLeft(old), 0)
  rig.pass(9)
  t.equal(rig.counted, '1–1', 'within the jiffy')
  rig.pass(1)
  t.equal(rig.counted, '1–0', 'the next jiffy')
  t.equal(rig.conns.table.lookupInbound(TCP, CLIENT, 40000, VIP, 80), young)
})

t.test('only a TCP connection in TIME_WAIT or CLOSE may be taken up again', async t => {
  const rig = new Rig()
  const conn = rig.open()
  for (const [state, name] of tcpStateNames.entries()) {
    rig.conns.table.words[conn + STATE] = state
    t.equal(rig.conns.isReusable(conn, TCP), name === 'TIME_WAIT' || name === 'CLOSE', name)
    t.equal(rig.conns.isReusable(conn, UDP), false, `UDP ${state}`)
  }
})

t.test('each timeout ends in its jiffy: not one early, not one late', async t => {
  const cases: [string, string[], number][] = [
    ['SYN_RECV', ['>S'], 60],
    ['ESTABLISHED', ['>S', '>A'], 900],
    ['SYN_SENT', ['<S'], 120],
    ['FIN_WAIT', ['>S', '>A', '<F'], 120],
    ['TIME_WAIT', ['>S', '>F'], 120],
    ['CLOSE', ['>S', '<R'], 10],
    ['CLOSE_WAIT', ['>S', '>A', '>F'], 60],
  ]
  for (const start of STARTS) {
    for (const [state, packets, seconds] of cases) {
      const rig = new Rig(start)
      rig.to(1234)
      const conn = rig.open()
      for (const what of packets) rig.packet(conn, what)
      t.equal(tcpStateNames[rig.field(conn, STATE)], state)
      rig.to(1230 + seconds * 1000 - 1)
      t.equal(rig.dest.totalConns, 1, `from ${start}, ${state}: there in the jiffy before ${seconds} s`)
      rig.to(1230 + seconds * 1000)
      t.equal(rig.dest.totalConns, 0, `from ${start}, ${state}: gone with ${seconds} s`)
      t.equal(rig.dest.activeConns, 0, `from ${start}, ${state}: not active either`)
    }
  }
})

t.test('UDP has one state and 300 s, either way, and is never active', async t => {
  for (const start of STARTS) {
    const rig = new Rig(start)
    const conn = rig.open(UDP)
    for (const what of ['>', '<', '>FSRPA']) {
      rig.packet(conn, what, UDP)
      t.equal(rig.field(conn, STATE), 0, `${what}: state`)
      t.equal(rig.conns.secondsLeft(conn), 300, `${what}: 300 s`)
      t.equal(rig.counted, '0–1', `${what}: inactive`)
      rig.pass(100_000)
    }
    rig.pass(199_990)
    t.equal(rig.counted, '0–1', `from ${start}: a jiffy before`)
    rig.pass(10)
    t.equal(rig.counted, '0–0', `from ${start}: after 300 s`)
  }
})

t.test('every packet gives the full time again', async t => {
  const rig = new Rig()
  const conn = rig.open()
  rig.packet(conn, '>S')
  for (let i = 0; i < 50; i++) {
    rig.pass(59_990)
    t.equal(rig.conns.secondsLeft(conn), 0, `${i}: nearly over`)
    rig.packet(conn, '<SA')
    t.equal(rig.conns.secondsLeft(conn), 60, `${i}: 60 s again`)
  }
  rig.pass(59_990)
  t.equal(rig.dest.totalConns, 1)
  rig.pass(10)
  t.equal(rig.dest.totalConns, 0)
})

t.test('a state of a shorter time ends earlier, though the timer had been set for later', async t => {
  const rig = new Rig()
  const conn = rig.open()
  rig.packet(conn, '>S')
  rig.packet(conn, '>A')
  rig.pass(5000)
  rig.packet(conn, '<R')
  rig.pass(9990)
  t.equal(rig.dest.totalConns, 1)
  rig.pass(10)
  t.equal(rig.dest.totalConns, 0)
})

t.test('packet alone leaves the timer as it was', async t => {
  const rig = new Rig()
  const conn = rig.open()
  rig.conns.packet(conn, TCP, Direction.INBOUND, FLAG['S']!)
  t.equal(rig.field(conn, TIMEOUT), 6000)
  t.equal(rig.conns.secondsLeft(conn), 3)
})

t.test('one that is to expire now is counted until the next jiffy, an active one too', async t => {
  for (const packets of [['>S'], ['>S', '>A'], ['>S', '>A', '<F']]) {
    const rig = new Rig()
    const conn = rig.open()
    for (const what of packets) rig.packet(conn, what)
    const before = rig.counted
    rig.pass(500)
    rig.conns.expireNow(conn)
    t.equal(rig.conns.advance(rig.start + 500), true, `${packets.join(' ')}: nothing more in this jiffy`)
    t.equal(rig.counted, before, `${packets.join(' ')}: still counted`)
    rig.pass(10)
    t.equal(rig.counted, '0–0', `${packets.join(' ')}: not any more`)
  }
})

t.test('a full table opens nothing and counts nothing', async t => {
  const rig = new Rig(0, 2)
  const first = rig.open(TCP, 1)
  rig.open(TCP, 2)
  t.equal(rig.open(TCP, 3), NONE)
  t.equal(rig.counted, '0–2')
  rig.conns.expireNow(first)
  t.equal(rig.open(TCP, 3), NONE, 'not before the jiffy is over')
  rig.pass(10)
  t.equal(rig.counted, '0–1')
  t.not(rig.open(TCP, 3), NONE)
  t.equal(rig.counted, '0–2')
})

t.test('seconds left are rounded down', async t => {
  const rig = new Rig()
  const conn = rig.open()
  rig.packet(conn, '>S')
  for (const [now, left] of [
    [0, 60],
    [9, 60],
    [10, 59],
    [1000, 59],
    [1010, 58],
    [59_000, 1],
    [59_010, 0],
    [59_990, 0],
  ] as const) {
    rig.to(now)
    t.equal(rig.conns.secondsLeft(conn), left, `after ${now} ms`)
  }
})

t.test('when more are due than a call may end, they go over several, 0 seconds left', async t => {
  const many = EXPIRY_BUDGET + 100
  const rig = new Rig(0, many)
  const conns = Array.from({ length: many }, (_, cport) => {
    const conn = rig.open(UDP, cport)
    rig.packet(conn, '>', UDP)
    return conn
  })
  rig.to(299_990)
  t.equal(rig.dest.totalConns, many)
  t.equal(rig.conns.advance(301_500), false, 'not caught up')
  const left = rig.dest.totalConns
  t.ok(left >= many - EXPIRY_BUDGET && left > 0 && left < many, `${left} left`)
  const overdue = conns.filter(conn => rig.field(conn, DEST) === rig.dest.index && rig.field(conn, TIMEOUT) === 30_000)
  t.ok(
    overdue.every(conn => rig.conns.secondsLeft(conn) === 0),
    'and no time left for any',
  )
  t.equal(rig.conns.advance(301_500), true)
  t.equal(rig.dest.totalConns, 0)
  t.equal(rig.conns.table.count, 0)
})

t.test('while the wheel is behind, one that is to expire now still has this jiffy', async t => {
  const many = EXPIRY_BUDGET + 100
  const rig = new Rig(0, many)
  for (let cport = 0; cport < many; cport++) rig.packet(rig.open(UDP, cport), '>', UDP)
  rig.to(299_990)
  t.equal(rig.conns.advance(301_500), false, 'behind')
  const conn = rig.open()
  rig.packet(conn, '>S')
  rig.conns.expireNow(conn)
  t.equal(rig.conns.advance(301_500), true, 'caught up')
  t.equal(rig.counted, '1–0')
  rig.conns.advance(301_510)
  t.equal(rig.counted, '0–0')
})

t.test('it says how long there is nothing to do', async t => {
  const rig = new Rig(5000)
  rig.to(0)
  t.equal(rig.conns.idleMs, Infinity, 'with no connection: nothing at all')
  const conn = rig.open()
  t.equal(rig.conns.idleMs, 1000, '3 s ahead: it looks no further than a second')
  rig.to(2500)
  t.equal(rig.conns.idleMs, 500)
  rig.conns.expireNow(conn)
  t.equal(rig.conns.idleMs, 10)
  rig.pass(10)
  t.equal(rig.conns.idleMs, Infinity)
})

t.test('cleared, all are forgotten, destinations not told, and new ones live as at first', async t => {
  const rig = new Rig(0, 3)
  for (const cport of [1, 2, 3]) rig.packet(rig.open(TCP, cport), '>S')
  rig.pass(1000)
  rig.conns.clear()
  t.equal(rig.conns.table.count, 0)
  t.equal(rig.counted, '3–0', 'the caller forgets the destinations')
  t.equal(rig.conns.idleMs, Infinity)
  rig.pass(100_000)
  t.equal(rig.counted, '3–0', 'no timer fires')
  for (const cport of [1, 2, 3]) rig.packet(rig.open(TCP, cport), '>S')
  rig.pass(59_990)
  t.equal(rig.conns.table.count, 3)
  rig.pass(10)
  t.equal(rig.conns.table.count, 0)
})

t.test('over 20 000 random steps connections live and are counted as in a slow list', async t => {
  const names = ['NO', 'ES', 'SS', 'SR', 'FW', 'TW', 'CL', 'CW', 'LA', 'LI', 'SA']
  const active = new Set(['ES', 'SS', 'SR', 'SA'].map(name => names.indexOf(name)))
  for (const start of STARTS) {
    const random = seededRandom(start)
    const rig = new Rig(start, 40)
    /** cport → when it ends, in jiffies from the start. */
    const model = new Map<number, { conn: ConnIndex; ends: number }>()
    const wrong: string[] = []
    let now = 0
    for (let step = 0; step < 5_000; step++) {
      const cport = random() % 60
      const protocol = cport % 3 === 0 ? UDP : TCP
      const entry = model.get(cport)
      if (entry === undefined) {
        const conn = rig.open(protocol, cport)
        if ((conn === NONE) !== (model.size === 40)) wrong.push(`step ${step}: opened although full, or not`)
        if (conn !== NONE) model.set(cport, { conn, ends: now + 300 })
      } else if (random() % 8 === 0) {
        rig.conns.expireNow(entry.conn)
        entry.ends = now + 1
      } else {
        const what = ['>S', '<SA', '>A', '<A', '>F', '<F', '<R', '>'][random() % 8]!
        rig.packet(entry.conn, what, protocol)
        entry.ends = now + rig.field(entry.conn, TIMEOUT)
      }
      if (random() % 2 === 0) now += random() % [2, 200, 3000][random() % 3]!
      rig.to(now * 10 + (random() % 10))
      for (const [key, { ends }] of model) if (ends <= now) model.delete(key)
      const isActive = [...model].filter(
        ([key, { conn }]) => key % 3 !== 0 && active.has(rig.field(conn, STATE)),
      ).length
      const expected = `${isActive}–${model.size - isActive}`
      if (rig.counted !== expected) wrong.push(`step ${step}: ${rig.counted}, not ${expected}`)
      if (rig.conns.table.count !== model.size) wrong.push(`step ${step}: ${rig.conns.table.count} in the table`)
      if (wrong.length > 3) break
    }
    t.strictSame(wrong, [], `from ${start}`)
  }
})
