import t from 'tap'
import {
  BenchDirector,
  BROADCAST,
  CLIENT_MAC,
  DIP_C,
  DIP_R,
  errorAbout,
  fromClient,
  fromServer,
  MAC_C,
  MAC_R,
  on,
  oneHopOn,
  toClient,
  VIP,
} from '../support/bench-director.js'
import { arp, icmp4, packetOf, partialHeader, tcp4, udp4, virtioHeader } from '../support/frames.js'

/** Nobody has told the director about 10.99.2.77. */
const NEW = '10.99.2.77'
const NEW_MAC = '02:00:00:00:02:77'
const toNew = { eth: `${MAC_R} > ${NEW_MAC}` }

const request = (targetAddr = NEW, to = BROADCAST): string =>
  on('r', arp({ operation: 'request', senderMac: MAC_R, senderAddr: DIP_R, targetAddr, eth: `${MAC_R} > ${to}` }))
const reply = (senderAddr = NEW, senderMac = NEW_MAC): Uint8Array =>
  arp({ operation: 'reply', senderMac, senderAddr, targetMac: MAC_R, targetAddr: DIP_R })
/** To be forwarded from a client to an address on r. */
const segment = (to = NEW, options = {}): Uint8Array =>
  tcp4(`10.99.1.10:40000 > ${to}:80`, { ...fromClient, ...options })
const forwarded = (to = NEW, options = {}): Uint8Array =>
  tcp4(`10.99.1.10:40000 > ${to}:80`, { ...toNew, ttl: 63, ...options })

t.test('an unknown next hop is asked for once, by broadcast, however many frames wait', async t => {
  const bench = new BenchDirector()
  t.strictSame(bench.turn('c', segment()), ['held', request()])
  t.strictSame(bench.turn('c', segment()), ['held'])
  t.strictSame(bench.run(900), [])
})

t.test('three requests a second apart, then ICMP host unreachable to the source of every held frame', async t => {
  const bench = new BenchDirector()
  const frames = [segment(NEW, { seq: 1 }), segment(NEW, { seq: 2, payload: 700, tos: 0xff })]
  const [, ...first] = bench.turn('c', frames[0]!)
  bench.poll(500)
  t.strictSame([...first, ...bench.turn('c', frames[1]!)], [request(), 'held'])
  bench.changes()
  t.strictSame(bench.run(2400), [`500 ${request()}`, `1500 ${request()}`])
  bench.poll(90)
  t.strictSame(bench.take(), [], 'not before the third has had its second')
  bench.poll(10)
  const sent = bench.take()
  const expected = frames.map((frame, i) =>
    on('c', errorAbout(oneHopOn(frame), `${DIP_C} > 10.99.1.10`, { type: 3, code: 1, ...toClient }, sent[i]?.frame)),
  )
  t.strictSame(
    sent.map(({ link, frame, header }) => on(link, frame, header)),
    expected,
  )
  t.strictSame(bench.changes(), { 'drop-neighbour-failed': 2, 'icmp-errors-sent': 2 })
  t.strictSame(bench.run(5000), [], 'and that is all')
  t.strictSame(bench.turn('c', segment()), ['held', request()], 'the entry is forgotten: asked anew')
})

t.test(
  'a NATed frame that waited in vain: the error is from the VIP, about the packet as the client sent it',
  async t => {
    const bench = new BenchDirector()
    bench.serve('tcp', `${VIP}:80`, `${NEW}:8080`)
    bench.serve('udp', `${VIP}:53`, `${NEW}:5353`)
    const frames = [
      tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, payload: 9 }),
      udp4(`10.99.1.10:40000 > ${VIP}:53`, { ...fromClient, payload: 9 }),
    ]
    for (const frame of frames) t.equal(bench.receive('c', frame), 'held')
    t.strictSame(bench.out(), [request()])
    bench.run(2990)
    bench.poll(10)
    const sent = bench.take()
    // The embedded transport checksum is that of the translated packet: the kernel does not mend it (§6.6).
    const checksums = [
      packetOf(tcp4(`10.99.1.10:40000 > ${NEW}:8080`, { payload: 9 })).slice(36, 38),
      packetOf(udp4(`10.99.1.10:40000 > ${NEW}:5353`, { payload: 9 })).slice(26, 28),
    ]
    const expected = frames.map((frame, i) => {
      const packet = oneHopOn(frame)
      packet.set(checksums[i]!, i === 0 ? 36 : 26)
      return on('c', errorAbout(packet, `${VIP} > 10.99.1.10`, { type: 3, code: 1, ...toClient }, sent[i]?.frame))
    })
    t.strictSame(
      sent.map(({ link, frame, header }) => on(link, frame, header)),
      expected,
    )
  },
)

t.test('a reply releases what waits, in order, to the MAC it names', async t => {
  const bench = new BenchDirector()
  const seqs = [5, 3, 9, 1]
  for (const seq of seqs) bench.receive('c', segment(NEW, { seq }))
  bench.take()
  bench.poll(1)
  t.strictSame(bench.turn('r', reply()), ['consumed', ...seqs.map(seq => on('r', forwarded(NEW, { seq })))])
  t.strictSame(bench.turn('c', segment()), ['forwarded', on('r', forwarded())], 'known from now on')
  t.strictSame(bench.run(3000), [], 'and not asked for again')
})

t.test('held frames keep their virtio-net headers', async t => {
  const bench = new BenchDirector()
  const partial = segment(NEW, { payload: 40, partial: true })
  bench.receive('c', partial, partialHeader(partial))
  bench.receive('c', segment(), virtioHeader({ dataValid: true, hdrLen: 99 }))
  bench.take()
  t.strictSame(bench.turn('r', reply()), [
    'consumed',
    on('r', forwarded(NEW, { payload: 40, partial: true }), partialHeader(partial)),
    on('r', forwarded()),
  ])
})

t.test('a request of the neighbour’s own, too, releases what waits for him', async t => {
  const bench = new BenchDirector()
  bench.turn('c', segment())
  const his = arp({ operation: 'request', senderMac: NEW_MAC, senderAddr: NEW, targetAddr: '10.99.2.12' })
  t.strictSame(bench.turn('r', his), ['drop-arp-not-for-us', on('r', forwarded())])
})

t.test('256 frames wait for a neighbour; what comes then is dropped, and others have room', async t => {
  const bench = new BenchDirector()
  for (let seq = 0; seq < 256; seq++) t.equal(bench.receive('c', segment(NEW, { seq })), 'held', `frame ${seq}`)
  t.equal(bench.receive('c', segment(NEW, { seq: 256 })), 'drop-neighbour-queue')
  t.equal(bench.receive('c', segment('10.99.2.78')), 'held', 'another neighbour')
  bench.take()
  const [, ...sent] = bench.turn('r', reply())
  t.strictSame(
    sent,
    Array.from({ length: 256 }, (_, seq) => on('r', forwarded(NEW, { seq }))),
  )
})

t.test('1024 frames wait in all, and 1024 neighbours are asked for at a time', async t => {
  const frames = new BenchDirector()
  const held = Array.from({ length: 1100 }, (_, i) => frames.receive('c', segment(`10.99.2.${100 + (i % 20)}`)))
  t.equal(held.filter(verdict => verdict === 'held').length, 1024)
  t.strictSame([...new Set(held.slice(1024))], ['drop-neighbour-queue'])
  t.equal(frames.run(3100).filter(line => line.includes('icmp 3/1')).length, 1024, 'each is told')
  t.equal(frames.receive('c', segment()), 'held', 'and there is room again')

  const wide = new BenchDirector({ addresses: [`${DIP_C}/24@c`, '10.98.0.1/16@r'] })
  const asked = Array.from({ length: 1100 }, (_, i) => wide.receive('c', segment(`10.98.${1 + (i >> 8)}.${i & 255}`)))
  t.equal(asked.filter(verdict => verdict === 'held').length, 1024)
  t.equal(wide.take().length, 1024, 'a request for each')
  t.equal(wide.receive('c', segment('10.99.1.11')), 'forwarded', 'the known ones are reached')
  wide.run(3100)
  t.equal(wide.receive('c', segment('10.98.9.9')), 'held', 'given up: others may be asked for')
})

t.test('a place given back is not written to in the turn in which its frame is sent', async t => {
  const bench = new BenchDirector()
  for (let i = 0; i < 4; i++)
    for (let seq = 0; seq < 256; seq++) bench.receive('c', segment(`10.99.2.${100 + i}`, { seq }))
  bench.take()
  bench.poll(10)
  // Every place is taken: what is held now could only go where a frame that has not been flushed yet lies.
  t.equal(bench.receive('r', reply('10.99.2.100', NEW_MAC)), 'consumed')
  const verdicts = Array.from({ length: 64 }, (_, seq) =>
    bench.receive('c', segment('10.99.2.200', { seq: 900 + seq })),
  )
  t.strictSame([...new Set(verdicts)], ['drop-neighbour-queue'])
  const sent = bench.take().filter(({ frame }) => frame[13] === 0)
  t.strictSame(
    sent.map(({ frame }) => on('r', frame)),
    Array.from({ length: 256 }, (_, seq) => on('r', forwarded('10.99.2.100', { seq }))),
  )
  bench.poll(10)
  t.equal(bench.receive('c', segment('10.99.2.200', { seq: 1 })), 'held', 'free with the next turn')
})

t.test('an answer is believed for 30 s; one in use is then asked by unicast, and used meanwhile', async t => {
  const bench = new BenchDirector()
  bench.turn('c', segment())
  bench.turn('r', reply())
  const asked: string[] = []
  for (let second = 0; second < 29; second++) {
    t.equal(bench.turn('c', segment())[0], 'forwarded')
    asked.push(...bench.run(1000))
  }
  t.strictSame(asked, [], 'not before')
  for (let second = 29; second < 33; second++) {
    t.strictSame(bench.turn('c', segment()), ['forwarded', on('r', forwarded())], `second ${second}`)
    asked.push(...bench.run(1000).map(line => line.replace(/^\d+ /, '')))
  }
  t.ok(asked.length >= 1 && asked.length <= 3, `${asked.length} requests`)
  for (const line of asked) t.equal(line, request(NEW, NEW_MAC), 'by unicast')
  bench.turn('r', reply())
  t.strictSame(bench.run(5000), [], 'confirmed: quiet again')
  t.strictSame(bench.turn('c', segment()), ['forwarded', on('r', forwarded())])
})

t.test('a neighbour that no longer answers is asked thrice by unicast, then forgotten', async t => {
  const bench = new BenchDirector()
  bench.turn('c', segment())
  bench.turn('r', reply())
  bench.run(29_000)
  bench.turn('c', segment())
  const asked = bench.run(6000).map(line => line.replace(/^\d+ /, ''))
  t.strictSame(
    asked,
    [1, 2, 3].map(() => request(NEW, NEW_MAC)),
  )
  t.strictSame(bench.turn('c', segment()), ['held', request()], 'by broadcast again')
})

t.test('a neighbour that answers from another MAC is followed there', async t => {
  const bench = new BenchDirector()
  bench.turn('c', segment())
  bench.turn('r', reply())
  bench.turn('r', reply(NEW, '02:00:00:00:02:78'))
  t.strictSame(bench.turn('c', segment()), [
    'forwarded',
    on('r', forwarded(NEW, { eth: `${MAC_R} > 02:00:00:00:02:78` })),
  ])
})

t.test('one that has not been used for a minute is forgotten without being asked', async t => {
  const bench = new BenchDirector()
  bench.turn('c', segment())
  bench.turn('r', reply())
  t.strictSame(bench.run(62_000), [])
  t.strictSame(bench.turn('c', segment()), ['held', request()])
})

t.test('static neighbours are never asked', async t => {
  const bench = new BenchDirector()
  for (let minute = 0; minute < 3; minute++) {
    t.equal(bench.turn('c', segment('10.99.2.12'))[0], 'forwarded')
    for (let second = 0; second < 60; second += 10) {
      bench.turn('c', segment('10.99.2.12'))
      t.strictSame(bench.run(10_000), [])
    }
  }
})

const slot = (addr: number): number => (addr ^ (addr >>> 10) ^ 1) & 1023

t.test('two addresses that share a place in the look-aside table keep their own MACs', async t => {
  const bench = new BenchDirector({ addresses: [`${DIP_C}/24@c`, '10.98.0.1/16@r'] })
  // 10.98.0.5 and 10.98.4.4 meet: addr ^ addr >>> 10 has the same low ten bits.
  const [first, second] = ['10.98.0.5', '10.98.4.4']
  t.equal(slot(0x0a620005), slot(0x0a620404))
  for (const [address, mac] of [
    [first!, '02:00:00:00:98:01'],
    [second!, '02:00:00:00:98:02'],
  ] as const)
    bench.turn('r', arp({ operation: 'request', senderMac: mac, senderAddr: address, targetAddr: '10.98.0.1' }))
  for (let round = 0; round < 2; round++) {
    t.match(bench.turn('c', segment(first))[1], /020000009801/, 'the first')
    t.match(bench.turn('c', segment(second))[1], /020000009802/, 'the second')
  }
})

t.test('what a gateway’s silence brings back: errors about packets from behind it end there', async t => {
  const bench = new BenchDirector({ neighbours: [] })
  bench.receive('c', tcp4('203.0.113.7:1 > 198.51.100.7:1', { eth: `${CLIENT_MAC} > ${MAC_C}` }))
  const lines = bench.run(20_000).map(line => line.replace(/^\d+ c (.*) \S+$/, '$1'))
  t.ok(lines.length <= 6, `${lines.length} frames, all of them requests`)
  t.strictSame(new Set(lines), new Set(['arp request 10.99.1.254']))
})

t.test('no error is sent about an error that waited in vain, nor a second one about the first', async t => {
  const bench = new BenchDirector()
  const about = packetOf(tcp4(`${NEW}:1 > 10.99.1.10:1`))
  bench.receive('c', icmp4(`10.99.1.10 > ${NEW}`, { ...fromClient, type: 3, code: 3, payload: about.slice(0, 28) }))
  t.notOk(bench.run(8000).some(line => line.includes('icmp')))
})

t.test('held for a neighbour, and the device takes nothing when he answers: lost, and nothing breaks', async t => {
  const bench = new BenchDirector()
  bench.turn('c', segment())
  bench.accepts = false
  t.equal(bench.receive('r', reply()), 'consumed')
  bench.accepts = true
  t.strictSame(bench.turn('c', segment()), ['forwarded', on('r', forwarded())])
})

t.test('frames of 20 000 neighbours that come and go leave the known ones alone', async t => {
  const bench = new BenchDirector({ addresses: [`${DIP_C}/24@c`, `${DIP_R}/24@r`, '10.98.0.1/16@r'] })
  const mac = '02:00:00:00:98:01'
  for (let i = 0; i < 20_000; i++)
    bench.receive(
      'r',
      arp({ operation: 'request', senderMac: mac, senderAddr: `10.98.${1 + (i >> 8)}.${i & 255}`, targetAddr: DIP_R }),
    )
  bench.take()
  t.equal(bench.turn('c', segment('10.99.2.12'))[0], 'forwarded', 'a static one')
  t.equal(bench.turn('c', segment('10.98.78.200'))[0], 'forwarded', 'one of the last 8192')
  t.equal(bench.turn('c', segment('10.98.1.1'))[0], 'held', 'one of the first must be asked for')
  t.equal(bench.turn('r', tcp4('10.99.2.11:1 > 10.99.1.10:1', fromServer()))[0], 'forwarded')
})
