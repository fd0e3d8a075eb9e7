import t from 'tap'
import { Rates, showDrops } from '../../../../src/cli/uvs/explain/drops.js'
import type { DropInfo } from '../../../../src/control/protocol/drops.js'
import { drops as operation } from '../../../../src/control/operations/drops.js'
import { BenchDirector, CLIENT_MAC, fromClient, MAC_C, VIP } from '../../../support/bench-director.js'
import { tcp4, udp4 } from '../../../support/frames.js'

function dropping(): BenchDirector {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`)
  return bench
}
const syn = (port: number): Uint8Array => tcp4(`10.99.1.10:${port} > ${VIP}:80`, { ...fromClient, flags: 'S' })
const broken = (): Uint8Array => {
  const frame = udp4(`10.99.1.10:7 > ${VIP}:53`, fromClient)
  frame[24]! ^= 1
  return frame
}

t.test('each reason, its count and the last frame', async t => {
  const bench = dropping()
  t.strictSame(bench.ask({ op: 'drops' }), [])
  bench.turn('c', syn(1))
  bench.run(500)
  bench.turn('c', syn(2))
  bench.turn('c', broken())
  bench.run(2000)
  const list = bench.ask({ op: 'drops' }) as DropInfo[]
  t.match(
    Object.fromEntries(list[1]!.last!.fields),
    { 'eth.dst': MAC_C, 'eth.src': CLIENT_MAC },
    'no ICMP error is over it',
  )
  t.match(list, [
    { reason: 'drop-ip-checksum', count: 1, last: { link: 'c', packet: /^UDP 10\.99\.1\.10:7 > / } },
    {
      reason: 'drop-no-destination',
      count: 2,
      last: {
        ago: 2,
        link: 'c',
        packet: `TCP 10.99.1.10:2 > ${VIP}:80 S, ttl 64, 54 octets`,
        service: `TCP ${VIP}:80`,
      },
    },
  ])
  bench.ask({ op: 'reset' })
  t.strictSame(bench.ask({ op: 'drops' }), [])
})

t.test('of a flood one frame in 10 ms is kept', async t => {
  const bench = dropping()
  for (const port of [1, 2, 3]) bench.receive('c', syn(port))
  const [first] = bench.ask({ op: 'drops' }) as DropInfo[]
  t.match(first, { count: 3, last: { packet: /:1 > / } })
  bench.run(10)
  bench.receive('c', syn(4))
  t.match((bench.ask({ op: 'drops' }) as DropInfo[])[0], { count: 4, last: { packet: /:4 > / } })
})

t.test('several workers: counts together, the newest frame', async t => {
  const last = { link: 'c', packet: 'old', fields: [], ago: 2 }
  const merged = operation.drops.merge([
    [{ reason: 'drop-ttl', count: 2, last }],
    [
      { reason: 'drop-ttl', count: 3, last: { ...last, packet: 'new', ago: 1 } },
      { reason: 'refused', count: 1 },
    ],
    [{ reason: 'drop-ttl', count: 1 }],
  ])
  t.match(merged, [
    { reason: 'drop-ttl', count: 6, last: { packet: 'new' } },
    { reason: 'refused', count: 1 },
  ])
})

t.test('as text: the most first, what to do', async t => {
  const bench = dropping()
  t.match(await showDrops(bench.control, new Rates(), false, 0), {
    out: 'no frame was dropped or refused\nreceived 0 = 0 sent + 0 answered or refused + 0 consumed + 0 dropped + 0 held\n',
  })
  bench.turn('c', broken())
  for (const port of [1, 2]) bench.turn('c', syn(port))
  bench.run(20)
  const { out } = await showDrops(bench.control, new Rates(), false, 0)
  const lines = out.split('\n')
  t.equal(lines[0], 'drop-no-destination  2  0/s')
  t.match(
    lines[1],
    /^ {2}last: TCP 10\.99\.1\.10:1 > .*, by c from [0-9a-f:]+, 0\.02 s ago, for TCP 10\.99\.1\.100:80$/,
  )
  t.match(lines[2], /^ {2}the service has no real server/)
  t.equal(lines[3], 'drop-ip-checksum     1  0/s')
  t.equal(lines.at(-2), 'received 3 = 0 sent + 0 answered or refused + 0 consumed + 3 dropped + 0 held')
  const json = JSON.parse((await showDrops(bench.control, new Rates(), true, 0)).out) as {
    drops: { perSecond: number }[]
  }
  t.strictSame(
    json.drops.map(({ perSecond }) => perSecond),
    [0, 0],
  )
})

t.test('rates are of the time since the look before', async t => {
  const rates = new Rates()
  rates.look([{ reason: 'drop-ttl', count: 5 }], 1000)
  t.strictSame(
    [
      ...rates.look(
        [
          { reason: 'drop-ttl', count: 9 },
          { reason: 'refused', count: 1 },
        ],
        3000,
      ),
    ],
    [
      ['drop-ttl', 2],
      ['refused', 0.5],
    ],
  )
  t.strictSame([...rates.look([{ reason: 'drop-ttl', count: 0 }], 4000)], [['drop-ttl', 0]], 'a reset')
})
