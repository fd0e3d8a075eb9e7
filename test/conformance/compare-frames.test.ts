import t from 'tap'
import { icmp4, ip4, packet4, payloadOf, tcp4, udp4 } from '../support/frames.js'
import type { SideFrame } from './case.js'
import { compareFrames } from './compare-frames.js'

const onC = (...frames: Uint8Array[]): SideFrame[] => frames.map(frame => ({ side: 'c', frame }))
const SYN = tcp4('10.99.1.10:40000 > 10.99.1.100:80')
const ECHO = icmp4('10.99.1.10 > 10.99.1.100', { type: 8, payload: 4 })

/** What the director makes itself: an ICMP error, an echo reply, a tunnel's outer header. */
const error = (id: number, df = false) => icmp4('10.99.1.100 > 10.99.1.10', { type: 3, code: 3, id, df, payload: 28 })
const reply = (id: number, more = {}) =>
  icmp4('10.99.1.100 > 10.99.1.10', { type: 0, id, df: false, payload: 4, ...more })
const outer = (id: number) =>
  ip4('10.99.2.1 > 10.99.2.11', 4, packet4('10.0.0.1 > 10.0.0.2', 6, SYN), { id, df: false })
/** What passes through it. */
const fromRouter = (id: number) => icmp4('10.99.2.11 > 10.99.1.10', { type: 3, code: 4, id, df: false, payload: 28 })
const part = (id: number) => ip4('10.99.1.10 > 10.99.2.11', 1, new Uint8Array(16), { id, df: false, fragment: 4 })
const datagram = (port: number, source: number, df: boolean) =>
  udp4(`10.99.2.1:${source} > 10.99.2.11:${port}`, { df, id: df ? 0 : source, payload: 4 })

t.test('frames that are the same octet by octet are the same', async t => {
  t.strictSame(compareFrames(onC(SYN, ECHO), onC(SYN, ECHO), undefined), [])
})

t.test('a difference is told by its field', async t => {
  const altered = tcp4('10.99.1.10:40000 > 10.99.1.100:80', { ttl: 63, checksum: 1 })
  t.strictSame(compareFrames(onC(SYN), onC(altered), undefined), [
    'side c, frame 1: 10.99.1.10:40000 > 10.99.1.100:80 tcp S ttl 64 len 40',
    '    ip.ttl: expected 64, got 63',
    '    ip.checksum: expected 1169, got 1269',
    '    tcp.checksum: expected fd45, got 0001',
    '    tcp.checksumIs: expected right, got wrong',
  ])
})

t.test('a difference that no field shows is told by its octets', async t => {
  const altered = Uint8Array.from(SYN)
  altered[33 + 13]! |= 0x01
  t.strictSame(compareFrames(onC(SYN), onC(altered), undefined).length > 1, true)
})

t.test('frames too few or too many are told one by one', async t => {
  t.strictSame(compareFrames([], onC(SYN), undefined), [
    'side c: expected no frame',
    '        got 10.99.1.10:40000 > 10.99.1.100:80 tcp S ttl 64 len 40',
  ])
})

t.test('order counts on a side, not between sides', async t => {
  t.not(compareFrames(onC(SYN, ECHO), onC(ECHO, SYN), undefined).length, 0)
  const [c, r]: SideFrame[] = [
    { side: 'c', frame: SYN },
    { side: 'r', frame: ECHO },
  ]
  t.strictSame(compareFrames([c!, r!], [r!, c!], undefined), [])
})

t.test('a virtio-net header that no kernel would take is told', async t => {
  t.match(compareFrames(onC(SYN), [{ side: 'c', frame: SYN, fault: 'flags 165' }], SYN), [/^side c/, '    flags 165'])
})

t.test('the id of what the director made without DF is masked', async t => {
  t.strictSame(compareFrames(onC(error(1)), onC(error(2)), SYN), [], 'an ICMP error')
  t.strictSame(compareFrames(onC(error(1)), onC(error(2)), ECHO), [], 'an ICMP error about an echo request')
  t.strictSame(compareFrames(onC(error(1)), onC(error(2)), undefined), [], "a timer's")
  t.not(compareFrames(onC(error(1, true)), onC(error(2, true)), SYN).length, 0, 'not with DF')
  t.strictSame(compareFrames(onC(reply(1)), onC(reply(2)), ECHO), [], 'an echo reply')
  t.strictSame(compareFrames(onC(outer(1)), onC(outer(2)), SYN), [], "a tunnel's outer header")
  t.not(compareFrames(onC(outer(1)), onC(outer(2)), outer(1)).length, 0, 'not of a tunnel that passes through')
})

t.test('the id of ICMP that is only forwarded is not', async t => {
  for (const through of [fromRouter, part]) {
    t.strictSame(compareFrames(onC(through(1)), onC(through(1)), through(1)), [])
    t.not(compareFrames(onC(through(1)), onC(through(2)), through(1)).length, 0, 'another id')
    t.not(compareFrames(onC(through(2)), onC(through(1)), through(1)).length, 0, 'another id expected')
  }
})

t.test('neither is that of TCP and UDP, with DF or without', async t => {
  for (const df of [true, false]) {
    const flow = '10.99.1.100:80 > 10.99.1.10:40000'
    t.not(compareFrames(onC(tcp4(flow, { id: 0, df })), onC(tcp4(flow, { id: 1, df })), SYN).length, 0, `DF ${df}`)
    t.not(compareFrames(onC(udp4(flow, { id: 0, df })), onC(udp4(flow, { id: 1, df })), SYN).length, 0, `DF ${df}`)
  }
})

t.test('fragments of one datagram have one id, though masked', async t => {
  const data = payloadOf(SYN)
  const parts = (first: number, second: number) =>
    onC(
      ip4('10.99.2.1 > 10.99.2.11', 4, data, { id: first, df: false, mf: true }),
      ip4('10.99.2.1 > 10.99.2.11', 4, data, { id: second, df: false, fragment: 2 }),
    )
  t.strictSame(compareFrames(parts(7, 7), parts(9, 9), SYN), [])
  t.match(compareFrames(parts(7, 7), parts(9, 8), SYN), [/frame 2/, /not the id of the datagram/])
  t.strictSame(compareFrames(parts(7, 6), parts(9, 8), SYN), [], 'two datagrams')
})

t.test('a masked checksum has to be right all the same', async t => {
  const wrong = reply(2, { ipChecksum: 0x1234 })
  t.match(compareFrames(onC(reply(1)), onC(wrong), ECHO), [/frame 1/, '    ip.checksum: wrong'])
})

t.test('source port and checksum of UDP towards GUE and synchronisation are masked', async t => {
  for (const port of [6080, 8848]) {
    for (const df of [true, false]) {
      const [expected, actual] = [datagram(port, 1, df), datagram(port, 2, df)]
      t.strictSame(compareFrames(onC(expected), onC(actual), SYN), [], `port ${port}, DF ${df}`)
    }
  }
  t.not(compareFrames(onC(datagram(6081, 1, true)), onC(datagram(6081, 2, true)), SYN).length, 0, 'another port')
})
