import t from 'tap'
import { LOCAL_PORTS, LocalPorts, NO_PORT } from '../../src/conn/local-ports.js'
import { FIRST_LOCAL_PORT } from '../../src/packet/local-port.js'
import { seededRandom } from '../../src/director/random.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const TCP = 6
const UDP = 17
const LIP = 0x0a630201 as Ipv4Addr
/** Negative as a signed number. */
const SERVER = (0xcb007107 | 0) as Ipv4Addr

function taken(ports: LocalPorts, count: number): number[] {
  return Array.from({ length: count }, () => ports.take(ports.poolOf(TCP, LIP, SERVER, 80)))
}

t.test('a pool gives each of 60 000 ports once, then none', async t => {
  const ports = new LocalPorts(seededRandom(1))
  const all = taken(ports, LOCAL_PORTS)
  t.equal(new Set(all).size, 60_000)
  t.equal(Math.min(...all), FIRST_LOCAL_PORT)
  t.equal(Math.max(...all), 65_535)
  t.equal(ports.take(ports.poolOf(TCP, LIP, SERVER, 80)), NO_PORT)
  t.equal(ports.usesOf(LIP), 60_000)
})

t.test('ports given back come again in that order, and only when no unused one is left', async t => {
  const ports = new LocalPorts(seededRandom(1))
  const all = taken(ports, LOCAL_PORTS - 200)
  const pool = ports.poolOf(TCP, LIP, SERVER, 80)
  // Enough to make the ring grow, and from places that are in no order.
  const back = Array.from({ length: 150 }, (_, i) => all[(i * 7919) % all.length]!)
  for (const port of back) ports.give(pool, port)
  const unused = taken(ports, 200)
  t.strictSame(
    unused.filter(port => all.includes(port)),
    [],
  )
  t.strictSame(taken(ports, 150), back)
  t.equal(ports.take(ports.poolOf(TCP, LIP, SERVER, 80)), NO_PORT)
})

t.test('the ring of ports given back goes round', async t => {
  const ports = new LocalPorts(seededRandom(1))
  taken(ports, LOCAL_PORTS)
  const pool = ports.poolOf(TCP, LIP, SERVER, 80)
  const waiting: number[] = []
  const random = seededRandom(2)
  const out = new Set(Array.from({ length: LOCAL_PORTS }, (_, i) => FIRST_LOCAL_PORT + i))
  let wrong = 0
  for (let step = 0; step < 70_000; step++) {
    if (waiting.length > 0 && (random() & 1) === 0) {
      const port = ports.take(ports.poolOf(TCP, LIP, SERVER, 80))
      if (port !== waiting.shift()) wrong++
      out.add(port)
    } else {
      const port = out.values().next().value!
      out.delete(port)
      waiting.push(port)
      ports.give(pool, port)
    }
  }
  t.equal(wrong, 0)
})

t.test('a pool that is idle again goes on where it was', async t => {
  const ports = new LocalPorts(seededRandom(1))
  const pool = ports.poolOf(TCP, LIP, SERVER, 80)
  const first = taken(ports, 3)
  for (const port of first) ports.give(pool, port)
  t.equal(ports.usesOf(LIP), 0)
  const second = taken(ports, 60_000)
  t.strictSame(second.slice(-3), first, 'what rested shortest comes last')
  for (const port of second) ports.give(pool, port)
  t.strictSame(taken(ports, 1), second.slice(0, 1))
})

t.test('protocols, local addresses and real servers have pools of their own; services share them', async t => {
  const ports = new LocalPorts(seededRandom(1))
  taken(ports, LOCAL_PORTS)
  t.equal(ports.take(ports.poolOf(TCP, LIP, SERVER, 80)), NO_PORT)
  for (const [protocol, laddr, daddr, dport] of [
    [UDP, LIP, SERVER, 80],
    [TCP, LIP + 1, SERVER, 80],
    [TCP, LIP, SERVER + 1, 80],
    [TCP, LIP, SERVER, 81],
  ] as [number, Ipv4Addr, Ipv4Addr, number][])
    t.not(ports.take(ports.poolOf(protocol, laddr, daddr, dport)), NO_PORT, `${protocol} ${laddr} ${daddr} ${dport}`)
})

t.test('many pools that nobody uses are forgotten', async t => {
  const ports = new LocalPorts(() => 0)
  for (let round = 0; round < 2; round++)
    for (let daddr = 0; daddr < 6000; daddr++) {
      const pool = ports.poolOf(TCP, LIP, daddr as Ipv4Addr, 80)
      const port = ports.take(pool)
      const again = ports.take(pool)
      if (port === again) t.fail(`server ${daddr}`)
      ports.give(pool, port)
      ports.give(pool, again)
      if (pool > 4096) t.fail(`pool ${pool}`)
    }
  t.equal(ports.usesOf(LIP), 0)
  t.strictSame([...ports.uses], [])
})

t.test('pools of the same key are told apart, and any of them is forgotten alone', async t => {
  const [ofServer, ofLocal] = [0x9e3779b1, 0x85ebca6b]
  const [server, local] = [Math.imul(SERVER, ofServer), Math.imul(LIP, ofLocal)]
  const same = [
    { laddr: LIP, daddr: SERVER, dport: 80 },
    { laddr: LIP, daddr: Math.imul(inverse(ofServer), server ^ (1 << 16)) as Ipv4Addr, dport: 81 },
    { laddr: Math.imul(inverse(ofLocal), local ^ (2 << 16)) as Ipv4Addr, daddr: SERVER, dport: 82 },
    {
      laddr: Math.imul(inverse(ofLocal), local ^ 0x5555) as Ipv4Addr,
      daddr: Math.imul(inverse(ofServer), server ^ 0x5555) as Ipv4Addr,
      dport: 80,
    },
  ]
  for (let forgotten = 0; forgotten < same.length; forgotten++) {
    const ports = new LocalPorts(() => 0)
    const poolsOfAll = (): number[] => same.map(({ laddr, daddr, dport }) => ports.poolOf(TCP, laddr, daddr, dport))
    const pools = poolsOfAll()
    t.equal(new Set(pools).size, same.length)
    const taken = pools.map(pool => ports.take(pool))
    for (let i = 0; i < 4096; i++) ports.take(ports.poolOf(UDP, LIP, i as Ipv4Addr, 80))
    ports.give(pools[forgotten]!, taken[forgotten]!)
    t.strictSame(poolsOfAll(), pools, 'the others are as they were; the forgotten one’s number is free again')
    t.strictSame(
      poolsOfAll().map(pool => ports.take(pool)),
      taken.map((port, i) => (i === forgotten ? port : port + 1)),
    )
    const uses = same.map((_, i) => (i === forgotten ? 1 : 2))
    t.strictSame([ports.usesOf(same[2]!.laddr), ports.usesOf(same[3]!.laddr)], uses.slice(2))
    t.equal(ports.usesOf(LIP), 4096 + uses[0]! + uses[1]!)
  }
})

/** The factor's inverse modulo 2^32. */
function inverse(factor: number): number {
  let x = factor
  for (let i = 0; i < 4; i++) x = Math.imul(x, 2 - Math.imul(factor, x))
  return x
}

t.test('an address is in use while pairs of it are taken', async t => {
  const ports = new LocalPorts(seededRandom(1))
  const pool = ports.poolOf(TCP, LIP, SERVER, 80)
  t.notOk(ports.inUse.has(LIP))
  const [first = 0, second = 0] = taken(ports, 2)
  ports.give(pool, first)
  t.ok(ports.inUse.has(LIP))
  t.strictSame([...ports.uses], [[LIP, 1]])
  ports.give(pool, second)
  t.notOk(ports.inUse.has(LIP))
  t.strictSame([...ports.uses], [])
})

t.test('clear forgets what was taken', async t => {
  const ports = new LocalPorts(seededRandom(1))
  taken(ports, LOCAL_PORTS)
  ports.clear()
  t.equal(ports.usesOf(LIP), 0)
  t.equal(new Set(taken(ports, LOCAL_PORTS)).has(NO_PORT), false)
})

t.test('a port that is claimed is given to nobody else until it is given back', async t => {
  const ports = new LocalPorts(seededRandom(1))
  const pool = ports.poolOf(TCP, LIP, SERVER, 80)
  const [first = 0] = taken(ports, 1)
  t.notOk(ports.claim(pool, first), 'a connection has it')
  t.notOk(ports.claim(pool, FIRST_LOCAL_PORT - 1), 'none of the pool’s')
  const claimed = [first + 1, first + 2, first - 1]
  for (const port of claimed) t.ok(ports.claim(pool, port))
  t.notOk(ports.claim(pool, first + 1), 'claimed before')
  t.equal(ports.usesOf(LIP), 4)
  ports.give(pool, first - 1)
  t.equal(ports.usesOf(LIP), 3)
  const rest = taken(ports, LOCAL_PORTS - 3)
  t.equal(new Set([...rest, first, first + 1, first + 2]).size, LOCAL_PORTS)
  t.equal(ports.take(pool), NO_PORT)
  ports.give(pool, first + 2)
  t.equal(ports.take(pool), first + 2)
})

t.test('of several directors each claims the ports of its share', async t => {
  const ports = new LocalPorts(seededRandom(1), { index: 1, of: 2 })
  const pool = ports.poolOf(TCP, LIP, SERVER, 80)
  t.notOk(ports.claim(pool, FIRST_LOCAL_PORT + (FIRST_LOCAL_PORT % 2)))
  t.ok(ports.claim(pool, 65_535))
})
