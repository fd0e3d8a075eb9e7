import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import { Packet } from '../../src/packet/packet.js'
import { isBalanced, parseEthernet, parseIpv4Header, parseTransport } from '../../src/packet/parse.js'
import { Verdict, verdictNames } from '../../src/packet/verdict.js'
import { parseMac } from '../../src/wire/addr.js'
import { arp, icmp4, ip4, payloadOctets, placed, tcp4, udp4, unhex, type Placed } from '../support/frames.js'
import { checksum, concat, readU16, sum } from '../support/octets.js'
import { Chunk, sctp4 } from '../support/sctp.js'

const OURS = parseMac('02:00:00:00:00:02')!
const FLOW = '203.0.113.7:40000 > 10.0.0.1:65535'
const PAIR = '203.0.113.7 > 10.0.0.1'

/** Reads outside [low, high) throw: a DataView by itself only knows the slab's ends. */
class Guarded extends DataView<ArrayBufferLike> {
  low = 0
  high = 0
  #check(at: number, octets: number): void {
    if (at < this.low || at + octets > this.high) throw new RangeError(`read ${octets} at ${at}, not in the frame`)
  }
  override getUint8(at: number): number {
    this.#check(at, 1)
    return super.getUint8(at)
  }
  override getUint16(at: number, little?: boolean): number {
    this.#check(at, 2)
    return super.getUint16(at, little)
  }
  override getInt32(at: number, little?: boolean): number {
    this.#check(at, 4)
    return super.getInt32(at, little)
  }
  override getUint32(at: number, little?: boolean): number {
    this.#check(at, 4)
    return super.getUint32(at, little)
  }
}

function guarded(frame: Uint8Array): Placed {
  const { slab, at, len } = placed(frame)
  const view = new Guarded(slab.bytes.buffer)
  view.low = at
  view.high = at + len
  return { slab: { ...slab, view }, at, len }
}

/** The frame through the steps: the first verdict that is not PASS, or PASS. */
function parse(packet: Packet, { slab, at, len }: Placed): Verdict {
  packet.wrap(0, slab, at, len)
  const verdict = parseEthernet(packet, OURS) || parseIpv4Header(packet)
  return verdict || (isBalanced(packet.protocol) ? parseTransport(packet) : Verdict.PASS)
}

/** The verdict by the octets alone, in the words of the RFCs. */
function slowly(frame: Uint8Array): Verdict {
  if (frame.length < 14) return Verdict.DROP_ETHERNET_SHORT
  const toUs = [0x02, 0, 0, 0, 0, 0x02].every((octet, at) => frame[at] === octet)
  if (!toUs && frame[0]! % 2 === 0) return Verdict.DROP_NOT_OURS
  const packet = frame.slice(14)
  if (packet.length < 20) return Verdict.DROP_IP_MALFORMED
  const headerLen = (packet[0]! % 16) * 4
  const totalLen = readU16(packet, 2)
  if (Math.floor(packet[0]! / 16) !== 4 || headerLen < 20) return Verdict.DROP_IP_MALFORMED
  if (totalLen < headerLen || totalLen > packet.length) return Verdict.DROP_IP_MALFORMED
  if (sum(packet.slice(0, headerLen)) !== 0xffff) return Verdict.DROP_IP_CHECKSUM
  if (packet[9] === 6 && totalLen - headerLen < 20) return Verdict.DROP_TCP_MALFORMED
  if (packet[9] === 17 && totalLen - headerLen < 8) return Verdict.DROP_UDP_MALFORMED
  if (packet[9] === 132 && totalLen - headerLen < 16) return Verdict.DROP_SCTP_MALFORMED
  return Verdict.PASS
}

function named(verdict: Verdict): string {
  return verdictNames.get(verdict) ?? `${verdict}`
}

t.test('a whole TCP packet passes, its places and ports known', async t => {
  for (const options of [0, 4, 40]) {
    for (const payload of [0, 1, 1460]) {
      const frame = tcp4(FLOW, { payload, ipOptions: new Uint8Array(options).fill(1) })
      const packet = new Packet()
      const place = guarded(frame)
      const what = `${options} octets of options, ${payload} of payload`
      t.equal(parse(packet, place), Verdict.PASS, what)
      t.equal(packet.ipAt, place.at + 14, `${what}: IP header`)
      t.equal(packet.ipLen, 40 + options + payload, `${what}: IP length`)
      t.equal(packet.transportAt, place.at + 34 + options, `${what}: TCP header`)
      t.equal(packet.transportLen, 20 + payload, `${what}: TCP length`)
      t.equal(packet.protocol, 6, `${what}: protocol`)
      t.strictSame([packet.srcPort, packet.dstPort], [40000, 65535], `${what}: ports`)
      t.strictSame([packet.tcp.srcPort, packet.tcp.dstPort], [40000, 65535], `${what}: the view’s`)
    }
  }
})

t.test('a whole UDP packet passes, its places and ports known', async t => {
  const packet = new Packet()
  const place = guarded(udp4(FLOW, { payload: 3, ipOptions: unhex('01010101') }))
  t.equal(parse(packet, place), Verdict.PASS)
  t.equal(packet.transportAt, place.at + 38)
  t.equal(packet.transportLen, 11)
  t.equal(packet.protocol, 17)
  t.strictSame([packet.srcPort, packet.dstPort], [40000, 65535])
  t.equal(packet.udp.length, 11)
})

t.test('a whole SCTP packet passes, its places, ports and event known', async t => {
  for (const chunks of [[Chunk.INIT], [[Chunk.COOKIE_ECHO, 7] as [number, number], Chunk.ABORT]]) {
    const packet = new Packet()
    const place = guarded(sctp4(FLOW, { chunks }))
    t.equal(parse(packet, place), Verdict.PASS)
    t.equal(packet.transportAt, place.at + 34)
    t.equal(packet.transportLen, chunks.length === 1 ? 16 : 28)
    t.strictSame([packet.srcPort, packet.dstPort], [40000, 65535])
    t.equal(packet.signal, chunks.length === 1 ? 1 : 9, 'INIT, ABORT')
  }
})

t.test('SCTP of less than its header and a chunk’s is malformed', async t => {
  for (let len = 0; len <= 20; len++) {
    const verdict = len < 16 ? Verdict.DROP_SCTP_MALFORMED : Verdict.PASS
    t.equal(parse(new Packet(), guarded(ip4(PAIR, 132, payloadOctets(len)))), verdict, `${len} octets`)
  }
})

t.test('what moves a connection’s state: TCP’s flags, of UDP nothing', async t => {
  const packet = new Packet()
  for (const [flags, signal] of [
    ['S', 2],
    ['SA', 18],
    ['FRPUEC', 0xed],
    ['', 0],
  ] as const) {
    parse(packet, guarded(tcp4(FLOW, { flags })))
    t.equal(packet.signal, signal, flags)
    parse(packet, guarded(udp4(FLOW)))
    t.equal(packet.signal, 0)
  }
})

t.test('other protocols are not balanced, and pass', async t => {
  for (let protocol = 0; protocol < 256; protocol++)
    t.equal(isBalanced(protocol), [6, 17, 132].includes(protocol), `protocol ${protocol}`)
  const packet = new Packet()
  for (const frame of [icmp4(PAIR, { type: 8 }), ip4(PAIR, 51, payloadOctets(12)), ip4(PAIR, 2, payloadOctets(0))]) {
    parse(packet, guarded(tcp4(FLOW)))
    t.equal(parse(packet, guarded(frame)), Verdict.PASS, `protocol ${frame[23]}`)
    t.equal(packet.protocol, frame[23], `protocol ${frame[23]}: known`)
  }
})

t.test('padding is cut off', async t => {
  for (const padTo of [55, 60, 64, 1514]) {
    const packet = new Packet()
    t.equal(parse(packet, guarded(tcp4(FLOW, { padTo, payload: 1 }))), Verdict.PASS, `padded to ${padTo}`)
    t.equal(packet.len, 55, `padded to ${padTo}: the frame`)
    t.equal(packet.ipLen, 41, `padded to ${padTo}: the packet`)
    t.equal(packet.transportLen, 21, `padded to ${padTo}: its transport part`)
  }
})

t.test('drop-ethernet-short: fewer octets than an Ethernet header', async t => {
  const frame = tcp4(FLOW)
  for (let len = 0; len < 14; len++) {
    t.equal(parse(new Packet(), guarded(frame.slice(0, len))), Verdict.DROP_ETHERNET_SHORT, `${len} octets`)
  }
  const packet = new Packet()
  const { slab, at } = guarded(frame.slice(0, 14))
  t.equal(parseEthernet(packet.wrap(0, slab, at, 14), OURS), Verdict.PASS, '14 octets are enough')
})

t.test('drop-not-ours: to the MAC of somebody else', async t => {
  const from = '02:00:00:00:00:01'
  const cases: [string, Verdict][] = [
    ['02:00:00:00:00:02', Verdict.PASS],
    ['ff:ff:ff:ff:ff:ff', Verdict.PASS],
    ['01:00:5e:00:00:01', Verdict.PASS],
    ['02:00:00:00:00:03', Verdict.DROP_NOT_OURS],
    ['02:00:00:00:01:02', Verdict.DROP_NOT_OURS],
    ['02:00:00:01:00:02', Verdict.DROP_NOT_OURS],
    ['02:00:80:00:00:02', Verdict.DROP_NOT_OURS],
    ['02:01:00:00:00:02', Verdict.DROP_NOT_OURS],
    ['00:00:00:00:00:02', Verdict.DROP_NOT_OURS],
    [from, Verdict.DROP_NOT_OURS],
  ]
  for (const [to, verdict] of cases) {
    t.equal(named(parse(new Packet(), guarded(tcp4(FLOW, { eth: `${from} > ${to}` })))), named(verdict), to)
  }
})

t.test('drop-ip-malformed: the header is not whole, or its lengths are not those of what came', async t => {
  const frame = udp4(FLOW, { payload: 12 })
  for (let len = 14; len < frame.length; len++) {
    t.equal(parse(new Packet(), guarded(frame.slice(0, len))), Verdict.DROP_IP_MALFORMED, `cut to ${len} octets`)
  }
  for (const first of [0x05, 0x15, 0x35, 0x55, 0x65, 0xf5, 0x40, 0x41, 0x44, 0x4b, 0x4f]) {
    const changed = udp4(FLOW, { payload: 12 })
    changed[14] = first
    t.equal(parse(new Packet(), guarded(changed)), Verdict.DROP_IP_MALFORMED, `first octet ${first.toString(16)}`)
  }
  for (const totalLen of [0, 19, 41, 0xffff]) {
    t.equal(
      parse(new Packet(), guarded(udp4(FLOW, { payload: 12, totalLen }))),
      Verdict.DROP_IP_MALFORMED,
      `${totalLen}`,
    )
  }
})

t.test('drop-ip-checksum: an octet of the header is not as it was sent', async t => {
  for (let octet = 22; octet < 34; octet++) {
    const frame = tcp4(FLOW)
    frame[octet]! ^= 0x01
    t.equal(parse(new Packet(), guarded(frame)), Verdict.DROP_IP_CHECKSUM, `octet ${octet - 14}`)
  }
  t.equal(parse(new Packet(), guarded(tcp4(FLOW, { ipChecksum: 0 }))), Verdict.DROP_IP_CHECKSUM, 'no checksum at all')
})

t.test('drop-tcp-malformed: the 20 octets of the header are not there, and padding is none of them', async t => {
  const segment = tcp4(FLOW).slice(34)
  for (let len = 0; len <= 20; len++) {
    const frame = ip4(PAIR, 6, segment.slice(0, len), { padTo: 100 })
    const verdict = len < 20 ? Verdict.DROP_TCP_MALFORMED : Verdict.PASS
    t.equal(named(parse(new Packet(), guarded(frame))), named(verdict), `${len} octets`)
  }
})

t.test('drop-udp-malformed: the 8 octets of the header are not there, and padding is none of them', async t => {
  const datagram = udp4(FLOW).slice(34)
  for (let len = 0; len <= 8; len++) {
    const frame = ip4(PAIR, 17, datagram.slice(0, len), { padTo: 100 })
    const verdict = len < 8 ? Verdict.DROP_UDP_MALFORMED : Verdict.PASS
    t.equal(named(parse(new Packet(), guarded(frame))), named(verdict), `${len} octets`)
  }
})

t.test('no more is asked of TCP and UDP than that: data offset and length are theirs to check who read on', async t => {
  const frame = tcp4(FLOW)
  frame[34 + 12] = 0xf0
  t.equal(parse(new Packet(), guarded(frame)), Verdict.PASS, 'a data offset beyond the end')
  t.equal(parse(new Packet(), guarded(udp4(FLOW, { udpLen: 0 }))), Verdict.PASS, 'a length of 0')
})

/** A frame that is nearly right: a whole one, or one with octets changed, cut off or added; or no frame at all. */
function mutant(random: () => number): Uint8Array {
  const below = (limit: number) => random() % limit
  const size = below(40)
  const ipOptions = new Uint8Array(below(4) === 0 ? 4 * below(11) : 0).fill(1)
  const kinds = [
    () => tcp4(FLOW, { payload: size, ipOptions, padTo: 60 }),
    () => udp4(FLOW, { payload: size, ipOptions, padTo: 60 }),
    () => sctp4(FLOW, { chunks: [[below(16), size], Chunk.ABORT], ipOptions }),
    () => icmp4(PAIR, { type: below(20), payload: size, ipOptions }),
    () => ip4(PAIR, [1, 6, 17, 132][below(4)]!, payloadOctets(size), { ipOptions, padTo: 20 + below(60) }),
    () => ip4(PAIR, [6, 17, 132][below(3)]!, payloadOctets(size), { totalLen: below(90) }),
    () => arp({ operation: 'request', senderMac: '02:00:00:00:00:01', senderAddr: '10.0.0.9', targetAddr: '10.0.0.1' }),
    () => Uint8Array.from({ length: below(80) }, random),
  ]
  let frame = kinds[below(kinds.length)]!()
  for (let changes = below(4); changes > 0; changes--) {
    if (frame.length > 0) frame[below(4) === 0 ? below(frame.length) : below(Math.min(frame.length, 36))] = random()
  }
  if (below(4) === 0) frame = frame.slice(0, below(frame.length + 1))
  if (below(4) === 0) frame = concat(frame, Uint8Array.from({ length: below(20) }, random))
  // Half of the headers get a right checksum again, so that what comes behind that check is met too.
  const headerLen = (frame[14]! % 16) * 4
  if (below(2) === 0 && frame.length >= 14 + headerLen && headerLen >= 20) {
    frame.fill(0, 24, 26)
    const right = checksum(frame.slice(14, 14 + headerLen))
    frame.set([right >>> 8, right & 255], 24)
  }
  return frame
}

t.test(
  '10 000 frames, most of them wrong, all get the slow reader’s verdict, nothing read outside nor written',
  async t => {
    const random = seededRandom(2026)
    const packet = new Packet()
    const seen = new Map<Verdict, number>()
    const wrong: string[] = []
    for (let i = 0; i < 10_000; i++) {
      const frame = mutant(random)
      const place = guarded(frame)
      let got: string
      try {
        const verdict = parse(packet, place)
        got = named(verdict)
        seen.set(verdict, (seen.get(verdict) ?? 0) + 1)
        if (verdict === Verdict.PASS && packet.transportAt + packet.transportLen > place.at + place.len)
          got += ', beyond'
        if (verdict === Verdict.PASS && packet.len > place.len) got += ', longer'
      } catch (error) {
        got = String(error)
      }
      const expected = named(slowly(frame))
      if (got !== expected) wrong.push(`frame ${i}: ${got}, not ${expected}`)
      if (!placed(frame).slab.bytes.every((octet, at) => octet === place.slab.bytes[at]))
        wrong.push(`frame ${i}: written`)
    }
    t.strictSame(wrong, [])
    for (const verdict of [
      Verdict.PASS,
      Verdict.DROP_ETHERNET_SHORT,
      Verdict.DROP_NOT_OURS,
      Verdict.DROP_IP_MALFORMED,
      Verdict.DROP_IP_CHECKSUM,
      Verdict.DROP_TCP_MALFORMED,
      Verdict.DROP_UDP_MALFORMED,
      Verdict.DROP_SCTP_MALFORMED,
    ]) {
      t.ok((seen.get(verdict) ?? 0) >= 20, `${named(verdict)} was among them, ${seen.get(verdict)} times`)
    }
  },
)

t.test('the guard notices a read outside the frame', async t => {
  const { slab, at, len } = guarded(tcp4(FLOW))
  t.throws(() => slab.view.getUint8(at - 1), RangeError)
  t.throws(() => slab.view.getUint16(at + len - 1), RangeError)
  t.throws(() => slab.view.getInt32(at + len - 3), RangeError)
  t.throws(() => slab.view.getUint32(at + len), RangeError)
})
