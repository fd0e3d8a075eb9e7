import t from 'tap'
import { Verdict } from '../../src/packet/verdict.js'
import { parseIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { BenchDirector, CLIENT_MAC, MAC_C, MAC_R, on } from '../support/bench-director.js'
import { arp, ip4, packetOf, packet4 } from '../support/frames.js'

const advert = Uint8Array.from([0x31, 51, 100, 1, 0, 100, 0, 0, 192, 0, 2, 1])

t.test('to a group by the link, with its MAC and the group’s', async t => {
  const bench = new BenchDirector()
  for (const [link, name, mac] of [
    [0, 'c', MAC_C],
    [1, 'r', MAC_R],
  ] as const)
    for (const [group, to] of [
      ['224.0.0.18', '01:00:5e:00:00:12'],
      ['239.255.1.2', '01:00:5e:7f:01:02'],
    ] as const) {
      const frame = ip4(`10.99.1.1 > ${group}`, 112, advert, { eth: `${mac} > ${to}`, ttl: 255 })
      t.equal(bench.director.voice.send(link, packetOf(frame)), Verdict.SENT)
      t.strictSame(bench.out(), [on(name, frame)])
    }
})

t.test('to a peer by the route to it; it waits for a MAC that is not known', async t => {
  const bench = new BenchDirector()
  const known = ip4('10.99.1.1 > 10.99.1.10', 112, advert, { eth: `${MAC_C} > ${CLIENT_MAC}`, ttl: 255 })
  t.equal(bench.director.voice.send(1, packetOf(known)), Verdict.SENT)
  t.strictSame(bench.out(), [on('c', known)])

  const [peer, mac] = ['10.99.1.77', '02:00:00:00:01:77']
  const asked = ip4(`10.99.1.1 > ${peer}`, 112, advert, { eth: `${MAC_C} > ${mac}`, ttl: 255 })
  t.equal(bench.director.voice.send(0, packetOf(asked)), Verdict.HELD)
  t.match(bench.out(), [/arp/i])
  const reply = arp({
    operation: 'reply',
    senderMac: mac,
    senderAddr: peer,
    targetAddr: '10.99.1.1',
    eth: `${mac} > ${MAC_C}`,
  })
  t.strictSame(bench.turn('c', reply), ['consumed', on('c', asked)])
})

t.test('what cannot be sent is said', async t => {
  const bench = new BenchDirector({ routes: [] })
  const { voice } = bench.director
  t.equal(voice.send(0, packet4('10.99.1.1 > 192.0.2.1', 112, advert)), Verdict.DROP_NO_ROUTE)
  t.equal(voice.send(0, Uint8Array.of(1, 2, 3)), Verdict.DROP_IP_MALFORMED)
  bench.accepts = false
  t.equal(voice.send(0, packet4('10.99.1.1 > 224.0.0.18', 112, advert)), Verdict.DROP_DEVICE_QUEUE)
  t.strictSame(bench.out(), [])
  bench.accepts = true
  const large = packet4('10.99.1.1 > 224.0.0.18', 112, new Uint8Array(1400))
  const verdicts = Array.from({ length: 10_000 }, () => voice.send(0, large))
  t.equal(verdicts.at(-1), Verdict.DROP_NO_MEMORY, 'more than the memory of a turn')
})

t.test('announcements are gratuitous ARP requests', async t => {
  const bench = new BenchDirector()
  bench.director.voice.announce(1, parseIpv4('10.99.2.99') as Ipv4Addr)
  const [sent, ...more] = bench.out()
  t.match(sent, /^r .*10\.99\.2\.99/)
  t.strictSame(more, [])
})
