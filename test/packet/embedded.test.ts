import t from 'tap'
import { Embedded } from '../../src/packet/embedded.js'
import { Packet } from '../../src/packet/packet.js'
import { parseEthernet, parseIpv4Header } from '../../src/packet/parse.js'
import { Verdict } from '../../src/packet/verdict.js'
import { formatIpv4, parseMac } from '../../src/wire/addr.js'
import { icmp4, packet4, packetOf, payloadOctets, placed, tcp4, udp4, unhex } from '../support/frames.js'

const OURS = parseMac('02:00:00:00:00:02')!
const TCP = packetOf(tcp4('198.51.100.1:80 > 203.0.113.7:40000', { payload: 100 }))
const UDP = packetOf(udp4('198.51.100.1:53 > 203.0.113.7:65535', { payload: 3 }))

/** An ICMP error that carries these octets, parsed as far as the IP header. */
function errorWith(octets: Uint8Array, padTo = 0) {
  const { slab, at, len } = placed(icmp4('192.0.2.1 > 198.51.100.1', { type: 3, code: 4, payload: octets, padTo }))
  const packet = new Packet().wrap(0, slab, at, len)
  if ((parseEthernet(packet, OURS) || parseIpv4Header(packet)) !== Verdict.PASS) throw new Error('not a whole frame')
  return { packet, bytes: slab.bytes, embeddedAt: at + 14 + 20 + 8 }
}

function wraps(octets: Uint8Array, padTo = 0): boolean {
  return new Embedded().wrap(errorWith(octets, padTo).packet)
}

t.test('it points at the packet that the error carries', async t => {
  for (const [octets, protocol, src, dst] of [
    [TCP, 6, 80, 40000],
    [UDP, 17, 53, 65535],
    [TCP.slice(0, 28), 6, 80, 40000],
  ] as const) {
    const embedded = new Embedded()
    t.equal(embedded.wrap(errorWith(octets).packet), true, `protocol ${protocol}, ${octets.length} octets`)
    t.equal(embedded.ip.protocol, protocol)
    t.equal(formatIpv4(embedded.ip.srcAddr), '198.51.100.1')
    t.equal(formatIpv4(embedded.ip.dstAddr), '203.0.113.7')
    t.strictSame([embedded.srcPort, embedded.dstPort], [src, dst], `protocol ${protocol}: ports`)
  }
})

t.test('the header and 4 octets of ports must be there, padding not counted', async t => {
  for (const ipOptions of [undefined, unhex('01010101'), new Uint8Array(40).fill(1)]) {
    const whole = packet4('198.51.100.1 > 203.0.113.7', 6, payloadOctets(20), ipOptions && { ipOptions })
    const enough = 24 + (ipOptions?.length ?? 0)
    for (let len = 0; len <= enough + 4; len++) {
      t.equal(wraps(whole.slice(0, len), 200), len >= enough, `${len} octets of ${enough} needed`)
    }
  }
})

t.test('an ICMP message shorter than its header carries nothing', async t => {
  for (let len = 0; len < 8; len++) {
    const { packet } = errorWith(TCP)
    packet.transportLen = len
    t.equal(new Embedded().wrap(packet), false, `${len} octets of ICMP`)
  }
})

t.test('it must be IPv4 with a header of 20 octets or more', async t => {
  for (let first = 0; first < 256; first++) {
    const octets = Uint8Array.from(TCP)
    octets[0] = first
    t.equal(wraps(octets), first >>> 4 === 4 && first % 16 >= 5, `first octet ${first.toString(16)}`)
  }
})

t.test('only TCP, UDP and SCTP are known', async t => {
  for (let protocol = 0; protocol < 256; protocol++) {
    const octets = packet4('198.51.100.1 > 203.0.113.7', protocol, payloadOctets(8))
    t.equal(wraps(octets), [6, 17, 132].includes(protocol), `protocol ${protocol}`)
  }
})

function piece(fragment: number): Uint8Array {
  return packet4('198.51.100.1 > 203.0.113.7', 17, payloadOctets(16), { df: false, mf: true, fragment })
}

t.test('a first fragment has ports, a later one has none', async t => {
  t.equal(wraps(piece(0)), true, 'the first')
  for (const fragment of [1, 2, 185, 0x1000, 0x1fff]) t.equal(wraps(piece(fragment)), false, `offset ${fragment}`)
})

t.test('total length and header checksum may be what they like', async t => {
  for (const totalLen of [0, 20, 1500, 0xffff]) {
    const octets = packet4('198.51.100.1 > 203.0.113.7', 6, payloadOctets(8), { totalLen, ipChecksum: 0xdead })
    t.equal(wraps(octets), true, `total length ${totalLen}`)
  }
})

t.test('ports are written where they stand, behind the options, and nothing else is touched', async t => {
  for (const ipOptions of [new Uint8Array(0), unhex('01010101')]) {
    const packetWith = (ports: string) =>
      packet4('198.51.100.1 > 203.0.113.7', 17, unhex(`${ports} 0008 0000`), { ipOptions })
    const embedded = new Embedded()
    const { packet, bytes, embeddedAt } = errorWith(packetWith('0035 9c40'))
    t.equal(embedded.wrap(packet), true)
    const expected = Uint8Array.from(bytes)
    embedded.srcPort = 0x1f95
    expected.set(packetWith('1f95 9c40'), embeddedAt)
    t.strictSame(bytes, expected, `source port, ${ipOptions.length} octets of options`)
    embedded.dstPort = 0xfffe
    expected.set(packetWith('1f95 fffe'), embeddedAt)
    t.strictSame(bytes, expected, `destination port, ${ipOptions.length} octets of options`)
    t.strictSame([embedded.srcPort, embedded.dstPort], [0x1f95, 0xfffe], 'and read back')
  }
})

t.test('one object serves error after error', async t => {
  const embedded = new Embedded()
  t.equal(embedded.wrap(errorWith(TCP).packet), true)
  t.equal(embedded.wrap(errorWith(TCP.slice(0, 10)).packet), false)
  t.equal(embedded.wrap(errorWith(UDP).packet), true)
  t.equal(embedded.srcPort, 53)
})
