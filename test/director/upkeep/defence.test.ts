import t from 'tap'
import { Connections } from '../../../src/conn/connections.js'
import { ConnFlag, EXPIRES, FLAGS, STATE_CHILDREN, TIMEOUT } from '../../../src/conn/record.js'
import { sctpStateNames } from '../../../src/conn/sctp-states.js'
import { tcpStateNames } from '../../../src/conn/tcp-states.js'
import { Defence } from '../../../src/director/upkeep/defence.js'
import { seededRandom } from '../../../src/director/random.js'
import { Counters } from '../../../src/service/counters.js'
import { DestinationTable } from '../../../src/service/destination.js'
import { Sysctls } from '../../../src/service/sysctls.js'
import type { Ipv4Addr } from '../../../src/wire/addr.js'
import { VIP } from '../../support/bench-director.js'
import { CLIENT, RS, Scene } from '../scene.js'
import { flowOf } from '../../support/flow.js'

const TCP = 6
const UDP = 17
const SCTP = 132

/** A defence over connections of one real server, with so many pages free. Every bucket is looked at. */
function rig(pages = 0) {
  const sysctls = new Sysctls()
  const destinations = new DestinationTable(new Counters())
  const dest = destinations.create({ protocol: TCP, addr: 1 as Ipv4Addr, port: 80, mark: 0 }, 2 as Ipv4Addr, 80)
  const conns = new Connections(4096, seededRandom(1), destinations, 0)
  let drawn = 0
  const host = { pages }
  // 128 looks a second: the buckets one after the other, so that 32 seconds see them all.
  const defence = new Defence(
    sysctls,
    conns,
    () => drawn++,
    () => host.pages,
    0,
  )
  const set = (name: string, value: number | string) => {
    sysctls.set(name, String(value))
    defence.evaluate()
  }
  return { sysctls, dest, conns, defence, host, set }
}

t.test('levels 1 and 2 change by memory, 0 and 3 do not; each second, and at once when set', async t => {
  for (const name of ['drop_entry', 'drop_packet', 'secure_tcp'] as const)
    for (const [level, pages, after] of [
      [0, 1023, '0'],
      [1, 1023, '2'],
      [1, 1024, '1'],
      [2, 1024, '1'],
      [2, 1023, '2'],
      [3, 1024, '3'],
      [3, 0, '3'],
    ] as const) {
      const { sysctls, set } = rig(pages)
      set(name, level)
      t.equal(sysctls.get(name), after, `${name} ${level} with ${pages} pages`)
      for (const other of ['drop_entry', 'drop_packet', 'secure_tcp'])
        if (other !== name) t.equal(sysctls.get(other), '0')
    }
})

t.test('what the memory does is seen at the next second', async t => {
  const { sysctls, defence, host, set } = rig(2000)
  set('secure_tcp', 1)
  host.pages = 10
  defence.poll(999)
  t.equal(sysctls.secureTcp, 1)
  defence.poll(1000)
  t.equal(sysctls.secureTcp, 2)
  host.pages = 2000
  defence.poll(1999)
  t.equal(sysctls.secureTcp, 2)
  defence.poll(2000)
  t.equal(sysctls.secureTcp, 1)
  host.pages = 10
  defence.poll(7300)
  t.equal(sysctls.secureTcp, 2, 'after a pause')
  host.pages = 2000
  defence.poll(7999)
  t.equal(sysctls.secureTcp, 2)
  defence.poll(8000)
  t.equal(sysctls.secureTcp, 1, 'the seconds are those of the start')
})

t.test('secure_tcp is on from 2', async t => {
  for (const [level, pages, isOn] of [
    [0, 0, false],
    [1, 2000, false],
    [1, 0, true],
    [2, 0, true],
    [2, 2000, false],
    [3, 2000, true],
  ] as const) {
    const { conns, set } = rig(pages)
    set('secure_tcp', level)
    t.equal(conns.states.secureTcp, isOn, `${level}, ${pages} pages`)
    set('secure_tcp', 0)
    t.equal(conns.states.secureTcp, false)
  }
})

/** Which of 24 packets are dropped, as digits. */
function drops({ defence }: ReturnType<typeof rig>, count = 24): string {
  return Array.from({ length: count }, () => (defence.dropsPacket() ? 'x' : '.')).join('')
}

t.test('drop_packet 3 takes one in am_droprate', async t => {
  const always = rig(5000)
  always.set('am_droprate', 4)
  always.set('drop_packet', 3)
  t.equal(drops(always), 'x...x...x...x...x...x...', 'the counter begins with 0')
  const one = rig()
  one.set('am_droprate', 1)
  one.set('drop_packet', 3)
  t.equal(drops(one), 'x'.repeat(24))
  const none = rig()
  none.set('am_droprate', 0)
  none.set('drop_packet', 3)
  t.equal(drops(none), '.'.repeat(24))
})

t.test('drop_packet’s automatic rate is amemthresh ÷ what is missing', async t => {
  for (const [pages, rate] of [
    [0, 1],
    [512, 2],
    [600, 2],
    [683, 3],
    [1000, 42],
    [1023, 1024],
  ] as const) {
    const low = rig(pages)
    low.set('drop_packet', 1)
    const pattern = drops(low, rate * 2)
    t.equal(pattern, `${'.'.repeat(rate - 1)}x`.repeat(2), `${pages} pages: one in ${rate}`)
  }
  const enough = rig(1024)
  enough.set('drop_packet', 2)
  t.equal(drops(enough), '.'.repeat(24))
  const counted = rig(512)
  counted.set('drop_packet', 1)
  t.equal(drops(counted, 1), '.')
  counted.defence.poll(1000)
  t.equal(drops(counted, 4), '.x.x', 'each second the count begins anew')
})

t.test('switched off, nothing is dropped', async t => {
  const low = rig(0)
  low.set('drop_packet', 1)
  low.set('drop_packet', 0)
  t.equal(drops(low), '.'.repeat(24))
})

/** Whether a connection is dropped at random once it has been idle for some time. */
function isDropped(
  protocol: number,
  state: number,
  { packets = 1, idle = 60_000, flags = 0, children = 0 } = {},
): boolean {
  const { conns, defence, set, dest } = rig()
  set('drop_entry', 3)
  const conn = conns.open(flowOf(protocol, 5, 6, 7, 8), dest, 9)
  const { words } = conns.table
  words[conn + TIMEOUT] = 10_000_000
  conns.timers.restart(conn)
  words[conn + STATE_CHILDREN] = state | (children << 8)
  words[conn + FLAGS]! |= flags
  for (let i = 0; i < packets; i++) conns.countInbound(conn)
  while (!conns.advance(idle));
  // 32 seconds: every bucket once. The clock of the connections stands still meanwhile.
  for (let second = 1; second <= 32; second++) defence.poll(second * 1000)
  return words[conn + EXPIRES]! - idle / 10 <= 1
}
t.test('which entries are dropped at random (ipvs-behaviour.md §10.2)', async t => {
  for (const [state, name] of tcpStateNames.entries()) {
    const expected = ['SYN_RECV', 'SYNACK', 'ESTABLISHED'].includes(name)
    t.equal(isDropped(TCP, state), expected, `TCP ${name}, idle`)
    t.equal(isDropped(TCP, state, { idle: 0 }), expected && name !== 'ESTABLISHED', `TCP ${name}, busy`)
  }
  for (const [state, name] of sctpStateNames.entries()) {
    const expected = ['INIT1', 'INIT', 'ESTABLISHED'].includes(name)
    t.equal(isDropped(SCTP, state), expected, `SCTP ${name}, idle`)
    t.equal(isDropped(SCTP, state, { idle: 0 }), expected && name !== 'ESTABLISHED', `SCTP ${name}, busy`)
  }
  t.equal(isDropped(UDP, 0), true, 'UDP, idle')
  t.equal(isDropped(UDP, 0, { idle: 59_990 }), false, 'UDP, idle for a jiffy less than 60 s')
  t.equal(isDropped(TCP, 3, { children: 1 }), false, 'with children')
  t.equal(isDropped(TCP, 0, { flags: ConnFlag.TEMPLATE, idle: 0 }), true, 'a template')
  t.equal(isDropped(TCP, 1, { flags: ConnFlag.TEMPLATE }), false, 'an ASSURED template')
  t.equal(isDropped(0, 0, { flags: ConnFlag.TEMPLATE, children: 2 }), false, 'a template with children')
})

t.test('of the idle, those of 1 to 8 packets', async t => {
  for (let packets = 0; packets <= 10; packets++)
    t.equal(isDropped(UDP, 0, { packets }), packets >= 1 && packets <= 8, `${packets} packets`)
})

t.test('of those with n packets every n-th goes, the first at once', async t => {
  for (let packets = 1; packets <= 8; packets++) {
    const { conns, defence, set, dest } = rig()
    const all = Array.from({ length: 48 }, (_, port) => {
      const conn = conns.open(flowOf(UDP, 5, 1 + port, 7, 8), dest, 9)
      conns.states.packet(conn, UDP, 0, 0)
      conns.timers.restart(conn)
      for (let i = 0; i < packets; i++) conns.countInbound(conn)
      return conn
    })
    while (!conns.advance(60_000));
    set('drop_entry', 3)
    for (let second = 1; second <= 32; second++) defence.poll(second * 1000)
    while (!conns.advance(60_010));
    t.equal(48 - conns.table.count, Math.ceil(48 / packets), `${packets} packets: of ${all.length}`)
  }
})

t.test('it is on at 2 and 3 only, and looks once a second', async t => {
  for (const [level, pages, isOn] of [
    [0, 0, false],
    [1, 5000, false],
    [1, 0, true],
    [2, 5000, false],
    [3, 5000, true],
  ] as const) {
    const { conns, dest, defence, set } = rig(pages)
    set('drop_entry', level)
    for (let port = 1; port <= 4000; port++) {
      const conn = conns.open(flowOf(TCP, port, port, 7, 8), dest, 9)
      conns.states.packet(conn, TCP, 0, 2)
      conns.timers.restart(conn)
    }
    defence.poll(999)
    while (!conns.advance(1000));
    t.equal(conns.table.count, 4000)
    defence.poll(1000)
    defence.poll(1001)
    while (!conns.advance(1020));
    const gone = 4000 - conns.table.count
    // 128 buckets of 4096.
    t.ok(isOn ? gone > 60 && gone < 200 : gone === 0, `level ${level}, ${pages} pages: ${gone} gone`)
  }
})

t.test('a larger table has the kernel’s share looked at', async t => {
  const destinations = new DestinationTable(new Counters())
  const dest = destinations.create({ protocol: TCP, addr: 1 as Ipv4Addr, port: 80, mark: 0 }, 2 as Ipv4Addr, 80)
  const conns = new Connections(2 ** 15, seededRandom(1), destinations, 0)
  const sysctls = new Sysctls()
  const defence = new Defence(sysctls, conns, seededRandom(2), () => 0, 0)
  sysctls.set('drop_entry', '3')
  for (let port = 1; port <= 20_000; port++) {
    const conn = conns.open(flowOf(TCP, port, port, 7, 8), dest, 9)
    conns.states.packet(conn, TCP, 0, 2)
    conns.timers.restart(conn)
  }
  defence.poll(1000)
  while (!conns.advance(1020));
  const gone = 20_000 - conns.table.count
  t.ok(gone > 400 && gone < 800, `${gone} gone, of 625 that would be a 32nd`)
})

t.test('drop_packet takes what would open a connection, of a service, and nothing else', async t => {
  const scene = new Scene()
  scene.service(`tcp ${VIP}:80`, {}, `${RS[0]}:80`)
  scene.connect(`${CLIENT}:1`)
  scene.sysctl('am_droprate', 2)
  scene.sysctl('drop_packet', 3)
  const seen = Array.from({ length: 6 }, (_, index) => scene.tcp(`${CLIENT}:${10 + index}`))
  t.strictSame(seen.map(verdict => (verdict === 'drop-defence' ? 'x' : '.')).join(''), 'x.x.x.')
  for (let i = 0; i < 4; i++) {
    t.equal(scene.tcp(`${CLIENT}:1`, undefined, 'A'), `${RS[0]}:80`, 'of an open connection')
    t.equal(scene.tcp(`${CLIENT}:50`, undefined, 'A'), 'answered', 'that may open none')
    t.equal(scene.tcp(`${CLIENT}:50`, `${VIP}:81`), 'answered', 'of no service')
  }
  t.equal(scene.tcp(`${CLIENT}:60`), 'drop-defence', 'they have not been counted')
})

t.test('the director asks its host for memory, and secure_tcp reaches the path', async t => {
  let pages = 5000
  const scene = new Scene({ availablePages: () => pages })
  scene.service(`tcp ${VIP}:80`, {}, `${RS[0]}:80`)
  scene.sysctl('secure_tcp', 1)
  scene.tcp(`${CLIENT}:1`)
  scene.tcp(`${CLIENT}:1`, undefined, 'A')
  t.match(scene.connections(), [/ESTABLISHED/])
  pages = 0
  scene.run(1000)
  t.equal(scene.sysctlOf('secure_tcp'), '2')
  scene.tcp(`${CLIENT}:2`)
  scene.tcp(`${CLIENT}:2`, undefined, 'A')
  t.match(
    scene.connections().find(line => line.includes(`${CLIENT}:2 `)),
    /SYN_RECV/,
  )
  scene.must({ op: 'reset' })
  t.equal(scene.director.conns.states.secureTcp, false)
})
