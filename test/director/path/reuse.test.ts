import t from 'tap'
import { Connections } from '../../../src/conn/connections.js'
import { STATE_CHILDREN } from '../../../src/conn/record.js'
import { sctpStateNames } from '../../../src/conn/sctp-states.js'
import { tcpStateNames } from '../../../src/conn/tcp-states.js'
import { seededRandom } from '../../../src/director/random.js'
import { Direction } from '../../../src/conn/direction.js'
import { Method } from '../../../src/service/method.js'
import { isNewConnection, isReplaceable } from '../../../src/director/path/reuse.js'
import { Counters } from '../../../src/service/counters.js'
import { DestinationTable } from '../../../src/service/destination.js'
import { Sysctls } from '../../../src/service/sysctls.js'
import { parseIpv4, type Ipv4Addr } from '../../../src/wire/addr.js'
import { VIP } from '../../support/bench-director.js'
import { CLIENT, RS, Scene } from '../scene.js'
import { flowOf } from '../../support/flow.js'

t.test('TCP with SYN begins a connection, whatever else is set; SCTP’s INIT; UDP never', async t => {
  for (let flags = 0; flags < 256; flags++)
    t.equal(isNewConnection(6, flags), Math.floor(flags / 2) % 2 === 1, `TCP flags ${flags}`)
  for (let event = 0; event < 10; event++) t.equal(isNewConnection(132, event), event === 1, `SCTP event ${event}`)
  for (const signal of [0, 1, 2]) t.equal(isNewConnection(17, signal), false)
})

t.test('TIME_WAIT and CLOSE may be replaced, of SCTP CLOSED, unless conn_reuse_mode is 0', async t => {
  const destinations = new DestinationTable(new Counters())
  const dest = destinations.create({ protocol: 6, addr: 1 as Ipv4Addr, port: 80, mark: 0 }, 2 as Ipv4Addr, 80)
  dest.configure(1, 0, 0)
  const conns = new Connections(8, seededRandom(1), destinations, 0)
  const conn = conns.open(flowOf(6, 1, 2, 3, 4), dest, 5)
  for (const mode of ['0', '1', '2', '3', '4', '-1'])
    for (const [protocol, names, over] of [
      [6, tcpStateNames, ['TIME_WAIT', 'CLOSE']],
      [132, sctpStateNames, ['CLOSED']],
    ] as const)
      for (const [state, name] of names.entries()) {
        const sysctls = new Sysctls()
        sysctls.set('conn_reuse_mode', mode)
        conns.table.words[conn + STATE_CHILDREN] = state
        const expected = mode !== '0' && (over as readonly string[]).includes(name)
        t.equal(isReplaceable(conns, conn, protocol, sysctls), expected, `mode ${mode}, ${name}`)
      }
})

/** A scene whose client's connection is at its second server, in CLOSE. */
function closed(settings = {}) {
  const scene = new Scene()
  const key = scene.service(`tcp ${VIP}:80`, settings, `${RS[0]}:80`, `${RS[1]}:80`)
  scene.connect(`${CLIENT}:1`)
  scene.tcp(`${CLIENT}:1`, undefined, 'R')
  return { scene, key }
}

t.test('a SYN on a connection that is over is scheduled anew; the old one is counted for a jiffy more', async t => {
  for (const flags of ['S', 'SA', 'SF']) {
    const { scene, key } = closed()
    t.equal(scene.tcp(`${CLIENT}:1`, undefined, flags), `${RS[0]}:80`, flags)
    t.equal(scene.counts(key, `${RS[1]}:80`), '0–1')
    t.equal(scene.counts(key, `${RS[0]}:80`), '1–0')
    t.equal(scene.tcp(`${CLIENT}:1`, undefined, 'A'), `${RS[0]}:80`, 'the new one is found')
    scene.run(20)
    t.equal(scene.counts(key, `${RS[1]}:80`), '0–0')
    t.equal(scene.connections().length, 1)
  }
})

t.test('other packets go on with the old one; so does a SYN with conn_reuse_mode 0', async t => {
  const { scene } = closed()
  for (const flags of ['A', 'F', 'R', 'PA']) t.equal(scene.tcp(`${CLIENT}:1`, undefined, flags), `${RS[1]}:80`, flags)
  scene.sysctl('conn_reuse_mode', 0)
  t.equal(scene.tcp(`${CLIENT}:1`), `${RS[1]}:80`, 'mode 0')
  t.match(scene.connections(), [/^tcp SYN_RECV 60 /])
})

t.test('a connection of a template is not replaced', async t => {
  const { scene } = closed({ persistence: 360 })
  t.equal(scene.tcp(`${CLIENT}:1`), `${RS[1]}:80`)
  t.equal(scene.connections().length, 2)
})

t.test('with expire_nodest_conn, a quiesced server’s connection is replaced whatever its state', async t => {
  for (const persistence of [0, 360]) {
    const scene = new Scene()
    const key = scene.service(`tcp ${VIP}:80`, { persistence }, `${RS[0]}:80`, `${RS[1]}:80`)
    scene.connect(`${CLIENT}:1`)
    scene.editServer(key, `${RS[1]}:80 0`)
    t.equal(scene.tcp(`${CLIENT}:1`), `${RS[1]}:80`, 'not without it')
    scene.sysctl('expire_nodest_conn', 1)
    scene.sysctl('conn_reuse_mode', 0)
    t.equal(scene.tcp(`${CLIENT}:1`, undefined, 'A'), `${RS[1]}:80`, 'not by an ACK')
    const expected = persistence === 0 ? RS[0] : RS[1]
    t.equal(scene.tcp(`${CLIENT}:1`), `${expected}:80`, `persistence ${persistence}: the template decides`)
    t.match(scene.counts(key, `${RS[1]}:80`), persistence === 0 ? '1–0' : '2–0–1')
    scene.run(20)
    t.match(scene.counts(key, `${RS[1]}:80`), persistence === 0 ? '0–0' : '1–0–1')
  }
})

t.test('one with children is not ended: the newer one is found before it', async t => {
  const { scene } = closed()
  const { conns } = scene.director
  const { table } = conns
  const [client, vip] = [parseIpv4(CLIENT)!, parseIpv4(VIP)!]
  const parent = table.lookupInbound(6, client, 1, vip, 80)
  const child = conns.open(flowOf(6, client, 9, vip, 80), conns.destinationOf(parent), 80)
  conns.adopt(parent, child)
  t.equal(scene.tcp(`${CLIENT}:1`), `${RS[0]}:80`)
  scene.run(20)
  t.equal(scene.connections().length, 3)
  t.not(table.lookupInbound(6, client, 1, vip, 80), parent)
  t.equal(conns.timers.secondsLeft(parent), 9, 'its own time goes on')
})

t.test('with bit 2 of conn_reuse_mode, FIN_WAIT too, where no answer has been seen', async t => {
  const { TUNNEL, DIRECT, MASQ } = Method
  const destinations = new DestinationTable(new Counters())
  const dest = destinations.create({ protocol: 6, addr: 1 as Ipv4Addr, port: 80, mark: 0 }, 2 as Ipv4Addr, 80)
  dest.configure(1, 0, 0)
  for (const method of [MASQ, TUNNEL, DIRECT])
    for (const isSeen of [false, true])
      for (const mode of ['0', '1', '2', '3', '4', '6', '-1']) {
        const conns = new Connections(8, seededRandom(1), destinations, 0)
        dest.method = method
        const conn = conns.open(flowOf(6, 1, 2, 3, 4), dest, 5)
        if (isSeen) conns.states.packet(conn, 6, Direction.OUTBOUND, 0x12)
        const sysctls = new Sysctls()
        sysctls.set('conn_reuse_mode', mode)
        const isAllowed = method !== MASQ && !isSeen && (Number(mode) & 2) !== 0
        for (const [state, name] of tcpStateNames.entries()) {
          conns.table.words[conn + STATE_CHILDREN] = state
          const over = ['TIME_WAIT', 'CLOSE', ...(isAllowed ? ['FIN_WAIT'] : [])]
          const expected = mode !== '0' && over.includes(name)
          const is = isReplaceable(conns, conn, 6, sysctls)
          if (is !== expected) t.fail(`method ${method}, mode ${mode}, ${name}, answer ${isSeen}: ${is}`)
        }
      }
  t.pass('every method, mode and state')
})
