import t from 'tap'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { DF, IpProtocol, Ipv4View } from '../../src/wire/ipv4.js'
import { ip4, packet4, payloadOctets, placed, unhex, type Ipv4Options } from '../support/frames.js'
import { addrOctets, checksum, readU32, u16 } from '../support/octets.js'

const FLOW = '203.0.113.7 > 10.0.0.1'
const LENGTHS = [0, 1, 3, 1460]
const ADDRESSES = [
  '0.0.0.0',
  '0.0.0.1',
  '10.0.0.1',
  '127.255.255.255',
  '128.0.0.0',
  '192.168.255.255',
  '255.255.255.255',
]

const addr = (text: string): Ipv4Addr => (readU32(addrOctets(text), 0) | 0) as Ipv4Addr

function onFrame(frame: Uint8Array) {
  const { slab, at } = placed(frame)
  return { bytes: slab.bytes, view: new Ipv4View().wrap(slab.view, at + 14) }
}

const viewOf = (options: Ipv4Options = {}, protocol = 17, payload = 8) =>
  onFrame(ip4(FLOW, protocol, payloadOctets(payload), options)).view

/** The id that makes the header's checksum 0, the value that careless updates miss. */
function idForZero(flow: string, options: Ipv4Options, payload: number): number {
  const packet = packet4(flow, 17, payloadOctets(payload), { ...options, id: 0 })
  return ((packet[10] ?? 0) << 8) | (packet[11] ?? 0)
}

t.test('the fields are those of the frame', async t => {
  const view = viewOf({ ttl: 200, tos: 0xb8, ipOptions: unhex('01010101'), ipChecksum: 0xabcd }, 132, 9)
  t.equal(view.isVersion4, true)
  t.equal(view.headerLen, 24)
  t.equal(view.tos, 0xb8)
  t.equal(view.totalLen, 33)
  t.equal(view.ttl, 200)
  t.equal(view.protocol, IpProtocol.SCTP)
  t.equal(view.checksum, 0xabcd)
  t.equal(view.srcAddr, addr('203.0.113.7'), 'signed, as addresses are')
  t.equal(view.dstAddr, addr('10.0.0.1'))
})

t.test('a length above 255 and the highest addresses are read whole', async t => {
  const { view } = onFrame(ip4('255.255.255.254 > 128.0.0.1', 6, payloadOctets(1440)))
  t.equal(view.totalLen, 1460)
  t.equal(view.srcAddr, -2)
  t.equal(view.dstAddr, -0x7fffffff)
})

t.test('the flags tell whether it may be fragmented and whether it is a fragment', async t => {
  const cases: [Ipv4Options, boolean, boolean, number][] = [
    [{ df: false }, false, false, 0],
    [{ df: true }, true, false, 0],
    [{ df: false, mf: true }, false, true, 0],
    [{ df: false, mf: true, fragment: 185 }, false, true, 185],
    [{ df: false, fragment: 1 }, false, true, 1],
    [{ df: true, fragment: 0x1fff }, true, true, 0x1fff],
    [{ df: false, fragment: 0x1000 }, false, true, 0x1000],
  ]
  for (const [options, df, fragment, offset] of cases) {
    const view = viewOf(options)
    t.equal(view.dontFragment, df, `may not be: ${JSON.stringify(options)}`)
    t.equal(view.isFragment, fragment, `is one: ${JSON.stringify(options)}`)
    t.equal(view.fragmentOffset, offset, `its offset: ${JSON.stringify(options)}`)
  }
  const reserved = ip4(FLOW, 17, payloadOctets(8), { df: false })
  reserved[14 + 6] = 0x80
  t.equal(onFrame(reserved).view.isFragment, false, 'the reserved bit makes no fragment')
})

t.test('only version 4 is version 4', async t => {
  for (let version = 0; version < 16; version++) {
    const frame = ip4(FLOW, 17, payloadOctets(8))
    frame[14] = (version << 4) | 5
    const { view } = onFrame(frame)
    t.equal(view.isVersion4, version === 4, `version ${version}`)
    t.equal(view.isValid(28), version === 4, `version ${version}: valid`)
  }
})

t.test('the header’s length must be 20 at least and inside the packet', async t => {
  for (let words = 0; words < 16; words++) {
    const frame = ip4(FLOW, 17, payloadOctets(20))
    frame[14] = 0x40 | words
    const { view } = onFrame(frame)
    t.equal(view.headerLen, words * 4, `IHL ${words}: octets`)
    t.equal(view.isValid(40), words >= 5 && words <= 10, `IHL ${words} in 40 octets`)
    t.equal(view.isValid(1500), words >= 5 && words <= 10, `IHL ${words} in 40 octets, 1500 received`)
  }
})

t.test('the total length must hold the header and be no more than was received', async t => {
  for (const totalLen of [0, 1, 19, 20, 23, 24, 25, 39, 40, 41, 46, 47, 1500, 0xffff]) {
    const view = viewOf({ totalLen, ipOptions: unhex('01010101') }, 17, 16)
    t.equal(view.isValid(46), totalLen >= 24 && totalLen <= 46, `total length ${totalLen}, 24 of header, 46 received`)
  }
})

t.test('too few octets are never read', async t => {
  const packet = packet4(FLOW, 17, payloadOctets(0))
  for (let len = 0; len <= 20; len++) {
    const view = new Ipv4View().wrap(new DataView(packet.buffer, 0, len), 0)
    t.equal(view.isValid(len), len === 20, `${len} octets`)
  }
})

t.test('the checksum covers the header, options too, and nothing else', async t => {
  for (const ipOptions of [undefined, unhex('01010101'), payloadOctets(40)]) {
    const frame = ip4(FLOW, 17, payloadOctets(8), ipOptions && { ipOptions })
    const headerLen = 20 + (ipOptions?.length ?? 0)
    t.equal(onFrame(frame).view.checksumOk, true, `${headerLen} octets as built`)
    for (let octet = 0; octet < headerLen + 8; octet++) {
      // The first octet is left alone: it also says how far the header goes.
      if (octet === 0) continue
      frame[14 + octet]! ^= 0x10
      t.equal(onFrame(frame).view.checksumOk, octet >= headerLen, `${headerLen} octets, octet ${octet} changed`)
      frame[14 + octet]! ^= 0x10
    }
  }
  t.equal(onFrame(ip4(FLOW, 17, payloadOctets(8), { id: idForZero(FLOW, {}, 8) })).view.checksumOk, true, 'checksum 0')
})

t.test('a rewritten address gives the whole frame of that address', async t => {
  for (const from of ADDRESSES) {
    for (const to of ADDRESSES) {
      for (const payload of LENGTHS) {
        for (const id of [0x1234, idForZero(`${to} > 10.0.0.9`, {}, payload)]) {
          const source = onFrame(ip4(`${from} > 10.0.0.9`, 17, payloadOctets(payload), { id }))
          source.view.rewriteSrcAddr(addr(to))
          const expected = placed(ip4(`${to} > 10.0.0.9`, 17, payloadOctets(payload), { id })).slab.bytes
          t.strictSame(source.bytes, expected, `source ${from} to ${to}, ${payload} octets, id ${id}`)
        }
        const destination = onFrame(ip4(`10.0.0.9 > ${from}`, 17, payloadOctets(payload)))
        destination.view.rewriteDstAddr(addr(to))
        const expected = placed(ip4(`10.0.0.9 > ${to}`, 17, payloadOctets(payload))).slab.bytes
        t.strictSame(destination.bytes, expected, `destination ${from} to ${to}, ${payload} octets`)
      }
    }
  }
})

t.test('addresses of a header with options are rewritten in place', async t => {
  const options = { ipOptions: unhex('070b04 00000000 00000000 00') }
  const { bytes, view } = onFrame(ip4(FLOW, 17, payloadOctets(8), options))
  view.rewriteSrcAddr(addr('198.51.100.1'))
  view.rewriteDstAddr(addr('192.0.2.255'))
  t.strictSame(bytes, placed(ip4('198.51.100.1 > 192.0.2.255', 17, payloadOctets(8), options)).slab.bytes)
})

t.test('a wrong header checksum stays wrong', async t => {
  const { view } = onFrame(ip4(FLOW, 17, payloadOctets(8), { ipChecksum: 0x1111 }))
  view.rewriteSrcAddr(addr('198.51.100.1'))
  view.decrementTtl()
  t.equal(view.checksumOk, false)
})

t.test('one hop further the TTL is one less and the checksum right, from every TTL', async t => {
  for (let ttl = 1; ttl <= 255; ttl++) {
    for (const id of [0x1234, idForZero(FLOW, { ttl: ttl - 1 }, 3), idForZero(FLOW, { ttl }, 3)]) {
      const { bytes, view } = onFrame(ip4(FLOW, 17, payloadOctets(3), { ttl, id }))
      view.decrementTtl()
      const expected = placed(ip4(FLOW, 17, payloadOctets(3), { ttl: ttl - 1, id })).slab.bytes
      t.strictSame(bytes, expected, `TTL ${ttl}, id ${id}`)
    }
  }
})

t.test('an octet of the options, at an odd place or an even one, is rewritten with the checksum', async t => {
  for (let offset = 20; offset < 32; offset++) {
    for (const octet of [0x00, 0x04, 0x80, 0xff]) {
      const ipOptions = payloadOctets(12)
      const { bytes, view } = onFrame(ip4(FLOW, 17, payloadOctets(3), { ipOptions }))
      view.rewriteOption(offset, octet)
      const changed = payloadOctets(12)
      changed[offset - 20] = octet
      const expected = placed(ip4(FLOW, 17, payloadOctets(3), { ipOptions: changed })).slab.bytes
      t.strictSame(bytes, expected, `octet ${offset} becomes ${octet}`)
    }
  }
})

t.test('the header it builds is the frame’s, over whatever was there', async t => {
  const cases: [string, number, number, Ipv4Options][] = [
    [FLOW, 1, 0, { tos: 0, id: 0, df: false, ttl: 64 }],
    ['10.0.0.1 > 255.255.255.255', 17, 3, { tos: 0xc0, id: 0xffff, df: true, ttl: 255 }],
    ['255.255.255.254 > 128.0.0.1', 6, 1460, { tos: 0xff, id: 0x8001, df: true, ttl: 1 }],
    [FLOW, 17, 8, { tos: 4, df: true, ttl: 9, id: idForZero(FLOW, { tos: 4, ttl: 9 }, 8) }],
  ]
  for (const [flow, protocol, payload, options] of cases) {
    const frame = ip4(flow, protocol, payloadOctets(payload), options)
    const { bytes, view } = onFrame(Uint8Array.from(frame, (octet, at) => (at >= 14 && at < 34 ? 0xa5 : octet)))
    const [src = '', dst = ''] = flow.split(' > ')
    const flags = options.df ? DF : 0
    view
      .build(protocol, 20 + payload)
      .withTos(options.tos!)
      .withTtl(options.ttl!)
      .withId(options.id!, flags)
      .finish(addr(src), addr(dst))
    t.strictSame(bytes, placed(frame).slab.bytes, `${flow}, protocol ${protocol}, ${payload} octets`)
  }
})

t.test('the id that makes the checksum 0 does so', async t => {
  const frame = ip4(FLOW, 17, payloadOctets(8), { id: idForZero(FLOW, {}, 8) })
  t.strictSame(frame.slice(24, 26), u16(0))
  t.equal(checksum(frame.slice(14, 34)), 0)
})
