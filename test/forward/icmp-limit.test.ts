import t from 'tap'
import { IcmpLimit } from '../../src/forward/icmp-limit.js'
import { BenchDirector, fromClient, VIP } from '../support/bench-director.js'
import { udp4 } from '../support/frames.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const PORT = [3, 3] as const
/** How many of `tries` at one moment are allowed. */
function allowed(
  limit: IcmpLimit,
  peer: number,
  now: number,
  tries = 100,
  [type, code] = PORT as readonly [number, number],
): number {
  return Array.from({ length: tries }, () => limit.allows(peer as Ipv4Addr, type, code, now)).filter(Boolean).length
}

t.test('a quiet peer gets six at once, then one a second', async t => {
  const limit = new IcmpLimit(1000)
  t.equal(allowed(limit, 1, 5000), 6)
  t.equal(allowed(limit, 1, 5999), 0)
  t.equal(allowed(limit, 1, 6000), 1)
  t.equal(allowed(limit, 1, 6999.5), 0)
  t.equal(allowed(limit, 1, 9000), 3)
  t.equal(allowed(limit, 1, 1_000_000), 6, 'no more is saved up')
})

t.test('each peer has its own', async t => {
  const limit = new IcmpLimit(1000)
  t.strictSame(
    [1, 2, 3].map(peer => allowed(limit, peer, 5000, 7)),
    [6, 6, 6],
  )
})

t.test('the rate is what was asked for', async t => {
  const limit = new IcmpLimit(250)
  allowed(limit, 1, 5000)
  let sent = 0
  for (let now = 5010; now <= 15_000; now += 10) sent += allowed(limit, 1, now, 2)
  t.equal(sent, 40)
})

t.test('fifty at once in all, then a thousand a second', async t => {
  const limit = new IcmpLimit(1000)
  const peers = (now: number, from: number, count: number): number =>
    Array.from({ length: count }, (_, i) => allowed(limit, from + i, now, 1)).reduce((sum, one) => sum + one, 0)
  t.equal(peers(5000, 0, 200), 50)
  t.equal(peers(5010, 1000, 200), 10)
  let sent = 0
  for (let now = 6000; now < 7000; now += 5) sent += peers(now, now * 100, 100)
  t.ok(sent >= 1040 && sent <= 1050, `${sent} in a second after a pause`)
})

t.test('"fragmentation needed" is never withheld, nor what is no error', async t => {
  const limit = new IcmpLimit(1000)
  t.equal(allowed(limit, 1, 5000, 500, [3, 4]), 500)
  for (const type of [0, 8, 13]) t.equal(allowed(limit, 1, 5000, 500, [type, 0]), 500, `type ${type}`)
  t.equal(allowed(limit, 1, 5000), 6, 'and costs the others nothing')
})

t.test('unreachable, source quench, time exceeded and parameter problem share one account', async t => {
  const limit = new IcmpLimit(1000)
  const types: [number, number][] = [
    [3, 0],
    [3, 1],
    [3, 2],
    [4, 0],
    [11, 0],
    [12, 0],
    [3, 3],
  ]
  t.strictSame(
    types.map(([type, code]) => limit.allows(1 as Ipv4Addr, type, code, 5000)),
    [true, true, true, true, true, true, false],
  )
})

t.test('0 switches it off, the limit for all too', async t => {
  const limit = new IcmpLimit(0)
  t.equal(allowed(limit, 1, 5000, 5000), 5000)
})

t.test('many peers: the memory is bounded, who was forgotten begins anew', async t => {
  const limit = new IcmpLimit(3_600_000)
  let now = 1000
  t.equal(allowed(limit, -1, now), 6)
  for (let peer = 0; peer < 5000; peer++) limit.allows(peer as Ipv4Addr, 3, 3, (now += 10))
  t.equal(allowed(limit, -1, now + 100, 7), 6)
  t.equal(allowed(limit, 4999, now + 200, 7), 5, 'a recent one is still known')
})

t.test('what is withheld is counted, and the packet is refused all the same', async t => {
  const bench = new BenchDirector({ vips: [VIP], icmpRatelimit: 1000 })
  const frame = udp4(`10.99.1.10:1 > ${VIP}:9`, fromClient)
  const sent = Array.from({ length: 10 }, () => bench.turn('c', frame).length - 1)
  t.strictSame(sent, [1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
  t.strictSame(bench.changes(), { refused: 10, 'icmp-errors-sent': 6, 'icmp-errors-limited': 4 })
  bench.poll(1000)
  t.equal(bench.turn('c', frame).length, 2, 'a second later')
})
