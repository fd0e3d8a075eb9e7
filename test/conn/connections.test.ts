import t from 'tap'
import { EXPIRY_BUDGET } from '../../src/conn/conn-timers.js'
import { Connections } from '../../src/conn/connections.js'
import {
  CADDR,
  CPORT_VPORT,
  ConnFlag,
  DADDR,
  DEST,
  DPORT_PROTOCOL,
  FLAGS,
  IN_PKTS,
  NONE,
  TIMEOUT,
  type ConnIndex,
} from '../../src/conn/record.js'
import { SctpEvent, sctpStateNames } from '../../src/conn/sctp-states.js'
import { tcpStateNames } from '../../src/conn/tcp-states.js'
import { Direction } from '../../src/conn/direction.js'
import { seededRandom } from '../../src/director/random.js'
import { Counters } from '../../src/service/counters.js'
import { DestinationTable, type Destination } from '../../src/service/destination.js'
import { Method } from '../../src/service/method.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { flowOf } from '../support/flow.js'

const TCP = 6
const UDP = 17
const SCTP = 132
const CLIENT = (0xc000020a | 0) as Ipv4Addr
const VIP = (0xc6336401 | 0) as Ipv4Addr
const SERVER = 0x0a010001 as Ipv4Addr
const SERVICE = { protocol: TCP, addr: VIP, port: 80, mark: 0 }
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
    this.dest = destinations.create(SERVICE, SERVER, 8080)
    this.conns = new Connections(capacity, seededRandom(1), destinations, start)
  }
  open(protocol = TCP, cport = 40000): ConnIndex {
    return this.conns.open(flowOf(protocol, CLIENT, cport, VIP, 80), this.dest, 8080)
  }
  /** A packet, '>SA' from the client or '<SA' from the server: the state, then the timer. */
  packet(conn: ConnIndex, what: string, protocol = TCP): void {
    const flags = what
      .slice(1)
      .split('')
      .reduce((bits, letter) => bits | FLAG[letter]!, 0)
    this.conns.states.packet(conn, protocol, what[0] === '>' ? Direction.INBOUND : Direction.OUTBOUND, flags)
    this.conns.timers.restart(conn)
  }
  /** Lets time pass until every visit that is due has been made. */
  to(now: number): void {
    this.#now = now
    while (!this.conns.advance(this.start + now));
  }
  pass(ms: number): void {
    this.to(this.#now + ms)
  }
  state(conn: ConnIndex): string {
    return tcpStateNames[this.conns.stateOf(conn)]!
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
  t.equal(rig.field(conn, DADDR), SERVER)
  t.equal(rig.field(conn, DPORT_PROTOCOL), (8080 << 16) | TCP)
  t.equal(rig.field(conn, DEST), rig.dest.index)
  t.equal(rig.field(conn, FLAGS), ConnFlag.INACTIVE)
  t.equal(rig.conns.stateOf(conn), 0)
  t.equal(rig.conns.destinationOf(conn), rig.dest)
  t.equal(rig.conns.table.lookupOutbound(TCP, SERVER, 8080, CLIENT, 40000), conn)
  t.equal(rig.conns.timers.secondsLeft(conn), 3)
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
      t.equal(rig.state(conn), state, `${step}: state`)
      t.equal(rig.field(conn, TIMEOUT), timeout * 100, `${step}: timeout`)
      t.equal(rig.conns.timers.secondsLeft(conn), timeout, `${step}: seconds left`)
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
  rig.conns.expireNow(old)
  t.equal(rig.counted, '0–1', 'still counted')
  const young = rig.open()
  rig.packet(young, '>S')
  t.equal(rig.counted, '1–1', 'both')
  t.equal(rig.conns.table.lookupInbound(TCP, CLIENT, 40000, VIP, 80), young, 'the young one is found')
  t.equal(rig.conns.timers.secondsLeft(old), 0)
  rig.pass(9)
  t.equal(rig.counted, '1–1', 'within the jiffy')
  rig.pass(1)
  t.equal(rig.counted, '1–0', 'the next jiffy')
  t.equal(rig.conns.table.lookupInbound(TCP, CLIENT, 40000, VIP, 80), young)
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
      t.equal(rig.state(conn), state)
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
      t.equal(rig.conns.stateOf(conn), 0, `${what}: state`)
      t.equal(rig.conns.timers.secondsLeft(conn), 300, `${what}: 300 s`)
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
    t.equal(rig.conns.timers.secondsLeft(conn), 0, `${i}: nearly over`)
    rig.packet(conn, '<SA')
    t.equal(rig.conns.timers.secondsLeft(conn), 60, `${i}: 60 s again`)
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
  rig.conns.states.packet(conn, TCP, Direction.INBOUND, FLAG['S']!)
  t.equal(rig.field(conn, TIMEOUT), 6000)
  t.equal(rig.conns.timers.secondsLeft(conn), 3)
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
    t.equal(rig.conns.timers.secondsLeft(conn), left, `after ${now} ms`)
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
    overdue.every(conn => rig.conns.timers.secondsLeft(conn) === 0),
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
  t.equal(rig.conns.timers.idleMs, Infinity, 'with no connection: nothing at all')
  const conn = rig.open()
  t.equal(rig.conns.timers.idleMs, 1000, '3 s ahead: it looks no further than a second')
  rig.to(2500)
  t.equal(rig.conns.timers.idleMs, 500)
  rig.conns.expireNow(conn)
  t.equal(rig.conns.timers.idleMs, 10)
  rig.pass(10)
  t.equal(rig.conns.timers.idleMs, Infinity)
})

t.test('cleared, all are forgotten, destinations not told, and new ones live as at first', async t => {
  const rig = new Rig(0, 3)
  for (const cport of [1, 2, 3]) rig.packet(rig.open(TCP, cport), '>S')
  rig.pass(1000)
  rig.conns.clear()
  t.equal(rig.conns.table.count, 0)
  t.equal(rig.counted, '3–0', 'the caller forgets the destinations')
  t.equal(rig.conns.timers.idleMs, Infinity)
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
        ([key, { conn }]) => key % 3 !== 0 && active.has(rig.conns.stateOf(conn)),
      ).length
      const expected = `${isActive}–${model.size - isActive}`
      if (rig.counted !== expected) wrong.push(`step ${step}: ${rig.counted}, not ${expected}`)
      if (rig.conns.table.count !== model.size) wrong.push(`step ${step}: ${rig.conns.table.count} in the table`)
      if (wrong.length > 3) break
    }
    t.strictSame(wrong, [], `from ${start}`)
  }
})

const NETWORK = (0xc0000200 | 0) as Ipv4Addr

/** A rig with a template of 360 s, and connections opened by it. */
function persistent(children: number, protocol = TCP) {
  const rig = new Rig()
  const template = rig.conns.openTemplate(flowOf(protocol, NETWORK, 0, VIP, 80), rig.dest, 8080, 36_000)
  const conns = Array.from({ length: children }, (_, index) => {
    const conn = rig.open(protocol, 40_000 + index)
    rig.conns.adopt(template, conn)
    return conn
  })
  return { rig, template, conns, isThere: () => rig.dest.persistConns === 1 }
}

t.test('a template is counted as persistent only, and lives its time', async t => {
  const { rig, template } = persistent(0)
  t.strictSame([rig.counted, rig.dest.persistConns, rig.dest.referenced], ['0–0', 1, true])
  t.equal(rig.conns.has(template, ConnFlag.TEMPLATE), true)
  t.equal(rig.conns.table.lookupTemplate(TCP, NETWORK, VIP, 80), template)
  t.equal(rig.field(template, DPORT_PROTOCOL), (8080 << 16) | TCP)
  rig.pass(359_990)
  t.equal(rig.dest.persistConns, 1)
  rig.pass(10)
  t.strictSame([rig.dest.persistConns, rig.dest.referenced, rig.conns.table.count], [0, false, 0])
  t.equal(rig.counted, '0–0')
})

t.test('each connection that it opens is its child and gives it its full time again', async t => {
  const { rig, template, isThere } = persistent(0)
  rig.pass(300_000)
  const child = rig.open()
  rig.conns.adopt(template, child)
  t.equal(rig.conns.childrenOf(template), 1)
  t.equal(rig.conns.controllerOf(child), template)
  t.equal(rig.conns.timers.secondsLeft(template), 360)
  rig.pass(3000)
  t.equal(rig.conns.childrenOf(template), 0, 'the child’s 3 s are over')
  rig.pass(356_990)
  t.equal(isThere(), true)
  rig.pass(10)
  t.equal(isThere(), false)
})

t.test('with children alive it goes on in slices of 60 s, and keeps that time (§15.6 C)', async t => {
  const { rig, template, conns, isThere } = persistent(1)
  const [child] = conns
  for (const what of ['>S', '<SA', '>A']) rig.packet(child!, what)
  rig.pass(300_000)
  rig.packet(child!, '>A')
  rig.pass(60_000)
  t.equal(rig.field(template, TIMEOUT), 6000, 'the 360 s are over')
  t.equal(rig.conns.timers.secondsLeft(template), 60)
  rig.pass(59_000)
  t.equal(rig.conns.timers.secondsLeft(template), 1)
  const second = rig.open(TCP, 50_000)
  rig.conns.adopt(template, second)
  t.equal(rig.conns.timers.secondsLeft(template), 60, 'a new child: 60 s again, not 360')
  rig.conns.expireNow(child!)
  rig.conns.expireNow(second)
  rig.pass(59_990)
  t.equal(isThere(), true)
  rig.pass(10)
  t.equal(isThere(), false)
})

t.test('a template becomes ASSURED by an established child, of UDP by an answer', async t => {
  for (const [protocol, packets, assured] of [
    [TCP, ['>S', '<SA'], false],
    [TCP, ['>S', '<SA', '>A'], true],
    [TCP, ['>S', '<SA', '>A', '<R'], true],
    [TCP, ['>S', '>R'], false],
    [UDP, ['>', '>'], false],
    [UDP, ['>', '<'], true],
  ] as const) {
    const { rig, template, conns } = persistent(1, protocol)
    for (const what of packets) rig.packet(conns[0]!, what, protocol)
    t.equal(rig.conns.stateOf(template), assured ? 1 : 0, `${protocol}: ${packets.join(' ')}`)
    t.equal(rig.conns.childrenOf(template), 1)
  }
  const { rig, template, conns } = persistent(1, SCTP)
  rig.conns.states.packet(conns[0]!, SCTP, Direction.INBOUND, SctpEvent.INIT)
  t.equal(rig.conns.stateOf(template), 0, 'SCTP INIT')
  rig.conns.states.packet(conns[0]!, SCTP, Direction.OUTBOUND, SctpEvent.COOKIE_ACK)
  t.equal(rig.conns.stateOf(template), 1, 'SCTP established')
})

t.test('a connection without a template assures nobody', async t => {
  const { rig, template } = persistent(0)
  const stranger = rig.open(TCP, 5)
  for (const what of ['>S', '<SA', '>A']) rig.packet(stranger, what)
  t.equal(rig.conns.stateOf(template), 0)
  const child = rig.open(TCP, 6)
  rig.conns.adopt(stranger, child)
  for (const what of ['>S', '<SA', '>A']) rig.packet(child, what)
  t.equal(rig.state(stranger), 'ESTABLISHED', 'a controller that is no template keeps its state')
})

t.test('an invalidated template is never found again and ends with its own timer', async t => {
  const { rig, template, isThere } = persistent(0)
  rig.pass(100_000)
  rig.conns.templates.invalidate(template)
  t.equal(rig.conns.table.lookupTemplate(TCP, NETWORK, VIP, 80), NONE)
  t.equal(rig.field(template, DPORT_PROTOCOL), (65_535 << 16) | TCP)
  t.equal(rig.field(template, CPORT_VPORT), 65_535)
  t.equal(rig.conns.timers.secondsLeft(template), 260)
  rig.pass(259_990)
  t.equal(isThere(), true)
  rig.pass(10)
  t.equal(isThere(), false)
  t.equal(rig.conns.table.count, 0)
})

t.test('dropped, a connection takes its controller with it when it was the last child', async t => {
  for (const now of [false, true]) {
    const what = now ? 'at once' : 'with the next jiffies'
    const { rig, conns, isThere } = persistent(2)
    const drop = (conn: ConnIndex) => (now ? rig.conns.dropNow(conn) : rig.conns.drop(conn))
    drop(conns[0]!)
    if (!now) t.equal(rig.dest.totalConns, 2, 'still counted in this jiffy')
    for (let i = 0; i < 3; i++) rig.pass(10)
    t.strictSame([isThere(), rig.counted], [true, '0–1'], `${what}: one child is left`)
    drop(conns[1]!)
    for (let i = 0; i < 3; i++) rig.pass(10)
    t.strictSame([isThere(), rig.counted], [false, '0–0'], what)
  }
})

t.test('an ASSURED template is not taken along', async t => {
  const { rig, template, conns, isThere } = persistent(1)
  for (const what of ['>S', '<SA', '>A']) rig.packet(conns[0]!, what)
  rig.conns.drop(conns[0]!)
  rig.pass(20)
  t.equal(rig.counted, '0–0')
  t.equal(isThere(), true)
  t.equal(rig.conns.timers.secondsLeft(template), 359, 'and has its own time')
})

t.test('an ordinary end takes no controller along', async t => {
  const { rig, conns, isThere } = persistent(1)
  rig.conns.expireNow(conns[0]!)
  rig.pass(20)
  t.strictSame([isThere(), rig.counted], [true, '0–0'])
})

t.test('dropped chains go up as far as there are no other children', async t => {
  const { rig, template, conns, isThere } = persistent(1)
  const data = rig.open(TCP, 9)
  rig.conns.adopt(conns[0]!, data)
  t.equal(rig.conns.childrenOf(conns[0]!), 1)
  rig.conns.drop(data)
  for (let i = 0; i < 4; i++) rig.pass(10)
  t.strictSame([isThere(), rig.dest.totalConns, rig.conns.table.count], [false, 0, 0])
  t.equal(rig.conns.table.lookupTemplate(TCP, NETWORK, VIP, 80), NONE)
  t.ok(template >= 0)
})

t.test('one without a controller, dropped, keeps its timeout to the end', async t => {
  const rig = new Rig()
  const conn = rig.open()
  rig.conns.drop(conn)
  t.equal(rig.field(conn, TIMEOUT), 300)
  rig.pass(10)
  t.equal(rig.counted, '0–0')
})

t.test('who has children is not ended by his timer, whatever it was', async t => {
  const rig = new Rig()
  const parent = rig.open(TCP, 1)
  const child = rig.open(TCP, 2)
  rig.conns.adopt(parent, child)
  for (const what of ['>S', '<SA', '>A']) rig.packet(child, what)
  rig.pass(3000)
  t.equal(rig.dest.totalConns, 2)
  t.equal(rig.conns.timers.secondsLeft(parent), 60)
  rig.conns.expireNow(child)
  rig.pass(60_000)
  t.equal(rig.dest.totalConns, 0)
})

t.test('a one-packet connection is counted while the packet is handled, and found by nobody', async t => {
  const rig = new Rig()
  const conn = rig.conns.openOnePacket(flowOf(UDP, CLIENT, 40_000, VIP, 53), rig.dest, 5353)
  t.equal(rig.counted, '0–1')
  t.equal(rig.conns.has(conn, ConnFlag.ONE_PACKET), true)
  t.equal(rig.field(conn, DPORT_PROTOCOL), (5353 << 16) | UDP)
  t.equal(rig.conns.table.lookupInbound(UDP, CLIENT, 40_000, VIP, 53), NONE)
  rig.conns.endOnePacket(conn)
  t.equal(rig.counted, '0–0')
  t.equal(rig.conns.table.count, 0)
  t.equal(rig.conns.timers.idleMs, Infinity)
})

t.test('with a template, a one-packet connection is its child for that moment', async t => {
  const { rig, template } = persistent(0, UDP)
  rig.pass(10_000)
  const conn = rig.conns.openOnePacket(flowOf(UDP, CLIENT, 40_000, VIP, 53), rig.dest, 53)
  rig.conns.adopt(template, conn)
  t.equal(rig.conns.childrenOf(template), 1)
  t.equal(rig.conns.timers.secondsLeft(template), 360)
  rig.conns.endOnePacket(conn)
  t.equal(rig.conns.childrenOf(template), 0)
})

t.test('a threshold is met by one-packet connections for a moment', async t => {
  const rig = new Rig()
  rig.dest.configure(1, 1, 0)
  const conn = rig.conns.openOnePacket(flowOf(UDP, CLIENT, 1, VIP, 53), rig.dest, 53)
  t.equal(rig.dest.overloaded, true)
  rig.conns.endOnePacket(conn)
  t.equal(rig.dest.overloaded, false)
})

t.test('SCTP has its own states and times, and only ESTABLISHED is active', async t => {
  const rig = new Rig()
  const conn = rig.open(SCTP)
  for (const [direction, event, state, timeout, counted] of [
    [Direction.INBOUND, 'INIT', 'INIT1', 4, '0–1'],
    [Direction.OUTBOUND, 'INIT_ACK', 'C-SENT', 61, '0–1'],
    [Direction.INBOUND, 'COOKIE_ECHO', 'C-REPLIED', 61, '0–1'],
    [Direction.OUTBOUND, 'COOKIE_ACK', 'ESTABLISHED', 900, '1–0'],
    [Direction.INBOUND, 'DATA', 'ESTABLISHED', 900, '1–0'],
    [Direction.INBOUND, 'SHUTDOWN', 'S-RECEIVED', 61, '0–1'],
    [Direction.OUTBOUND, 'SHUTDOWN_ACK', 'S-ACK-SENT', 61, '0–1'],
    [Direction.INBOUND, 'SHUTDOWN_COMPLETE', 'CLOSED', 61, '0–1'],
  ] as const) {
    rig.conns.states.packet(conn, SCTP, direction, SctpEvent[event])
    rig.conns.timers.restart(conn)
    t.equal(sctpStateNames[rig.conns.stateOf(conn)], state, event)
    t.equal(rig.conns.timers.secondsLeft(conn), timeout, `${event}: ${timeout} s`)
    t.equal(rig.counted, counted, event)
    rig.pass(500)
  }
  rig.pass(60_490)
  t.equal(rig.counted, '0–1')
  rig.pass(10)
  t.equal(rig.counted, '0–0')
})

t.test('secure_tcp switches the tables, for connections that are open too', async t => {
  const rig = new Rig()
  const conn = rig.open()
  rig.packet(conn, '>S')
  rig.conns.states.secureTcp = true
  rig.packet(conn, '>A')
  t.equal(rig.state(conn), 'SYN_RECV', 'the client’s ACK alone establishes nothing')
  rig.packet(conn, '<SA')
  t.equal(rig.state(conn), 'SYNACK')
  t.equal(rig.counted, '1–0')
  rig.packet(conn, '>A')
  t.equal(rig.state(conn), 'SYNACK')
  rig.conns.states.secureTcp = false
  rig.packet(conn, '>A')
  t.equal(rig.state(conn), 'ESTABLISHED')
})

t.test('timeouts that are set count from the next packet on', async t => {
  const rig = new Rig()
  const conn = rig.open()
  for (const what of ['>S', '<SA', '>A']) rig.packet(conn, what)
  rig.conns.timeouts.set(5, 6, 7)
  t.equal(rig.conns.timers.secondsLeft(conn), 900)
  rig.packet(conn, '>A')
  t.equal(rig.conns.timers.secondsLeft(conn), 5)
  rig.packet(conn, '<F')
  t.equal(rig.conns.timers.secondsLeft(conn), 6)
  const udp = rig.open(UDP, 7)
  rig.packet(udp, '>', UDP)
  t.equal(rig.conns.timers.secondsLeft(udp), 7)
})

t.test('idle time is counted from the last restart, not from what is left', async t => {
  const rig = new Rig()
  const conn = rig.open()
  for (const what of ['>S', '<SA', '>A']) rig.packet(conn, what)
  rig.pass(59_990)
  t.equal(rig.conns.timers.isIdleFor(conn, 6000), false)
  rig.pass(10)
  t.equal(rig.conns.timers.isIdleFor(conn, 6000), true)
  rig.packet(conn, '>A')
  t.equal(rig.conns.timers.isIdleFor(conn, 6000), false)
  t.equal(rig.conns.inboundOf(conn), 0)
  rig.conns.countInbound(conn)
  t.equal(rig.conns.inboundOf(conn), 1)
})

t.test(
  'a connection keeps the method that its server had; of those whose answers go by, NO_OUTPUT says so',
  async t => {
    for (const [method, isOneWay] of [
      [Method.MASQ, false],
      [Method.TUNNEL, true],
      [Method.DIRECT, true],
      [Method.FULLNAT, false],
    ] as const) {
      const rig = new Rig()
      rig.dest.method = method
      const opened = [
        rig.open(),
        rig.conns.openOnePacket(flowOf(UDP, CLIENT, 1, VIP, 53), rig.dest, 53),
        rig.conns.openTemplate(flowOf(TCP, CLIENT, 0, VIP, 80), rig.dest, 80, 100),
      ]
      rig.dest.method = Method.MASQ
      for (const [i, conn] of opened.entries()) {
        t.equal(rig.conns.methodOf(conn), method, `method ${method}, ${i}`)
        t.equal(rig.conns.has(conn, ConnFlag.NO_OUTPUT), isOneWay)
        t.ok(rig.conns.has(conn, ConnFlag.INACTIVE))
      }
      t.equal(rig.conns.has(opened[1]!, ConnFlag.ONE_PACKET), true)
      t.equal(rig.conns.has(opened[2]!, ConnFlag.TEMPLATE), true)
    }
  },
)

const walkTcp = (method: Method, ...packets: string[]): string[] => {
  const rig = new Rig()
  rig.dest.method = method
  const conn = rig.open()
  return packets.map(what => {
    rig.packet(conn, what)
    return `${what} ${rig.state(conn)} ${rig.counted}`
  })
}

t.test(
  'where answers are not seen TCP walks by the client’s side alone (§5.1); one answer, and it is as ever',
  async t => {
    t.strictSame(walkTcp(Method.DIRECT, '>S', '>A', '>FA', '>A'), [
      '>S SYN_RECV 1–0',
      '>A ESTABLISHED 1–0',
      '>FA FIN_WAIT 0–1',
      '>A FIN_WAIT 0–1',
    ])
    t.strictSame(walkTcp(Method.MASQ, '>S', '>A', '>FA').at(-1), '>FA CLOSE_WAIT 0–1', 'the client closed first')
    for (const method of [Method.DIRECT, Method.TUNNEL]) {
      t.equal(walkTcp(method, '>S', '>R').at(-1), '>R SYN_RECV 1–0', 'a reset before the handshake is over')
      t.equal(walkTcp(method, '>S', '>A', '>R').at(-1), '>R CLOSE 0–1')
      t.strictSame(
        walkTcp(method, '>S', '<SA', '>A', '>FA', '<FA').slice(1),
        ['<SA SYN_RECV 1–0', '>A ESTABLISHED 1–0', '>FA CLOSE_WAIT 0–1', '<FA TIME_WAIT 0–1'],
        'with the first answer it is no longer one-way',
      )
    }
  },
)

t.test('NO_OUTPUT goes with the first answer of TCP or SCTP, and stays with UDP', async t => {
  for (const [protocol, signal, stays] of [
    [TCP, 0x12, false],
    [SCTP, SctpEvent.INIT_ACK, false],
    [UDP, 0, true],
  ] as const) {
    const rig = new Rig()
    rig.dest.method = Method.DIRECT
    const conn = rig.open(protocol)
    rig.conns.states.packet(conn, protocol, Direction.INBOUND, signal)
    t.equal(rig.conns.has(conn, ConnFlag.NO_OUTPUT), true, 'a request changes nothing')
    rig.conns.states.packet(conn, protocol, Direction.OUTBOUND, signal)
    t.equal(rig.conns.has(conn, ConnFlag.NO_OUTPUT), stays, `protocol ${protocol}`)
    t.equal(rig.conns.methodOf(conn), Method.DIRECT)
    t.equal(rig.conns.has(conn, ConnFlag.INACTIVE), protocol !== TCP, 'the other flags are as they were')
  }
})

const walkSctp = (method: Method, ...events: [Direction, number][]): string[] => {
  const rig = new Rig()
  rig.dest.method = method
  const conn = rig.open(SCTP)
  return events.map(([direction, event]) => {
    rig.conns.states.packet(conn, SCTP, direction, event)
    return sctpStateNames[rig.conns.stateOf(conn)]!
  })
}

t.test('where answers are not seen SCTP walks by the client’s side alone (§5.3)', async t => {
  const { INBOUND: IN, OUTBOUND: OUT } = Direction
  const { INIT, INIT_ACK, COOKIE_ECHO, DATA, SHUTDOWN, SHUTDOWN_COMPLETE, COOKIE_ACK } = SctpEvent
  const oneWay: [Direction, number][] = [
    [IN, INIT],
    [IN, COOKIE_ECHO],
    [IN, COOKIE_ACK],
    [IN, DATA],
    [IN, SHUTDOWN],
    [IN, SHUTDOWN_COMPLETE],
  ]
  t.strictSame(walkSctp(Method.DIRECT, ...oneWay).slice(0, 4), ['INIT1', 'ESTABLISHED', 'ESTABLISHED', 'ESTABLISHED'])
  t.strictSame(walkSctp(Method.DIRECT, ...oneWay).slice(4), ['S-RECEIVED', 'CLOSED'])
  t.strictSame(walkSctp(Method.MASQ, ...oneWay).slice(0, 2), ['INIT1', 'INIT'])
  const answered = walkSctp(Method.TUNNEL, [IN, INIT], [OUT, INIT_ACK], [IN, COOKIE_ECHO])
  t.strictSame(answered, ['INIT1', 'C-SENT', 'C-REPLIED'], 'with the first answer it is no longer one-way')
})
