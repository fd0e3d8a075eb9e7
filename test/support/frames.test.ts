import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  arp,
  brief,
  checksum,
  decode,
  hex,
  ICMP,
  icmp4,
  ip4,
  packet4,
  packetOf,
  partialHeader,
  payloadOf,
  placed,
  tcp4,
  UDP,
  udp4,
  unhex,
  virtioHeader,
} from './frames.js'

const CLIENT = { eth: '02:00:00:00:01:10 > 02:00:00:00:01:01' }
const DIRECTOR = { eth: '02:00:00:00:01:01 > 02:00:00:00:01:10' }
const TO_RS = { eth: '02:00:00:00:02:01 > 02:00:00:00:02:11' }
const FROM_RS = { eth: '02:00:00:00:02:11 > 02:00:00:00:02:01' }
const SYN_OPTIONS = unhex('020405b4 0402 080a0000000100000000 01 030307')

interface Recording {
  steps: { note: string; send?: { frame: string }; out?: { frame: string }[] }[]
}

/** The sent frame and the answers of the recorded step with this note. */
function recorded(name: string, note: string): { sent: string; out: string[] } {
  const url = new URL(`../../../test/conformance/cases/${name}.json`, import.meta.url)
  const recording = JSON.parse(readFileSync(url, 'utf8')) as Recording
  const step = recording.steps.find(candidate => candidate.note === note)
  if (!step?.send) throw new Error(`${name} has no step '${note}'`)
  return { sent: step.send.frame, out: (step.out ?? []).map(out => out.frame) }
}

t.test('TCP frames are those of the recordings', async t => {
  const syn = recorded('nat-tcp-full', 'SYN')
  const tcpOptions = SYN_OPTIONS
  t.equal(hex(tcp4('10.99.1.10:40001 > 10.99.1.100:80', { ...CLIENT, tcpOptions })), syn.sent, 'as sent')
  t.equal(hex(tcp4('10.99.1.10:40001 > 10.99.2.11:8080', { ...TO_RS, tcpOptions, ttl: 63 })), syn.out[0], 'as received')
  const answer = { flags: 'PA', seq: 5001, ack: 1019, payload: 'HTTP/1.0 200 OK\r\n\r\nodd' }
  t.equal(
    hex(tcp4('10.99.2.11:8080 > 10.99.1.10:40001', { ...FROM_RS, ...answer })),
    recorded('nat-tcp-full', 'answer, odd length').sent,
    'an odd number of octets',
  )
  t.equal(
    hex(tcp4('10.99.1.10:40061 > 10.99.1.100:80', { ...CLIENT, flags: 'SEC' })),
    recorded('malformed', 'SYN with ECE+CWR').sent,
    'ECE and CWR',
  )
})

t.test('UDP frames are those of the recordings', async t => {
  const flow = '10.99.1.10:41001 > 10.99.1.100:53'
  t.equal(hex(udp4(flow, { ...CLIENT, payload: 'hello' })), recorded('nat-udp', 'datagram').sent, 'right checksum')
  const none = recorded('nat-udp', 'checksum 0 (not computed)').sent
  t.equal(hex(udp4(flow, { ...CLIENT, payload: 'nocheck', checksum: 0 })), none, 'no checksum')
  const wrong = recorded('nat-udp', 'wrong UDP checksum').sent
  t.equal(hex(udp4(flow, { ...CLIENT, payload: 'hello', checksum: 0x1111 })), wrong, 'a wrong checksum')
  t.equal(
    hex(udp4('10.99.1.10:41001 > 10.99.2.11:5353', { ...TO_RS, ttl: 63, payload: unhex('32ed') })),
    recorded('nat-udp', 'checksum would be 0 after translation').out[0],
    'a computed zero is ffff',
  )
})

t.test('ICMP frames are those of the recordings', async t => {
  const echo = { type: 8, rest: 0x00010001, payload: 'pingpingpingping' }
  const recordedEcho = recorded('icmp-echo', 'echo to the VIP')
  t.equal(hex(icmp4('10.99.1.10 > 10.99.1.100', { ...CLIENT, ...echo })), recordedEcho.sent, 'echo request')
  const reply = { ...DIRECTOR, ...echo, type: 0, df: false, id: 0x3dcd }
  t.equal(hex(icmp4('10.99.1.100 > 10.99.1.10', reply)), recordedEcho.out[0], 'echo reply')
  const options = { ipOptions: unhex('0704040000000000'), seq: 1000 }
  const malformed = tcp4('10.99.1.10:40031 > 10.99.1.100:80', { ...CLIENT, ...options })
  const routed = recorded('malformed', 'IP record route')
  t.equal(hex(malformed), routed.sent, 'IP options')
  t.equal(
    hex(
      icmp4('10.99.1.100 > 10.99.1.10', {
        ...DIRECTOR,
        type: 12,
        rest: 0x16000000,
        payload: packetOf(malformed),
        tos: 0xc0,
        id: 0x3c99,
        df: false,
      }),
    ),
    routed.out[0],
    'an error with the packet that it is about',
  )
})

t.test('malformed frames are those of the recordings', async t => {
  const syn = tcp4('10.99.1.10:40030 > 10.99.1.100:80', { ...CLIENT })
  t.equal(
    hex(ip4('10.99.1.10 > 10.99.1.100', 6, payloadOf(syn).slice(0, 12), CLIENT)),
    recorded('malformed', 'TCP header cut at 12 bytes').sent,
    'a short TCP header',
  )
  t.equal(
    hex(tcp4('10.99.1.10:40030 > 10.99.1.100:80', { ...CLIENT, totalLen: 100 })),
    recorded('malformed', 'IP length greater than the frame').sent,
    'a total length beyond the frame',
  )
  t.equal(
    hex(tcp4('10.99.1.10:40030 > 10.99.1.100:80', { ...CLIENT, padTo: 74 })),
    recorded('malformed', 'trailing Ethernet padding').sent,
    'padding',
  )
})

t.test('fragments carry their flags and offset', async t => {
  const datagram = payloadOf(udp4('10.0.0.1:1 > 10.0.0.2:2', { payload: 100 }))
  const first = decode(ip4('10.0.0.1 > 10.0.0.2', UDP, datagram.slice(0, 48), { mf: true, df: false }))
  const last = decode(ip4('10.0.0.1 > 10.0.0.2', UDP, datagram.slice(48), { fragment: 6, df: false }))
  t.match(first, { 'ip.mf': true, 'ip.df': false, 'ip.fragment': 0, 'udp.len': 108, 'udp.checksumIs': 'cut' })
  t.match(last, { 'ip.mf': false, 'ip.fragment': 6, payload: hex(datagram.slice(48)) })
})

t.test('ARP is as RFC 826 lays it out', async t => {
  const request = arp({
    operation: 'request',
    senderMac: '02:00:00:00:00:01',
    senderAddr: '10.0.0.1',
    targetAddr: '10.0.0.2',
  })
  t.equal(
    hex(request),
    'ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002'.replace(/ /g, ''),
  )
  const reply = arp({
    operation: 'reply',
    senderMac: '02:00:00:00:00:02',
    senderAddr: '10.0.0.2',
    targetMac: '02:00:00:00:00:01',
    targetAddr: '10.0.0.1',
  })
  t.match(decode(reply), { 'eth.dst': '02:00:00:00:00:01', 'arp.operation': 'reply', 'arp.senderAddr': '10.0.0.2' })
  t.equal(brief(reply), 'arp reply 10.0.0.1')
})

t.test('a partial checksum is the folded sum of the pseudo-header', async t => {
  // 0a00 + 0001 + 0a00 + 0002 + 0006 + 0014 = 141d
  const frame = tcp4('10.0.0.1:1 > 10.0.0.2:2', { partial: true })
  t.match(decode(frame), { 'tcp.checksum': '141d', 'tcp.checksumIs': 'partial' })
  t.equal(hex(partialHeader(frame)), '01000000000022001000', 'sum from 34, put 16 octets on')
  const datagram = udp4('10.0.0.1:1 > 10.0.0.2:2', { partial: true })
  t.match(decode(datagram), { 'udp.checksumIs': 'partial' })
  t.equal(hex(partialHeader(datagram, { gsoType: 3, gsoSize: 1400 })), '01030000780522000600')
})

t.test('a checksum is told right from wrong, none and cut', async t => {
  const flow = '10.0.0.1:1 > 10.0.0.2:2'
  t.equal(decode(tcp4(flow))['tcp.checksumIs'], 'right')
  t.equal(decode(tcp4(flow, { checksum: 0xdead }))['tcp.checksumIs'], 'wrong')
  t.equal(decode(udp4(flow, { checksum: 0 }))['udp.checksumIs'], 'none')
  t.equal(decode(icmp4('10.0.0.1 > 10.0.0.2', { type: 8, checksum: 1 }))['icmp.checksumIs'], 'wrong')
  t.equal(decode(tcp4(flow, { ipChecksum: 0x1234 }))['ip.checksumIs'], 'wrong')
  const error = icmp4('10.0.0.2 > 10.0.0.1', { type: 3, code: 3, payload: packetOf(tcp4(flow)).slice(0, 28) })
  t.match(decode(error), { 'icmp.checksumIs': 'right', 'in.ip.checksumIs': 'right', 'in.tcp.srcPort': 1 })
  t.equal(decode(error.slice(0, 60))['icmp.checksumIs'], 'cut')
})

t.test('the checksum is the one of the example in RFC 1071 §3', async t => {
  t.equal(checksum(unhex('0001 f203 f4f5 f6f7')), 0xddf2 ^ 0xffff)
  t.equal(checksum(unhex('00')), 0xffff)
  t.equal(checksum(unhex('ffff ffff')), 0)
})

t.test('decoding never throws, however short the frame', async t => {
  const inner = packet4('10.0.0.1 > 10.0.0.2', 6, payloadOf(tcp4('10.0.0.1:1 > 10.0.0.2:2')))
  const frames = [
    tcp4('10.0.0.1:1 > 10.0.0.2:2', { tcpOptions: SYN_OPTIONS, ipOptions: unhex('01010101'), payload: 3 }),
    udp4('10.0.0.1:1 > 10.0.0.2:2', { payload: 3 }),
    icmp4('10.0.0.1 > 10.0.0.2', { type: 3, payload: inner }),
    ip4('10.0.0.1 > 10.0.0.2', 4, inner),
  ]
  for (const frame of frames) {
    for (let len = 0; len <= frame.length; len++) {
      t.doesNotThrow(() => decode(frame.slice(0, len)), `${brief(frame)} cut at ${len}`)
      t.doesNotThrow(() => brief(frame.slice(0, len)), `in brief, ${brief(frame)} cut at ${len}`)
    }
  }
})

t.test('every octet of a frame shows in what it is decoded to', async t => {
  const frame = icmp4('10.0.0.1 > 10.0.0.2', {
    type: 3,
    payload: packetOf(tcp4('10.0.0.1:1 > 10.0.0.2:2', { payload: 5, tcpOptions: SYN_OPTIONS })),
    padTo: 130,
  })
  const before = JSON.stringify(decode(frame))
  for (let at = 0; at < frame.length; at++) {
    for (const bit of [1, 0x80]) {
      const altered = Uint8Array.from(frame)
      altered[at]! ^= bit
      t.not(JSON.stringify(decode(altered)), before, `octet ${at}, bit ${bit}`)
    }
  }
})

t.test('a frame in brief tells the flow, and what an error is about', async t => {
  const syn = tcp4('10.0.0.1:1024 > 10.0.0.2:80')
  t.equal(brief(syn), '10.0.0.1:1024 > 10.0.0.2:80 tcp S ttl 64 len 40')
  const error = icmp4('10.0.0.2 > 10.0.0.1', { type: 3, code: 3, payload: packetOf(syn) })
  t.equal(brief(error), `10.0.0.2 > 10.0.0.1 icmp 3/3 ttl 64 len 68 about ${brief(syn)}`)
  t.equal(brief(ip4('10.0.0.1 > 10.0.0.2', ICMP, new Uint8Array(8), { fragment: 2 })).includes('fragment 2'), true)
})

t.test('a placed frame has its header and headroom before it, and 0xa5 all around', async t => {
  const frame = tcp4('10.0.0.1:1 > 10.0.0.2:2')
  const { slab, at, len } = placed(frame)
  t.equal(at, 74)
  t.same(slab.bytes.slice(at, at + len), frame)
  t.same(slab.bytes.slice(64, 74), virtioHeader())
  t.ok(slab.bytes.slice(0, 64).every(octet => octet === 0xa5))
  t.ok(slab.bytes.slice(at + len).every(octet => octet === 0xa5))
  t.equal(slab.view.getUint8(at), 0x02)
})

t.test('what cannot be built says so', async t => {
  t.throws(() => tcp4('10.0.0.1:1'), { message: "not 'source > destination': '10.0.0.1:1'" })
  t.throws(() => tcp4('10.0.0.1 > 10.0.0.2'), { message: /not 'address:port/ })
  t.throws(() => tcp4('10.0.0.1:1 > 10.0.0.2:70000'), { message: /not 'address:port/ })
  t.throws(() => tcp4('10.0.0.256:1 > 10.0.0.2:2'), { message: "not an IPv4 address: '10.0.0.256'" })
  t.throws(() => tcp4('10.0.0.1:1 > 10.0.0.2:2', { flags: 'X' }), { message: /not a TCP flag: 'X'/ })
  t.throws(() => tcp4('10.0.0.1:1 > 10.0.0.2:2', { eth: '02:00 > 03:00' }), { message: /not an Ethernet address/ })
  t.throws(() => unhex('0g'), { message: "not hex octets: '0g'" })
})
