import t from 'tap'
import { fromClient, fromServer, on, toClient, toServer, VIP } from '../support/bench-director.js'
import { Chunk, sctp4 } from '../support/sctp.js'
import { CLIENT, RS, Scene } from './scene.js'

const CIP = `${CLIENT}:40000`
const RIP = `${RS[0]}:9899`
const SERVICE = `sctp ${VIP}:9`

t.test('whole frames, both ways: addresses, ports, and a checksum made anew', async t => {
  const scene = new Scene()
  scene.service(SERVICE, {}, RIP)
  for (const data of [0, 1, 3, 16, 1200]) {
    const chunks = [[Chunk.INIT, data]] as [number, number][]
    const there = sctp4(`${CIP} > ${RIP}`, { chunks, ...toServer(), ttl: 63 })
    t.strictSame(scene.turn('c', sctp4(`${CIP} > ${VIP}:9`, { chunks, ...fromClient })), ['balanced', on('r', there)])
    const back = sctp4(`${VIP}:9 > ${CIP}`, { chunks, ...toClient, ttl: 63 })
    t.strictSame(scene.turn('r', sctp4(`${RIP} > ${CIP}`, { chunks, ...fromServer() })), ['balanced', on('c', back)])
  }
})

t.test('a wrong checksum becomes right where a port changes, and is left where none does', async t => {
  const scene = new Scene()
  scene.service(SERVICE, {}, RIP)
  scene.service(`sctp ${VIP}:10`, {}, `${RS[0]}:10`)
  const wrong = { checksum: 0xdeadbeef }
  t.strictSame(scene.turn('c', sctp4(`${CIP} > ${VIP}:9`, { ...wrong, ...fromClient })), [
    'balanced',
    on('r', sctp4(`${CIP} > ${RIP}`, { ...toServer(), ttl: 63 })),
  ])
  t.strictSame(scene.turn('c', sctp4(`${CIP} > ${VIP}:10`, { ...wrong, ...fromClient })), [
    'balanced',
    on('r', sctp4(`${CIP} > ${RS[0]}:10`, { ...wrong, ...toServer(), ttl: 63 })),
  ])
})

t.test('an association from INIT to its end', async t => {
  const scene = new Scene()
  const key = scene.service(SERVICE, {}, RIP)
  for (const [way, chunks, state, timeout, counted] of [
    ['>', [Chunk.INIT], 'INIT1', 4, '0–1'],
    ['<', [Chunk.INIT_ACK], 'C-SENT', 61, '0–1'],
    ['>', [Chunk.COOKIE_ECHO, Chunk.DATA], 'C-REPLIED', 61, '0–1'],
    ['<', [Chunk.COOKIE_ACK], 'ESTABLISHED', 900, '1–0'],
    ['>', [Chunk.SACK], 'ESTABLISHED', 900, '1–0'],
    ['<', [Chunk.HEARTBEAT], 'ESTABLISHED', 900, '1–0'],
    ['>', [Chunk.SHUTDOWN], 'S-RECEIVED', 61, '0–1'],
    ['<', [Chunk.SHUTDOWN_ACK], 'S-ACK-SENT', 61, '0–1'],
    ['>', [Chunk.SHUTDOWN_COMPLETE], 'CLOSED', 61, '0–1'],
  ] as const) {
    const got = way === '>' ? scene.sctp(CIP, `${VIP}:9`, chunks) : scene.sctpAnswer(RIP, CIP, chunks)
    t.equal(got, way === '>' ? RIP : `${VIP}:9`)
    t.strictSame(scene.connections(), [`sctp ${state} ${timeout} ${CIP} ${VIP}:9 ${RIP}`], `${way} ${chunks}`)
    t.equal(scene.counts(key, RIP), counted, `${way} ${chunks}`)
  }
})

t.test('with sloppy_sctp any first chunk but ABORT opens one; an ABORT behind a cookie is no hindrance', async t => {
  const scene = new Scene()
  scene.service(SERVICE, {}, RIP)
  const cookieAbort = [Chunk.COOKIE_ACK, Chunk.ABORT]
  t.equal(scene.sctp(CIP, `${VIP}:9`, cookieAbort), 'refused', 'without it')
  scene.sysctl('sloppy_sctp', 1)
  t.equal(scene.sctp(CIP, `${VIP}:9`, [Chunk.ABORT]), 'refused')
  t.equal(scene.sctp(CIP, `${VIP}:9`, cookieAbort), RIP)
  t.strictSame(scene.connections(), [`sctp CLOSED 61 ${CIP} ${VIP}:9 ${RIP}`])
})

t.test('an ABORT behind a COOKIE-ECHO ends it', async t => {
  const scene = new Scene()
  scene.service(SERVICE, {}, RIP)
  scene.sctp(CIP, `${VIP}:9`, [Chunk.INIT])
  scene.sctpAnswer(RIP, CIP, [Chunk.INIT_ACK])
  scene.sctp(CIP, `${VIP}:9`, [[Chunk.COOKIE_ECHO, 5], Chunk.ABORT])
  t.match(scene.connections(), [/^sctp CLOSED 61 /])
})

t.test('an INIT on a closed one is scheduled anew, on another it is forwarded', async t => {
  const scene = new Scene()
  scene.service(SERVICE, {}, `${RS[0]}:9`, `${RS[1]}:9`)
  t.equal(scene.sctp(CIP, `${VIP}:9`, [Chunk.INIT]), `${RS[1]}:9`)
  t.equal(scene.sctp(CIP, `${VIP}:9`, [Chunk.INIT]), `${RS[1]}:9`, 'INIT1')
  scene.sctp(CIP, `${VIP}:9`, [Chunk.ABORT])
  t.equal(scene.sctp(CIP, `${VIP}:9`, [Chunk.DATA]), `${RS[1]}:9`, 'CLOSED, DATA')
  t.equal(scene.sctp(CIP, `${VIP}:9`, [Chunk.INIT]), `${RS[0]}:9`, 'CLOSED, INIT')
})

t.test('short packets are dropped, those of no service are not balanced', async t => {
  const scene = new Scene()
  scene.service(SERVICE, {}, RIP)
  t.equal(scene.sctp(CIP, `${VIP}:9`, []), 'drop-sctp-malformed')
  t.not(scene.sctp(CIP, `${VIP}:10`, [Chunk.INIT]), RIP)
  t.strictSame(scene.connections(), [])
})
