import t from 'tap'
import { Decapsulation } from '../../src/realserver/decapsulation.js'
import { Fate, fates } from '../../src/realserver/fate.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import {
  concat,
  ip4,
  packet4,
  packetOf,
  partialHeader,
  placed,
  tcp4,
  udp4,
  type UdpOptions,
  virtioHeader,
} from '../support/frames.js'

const OUTER = '192.168.159.20 > 192.168.159.32'
const FLOW = '203.0.113.7:40000 > 192.168.159.100:80'
const GUE_PORT = 6080
const [VIP, RIP] = ['192.168.159.100', '192.168.159.32'].map(text => parseIpv4(text)!)
const [IPIP, GRE] = [4, 47]
const INNER = packetOf(tcp4(FLOW, { flags: 'PA', payload: 100 }))
const octets = (...words: number[]): Uint8Array => concat(...words.map(word => Uint8Array.of(word >> 8, word)))
const zeros = (len: number): Uint8Array => new Uint8Array(len)

const decapsulation = new Decapsulation({
  vips: [VIP!],
  guePort: GUE_PORT,
  isOwn: addr => addr === RIP,
})

/** What becomes of a frame, and what is written to the TUN device: virtio header and packet. */
function open(frame: Uint8Array, header = virtioHeader(), by = decapsulation): [string, Uint8Array?] {
  const { slab, at, len } = placed(frame, header)
  const fate = by.read(slab, at, len)
  const name = fates[fate]!
  return fate > Fate.GUE ? [name] : [name, slab.bytes.slice(by.at - 10, by.at + by.len)]
}

const ipip = (inner = INNER): Uint8Array => ip4(OUTER, IPIP!, inner)
const gre = (header: Uint8Array, inner = INNER): Uint8Array => ip4(OUTER, GRE!, concat(header, inner))
const gue = (header: Uint8Array, inner = INNER, options: UdpOptions = {}): Uint8Array =>
  udp4(`192.168.159.20:40000 > 192.168.159.32:${GUE_PORT}`, { payload: concat(header, inner), checksum: 0, ...options })
const inside = (flow: string): Uint8Array => packetOf(udp4(flow, { payload: 8 }))
const GUE_PLAIN = octets(0x0004, 0)
const GUE_REMOTE = (start: number, offset: number): Uint8Array => octets(0x0204, 1, 0x8000, 0, start, offset)

/** GRE's checksum: ones' complement over header and packet. */
function greSummed(inner: Uint8Array): Uint8Array {
  const whole = concat(octets(0x8000, 0x0800, 0, 0), inner)
  let sum = 0
  for (let i = 0; i < whole.length; i++) sum += whole[i]! << (i % 2 === 0 ? 8 : 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return octets(0x8000, 0x0800, ~sum & 0xffff, 0)
}

t.test('each kind of tunnel is opened, and what was in it is as it was', async t => {
  const whole = concat(virtioHeader(), INNER)
  const cases: [string, string, Uint8Array][] = [
    ['IPIP', 'ipip', ipip()],
    ['IPIP, padded to 60', 'ipip', ip4(OUTER, IPIP!, packetOf(tcp4(FLOW)), { padTo: 200 })],
    ['IPIP with options in the outer header', 'ipip', ip4(OUTER, IPIP!, INNER, { ipOptions: zeros(8) })],
    ['octets behind the inner packet', 'ipip', ipip(concat(INNER, zeros(7)))],
    ['GRE', 'gre', gre(octets(0, 0x0800))],
    ['GRE with a checksum', 'gre', gre(greSummed(INNER))],
    ['GRE with key and sequence number', 'gre', gre(octets(0x3000, 0x0800, 1, 2, 3, 4))],
    ['GUE', 'gue', gue(GUE_PLAIN)],
    [
      'GUE with a UDP checksum',
      'gue',
      udp4(`192.168.159.20:9 > 192.168.159.32:6080`, { payload: concat(GUE_PLAIN, INNER) }),
    ],
    ['GUE of version 1', 'gue', gue(zeros(0))],
    ['GUE with options, none of them set', 'gue', gue(concat(octets(0x0104, 1), zeros(4)))],
  ]
  for (const [what, kind, frame] of cases) {
    const [fate, written] = open(frame)
    t.equal(fate, kind, what)
    t.strictSame(written, what.startsWith('IPIP, padded') ? concat(virtioHeader(), packetOf(tcp4(FLOW))) : whole, what)
  }
})

t.test('a partial checksum goes over, counted from the inner packet', async t => {
  const inner = packetOf(tcp4(FLOW, { payload: 100, partial: true }))
  const expected = concat(virtioHeader({ needsCsum: true, csumStart: 20, csumOffset: 16 }), inner)
  for (const [frame, start] of [
    [ipip(inner), 54],
    [gre(octets(0, 0x0800), inner), 58],
    [gre(octets(0x8000, 0x0800, 0xdead, 0), inner), 62], // its checksum is of what the inner one will be
    [gue(GUE_PLAIN, inner, { checksum: 0xdead }), 66],
  ] as const) {
    const header = virtioHeader({ needsCsum: true, csumStart: start, csumOffset: 16 })
    t.strictSame(open(frame, header)[1], expected, `${start}`)
  }
})

t.test("a partial checksum of the outer UDP header is not the inner packet's", async t => {
  const header = virtioHeader({ needsCsum: true, csumStart: 34, csumOffset: 6 })
  t.strictSame(open(gue(GUE_PLAIN, INNER, { checksum: 0xdead }), header), ['gue', concat(virtioHeader(), INNER)])
})

t.test('a device that has validated the outer checksum says nothing of the inner one', async t => {
  const header = virtioHeader({ dataValid: true })
  t.strictSame(open(gue(GUE_PLAIN, INNER, { checksum: 0xdead }), header), ['gue', concat(virtioHeader(), INNER)])
})

t.test('remote checksum offload leaves the inner checksum to the kernel', async t => {
  const inner = packetOf(tcp4(FLOW, { payload: 100, partial: true }))
  const expected = virtioHeader({ needsCsum: true, csumStart: 20, csumOffset: 16 })
  t.strictSame(open(gue(GUE_REMOTE(20, 36), inner)), ['gue', concat(expected, inner)])
  for (const [start, offset] of [
    [20, 19], // before what it covers
    [12, 28], // covers the IP header
    [20, 139], // half of it behind the packet
    [0xffff, 0xffff],
  ] as const)
    t.match(open(gue(GUE_REMOTE(start, offset), inner))[0], /^drop-(offload|gue-unknown)$/, `${start}, ${offset}`)
})

t.test('segments go over, with the length of the inner headers', async t => {
  const inner = packetOf(tcp4(FLOW, { payload: 3000, partial: true, tcpOptions: zeros(12) }))
  const gso = { needsCsum: true, csumOffset: 16, gsoSize: 1000, hdrLen: 9999 }
  for (const gsoType of [1, 0x81]) {
    const expected = virtioHeader({ ...gso, gsoType, csumStart: 20, hdrLen: 52 })
    t.strictSame(open(ipip(inner), virtioHeader({ ...gso, gsoType, csumStart: 54 })), ['ipip', concat(expected, inner)])
  }
  const datagram = packetOf(udp4(FLOW, { payload: 3000, partial: true }))
  const udp = { needsCsum: true, csumOffset: 6, gsoSize: 1000, gsoType: 5 }
  const expected = virtioHeader({ ...udp, csumStart: 20, hdrLen: 28 })
  t.strictSame(open(ipip(datagram), virtioHeader({ ...udp, csumStart: 54 }))[1], concat(expected, datagram))
})

t.test('segments and checksums that do not fit the inner packet are dropped', async t => {
  const inner = packetOf(tcp4(FLOW, { payload: 3000, partial: true }))
  const good = { needsCsum: true, csumStart: 54, csumOffset: 16, gsoSize: 1000, gsoType: 1 }
  t.equal(open(ipip(inner), virtioHeader(good))[0], 'ipip')
  const bad: [string, object][] = [
    ['UDP segments in TCP', { gsoType: 5 }],
    ['segments of IPv6', { gsoType: 4 }],
    ['no size', { gsoSize: 0 }],
    ['no partial checksum', { needsCsum: false }],
    ['a checksum that starts in the IP header', { csumStart: 50 }],
    ['or behind the TCP header', { csumStart: 74 }],
    ['a checksum behind the packet', { csumOffset: 4000 }],
    ['the checksum of the outer header', { csumStart: 30 }],
  ]
  for (const [what, change] of bad)
    t.equal(open(ipip(inner), virtioHeader({ ...good, ...change }))[0], 'drop-offload', what)
  t.equal(open(gue(GUE_REMOTE(20, 36), inner), virtioHeader({ gsoType: 1, gsoSize: 9 }))[0], 'drop-offload')
})

t.test('what is wrong outside is dropped by name', async t => {
  const cases: [string, Uint8Array][] = [
    ['drop-outer-malformed', ipip().slice(0, 33)],
    ['drop-outer-malformed', ipip().slice(0, 100)],
    ['drop-outer-malformed', ip4(OUTER, IPIP!, INNER, { ipChecksum: 1 })],
    ['drop-outer-fragment', ip4(OUTER, IPIP!, INNER, { mf: true, df: false })],
    ['drop-outer-fragment', ip4(OUTER, IPIP!, INNER, { fragment: 100, df: false })],
    ['drop-outer-not-ours', ip4('192.168.159.20 > 192.168.159.33', IPIP!, INNER)],
    ['drop-outer-not-ours', ip4('192.168.159.20 > 192.168.159.100', IPIP!, INNER)],
    ['drop-not-a-tunnel', tcp4('192.168.159.20:1 > 192.168.159.32:80')],
    ['drop-not-a-tunnel', udp4('192.168.159.20:1 > 192.168.159.32:6081', { payload: INNER })],
    ['drop-outer-malformed', gue(GUE_PLAIN, INNER, { udpLen: 7 })],
    ['drop-outer-malformed', gue(GUE_PLAIN, INNER, { udpLen: 2000 })],
    ['drop-gue-checksum', gue(GUE_PLAIN, INNER, { checksum: 0xdead })],
    ['drop-gue-unknown', gue(octets(0x2004, 0))], // a control message
    ['drop-gue-unknown', gue(octets(0x8004, 0))], // version 2
    ['drop-gue-unknown', gue(octets(0x0029, 0))], // IPv6
    ['drop-gue-unknown', gue(octets(0x0004, 0x8000))], // a flag nobody knows
    ['drop-gue-unknown', gue(octets(0x0004, 1))], // private flags, but no room for them
    ['drop-gue-unknown', gue(octets(0x0104, 1, 0x8000, 0))], // remote checksum, but no room for it
    ['drop-gue-unknown', gue(octets(0x0204, 1, 0x4000, 0, 0, 0))],
    ['drop-gue-unknown', gue(octets(0x1f04, 0), zeros(20))], // longer than the packet
    ['drop-gue-unknown', gue(Uint8Array.of(0x60), zeros(40))], // IPv6 as version 1
    ['drop-gue-unknown', gue(zeros(0), zeros(3))],
    ['drop-gre-unknown', ip4(OUTER, GRE!, zeros(3))],
    ['drop-gre-unknown', gre(octets(0, 0x86dd))],
    ['drop-gre-unknown', gre(octets(1, 0x0800))], // version 1, PPTP
    ['drop-gre-unknown', gre(octets(0x4000, 0x0800, 0, 0))], // routing
    ['drop-gre-unknown', ip4(OUTER, GRE!, octets(0xb000, 0x0800, 0, 0, 0, 0, 0))],
    ['drop-gre-checksum', gre(octets(0x8000, 0x0800, 0xdead, 0))],
  ]
  for (const [i, [name, frame]] of cases.entries()) t.strictSame(open(frame), [name], `${i}: ${name}`)
  const noGue = new Decapsulation({ vips: [VIP!], guePort: 0, isOwn: () => true })
  const toPort0 = udp4('192.168.159.20:1 > 192.168.159.32:0', { payload: concat(GUE_PLAIN, INNER) })
  t.strictSame(open(toPort0, virtioHeader(), noGue), ['drop-not-a-tunnel'])
})

t.test('what is wrong inside is dropped by name', async t => {
  const cases: [string, Uint8Array][] = [
    ['drop-inner-malformed', zeros(0)],
    ['drop-inner-malformed', INNER.slice(0, 19)],
    ['drop-inner-malformed', INNER.slice(0, -1)],
    ['drop-inner-malformed', packet4('203.0.113.7 > 192.168.159.100', 17, zeros(8), { ipChecksum: 1 })],
    ['drop-inner-malformed', packet4('203.0.113.7 > 192.168.159.100', 17, zeros(8), { totalLen: 19 })],
    ['drop-inner-malformed', Uint8Array.of(0x65, ...INNER.slice(1))],
    ['drop-inner-malformed', Uint8Array.of(0x4f, ...INNER.slice(1, 40))],
    ['drop-inner-not-vip', inside('203.0.113.7:1 > 192.168.159.32:80')],
    ['drop-inner-not-vip', inside('203.0.113.7:1 > 127.0.0.1:80')],
    ['drop-inner-not-vip', inside('203.0.113.7:1 > 8.8.8.8:53')],
  ]
  for (const [i, [name, inner]] of cases.entries()) t.strictSame(open(ipip(inner)), [name], `${i}: ${name}`)
})

t.test('nothing that is cut off anywhere throws, or is handed on', async t => {
  for (const frame of [ipip(), gre(greSummed(INNER)), gue(GUE_REMOTE(20, 36))]) {
    for (let len = 0; len < frame.length; len++) {
      const { slab, at } = placed(frame, partialHeader(frame))
      t.ok(decapsulation.read(slab, at, len) > Fate.GUE, `${len} of ${frame.length} octets`)
      // As much of it, in a packet that says so.
      const shorter = ip4(OUTER, frame[23]!, frame.slice(34, Math.max(34, len)))
      t.doesNotThrow(() => open(shorter))
    }
  }
})
