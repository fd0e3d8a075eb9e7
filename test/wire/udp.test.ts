import t from 'tap'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { UDP_CHECKSUM_AT, UDP_LEN, UdpView } from '../../src/wire/udp.js'
import { concat, partialHeader, payloadOctets, placed, udp4, virtioHeader } from '../support/frames.js'
import { addrOctets, readU16, readU32, u16 } from '../support/octets.js'

const LENGTHS = [0, 1, 3, 1460]
/** Before and after, as the transport header sees it: the IPv4 header is another's to rewrite. */
const CHANGES: [string, string][] = [
  ['10.1.0.1:8053', '198.51.100.1:53'],
  ['10.1.0.1:53', '10.1.0.1:53'],
  ['255.255.255.255:65535', '0.0.0.0:0'],
  ['0.0.0.0:0', '255.255.255.255:65535'],
  ['127.255.255.255:255', '128.0.0.0:256'],
  ['1.2.3.4:1', '4.3.2.1:32768'],
]
const PEER = '203.0.113.7:40000'

const addr = (text: string) => (readU32(addrOctets(text.split(':')[0] ?? ''), 0) | 0) as Ipv4Addr
const port = (text: string) => Number(text.split(':')[1])

function onFrame(frame: Uint8Array, header = virtioHeader()) {
  const { slab, at } = placed(frame, header)
  return { bytes: slab.bytes, view: new UdpView().wrap(slab.view, at + 34) }
}

/** The frame `after` with the IPv4 header of `before`: what a rewriter of the transport header alone must make. */
function transportOf(before: Uint8Array, after: Uint8Array): Uint8Array {
  return Uint8Array.from(after, (octet, at) => (at < 34 ? before[at]! : octet))
}

/** Some data, and two octets of it that make the computed checksum of the flow 0. */
function payloadForZero(flow: string, len: number): Uint8Array {
  const data = payloadOctets(len)
  const check = readU16(udp4(flow, { payload: concat(u16(0), data) }), 40)
  return concat(u16(check), data)
}

t.test('the fields are those of the frame', async t => {
  const { view } = onFrame(udp4('203.0.113.7:40000 > 10.0.0.1:65535', { udpLen: 0xfedc, checksum: 0xabcd }))
  t.equal(view.srcPort, 40000)
  t.equal(view.dstPort, 65535)
  t.equal(view.length, 0xfedc)
  t.equal(view.checksum, 0xabcd)
  t.equal(UDP_CHECKSUM_AT, 6)
})

t.test('the length must hold the header and be no more than what is there', async t => {
  for (const udpLen of [0, 7, 8, 9, 27, 28, 29, 0xffff]) {
    const { view } = onFrame(udp4('1.2.3.4:5 > 6.7.8.9:10', { udpLen, payload: 20 }))
    t.equal(view.isValid(28), udpLen >= 8 && udpLen <= 28, `length ${udpLen} in 28 octets`)
  }
})

t.test('too few octets are never read', async t => {
  const header = udp4('1.2.3.4:5 > 6.7.8.9:10').slice(34)
  for (let len = 0; len <= UDP_LEN; len++) {
    const view = new UdpView().wrap(new DataView(header.buffer, 0, len), 0)
    t.equal(view.isValid(len), len === 8, `${len} octets`)
  }
})

t.test('a rewritten source gives the frame of the new address and port', async t => {
  for (const [from, to] of CHANGES) {
    for (const payload of LENGTHS) {
      const before = udp4(`${from} > ${PEER}`, { payload })
      const { bytes, view } = onFrame(before)
      view.rewriteSrc(addr(from), addr(to), port(to), addr(PEER), 8 + payload)
      const after = transportOf(before, udp4(`${to} > ${PEER}`, { payload }))
      t.strictSame(bytes, placed(after).slab.bytes, `${from} to ${to}, ${payload} octets`)
    }
  }
})

t.test('a rewritten destination gives the frame of the new address and port', async t => {
  for (const [from, to] of CHANGES) {
    for (const payload of LENGTHS) {
      const before = udp4(`${PEER} > ${from}`, { payload })
      const { bytes, view } = onFrame(before)
      view.rewriteDst(addr(from), addr(to), port(to), addr(PEER), 8 + payload)
      const after = transportOf(before, udp4(`${PEER} > ${to}`, { payload }))
      t.strictSame(bytes, placed(after).slab.bytes, `${from} to ${to}, ${payload} octets`)
    }
  }
})

t.test('where there was no checksum, one is filled in', async t => {
  for (const [from, to] of CHANGES) {
    for (const payload of LENGTHS) {
      const outbound = udp4(`${from} > ${PEER}`, { payload, checksum: 0 })
      const source = onFrame(outbound)
      source.view.rewriteSrc(addr(from), addr(to), port(to), addr(PEER), 8 + payload)
      const answer = transportOf(outbound, udp4(`${to} > ${PEER}`, { payload }))
      t.strictSame(source.bytes, placed(answer).slab.bytes, `source ${from} to ${to}, ${payload} octets`)

      const inbound = udp4(`${PEER} > ${from}`, { payload, checksum: 0 })
      const destination = onFrame(inbound)
      destination.view.rewriteDst(addr(from), addr(to), port(to), addr(PEER), 8 + payload)
      const asked = transportOf(inbound, udp4(`${PEER} > ${to}`, { payload }))
      t.strictSame(destination.bytes, placed(asked).slab.bytes, `destination ${from} to ${to}, ${payload} octets`)
    }
  }
})

t.test('a checksum that comes out as 0 is stored as ffff, mended or filled in', async t => {
  for (const [from, to] of CHANGES) {
    for (const len of [0, 1, 8]) {
      for (const absent of [false, true]) {
        const options = absent ? { checksum: 0 } : {}
        const what = `${from} to ${to}, ${len} octets, ${absent ? 'filled in' : 'mended'}`

        const answered = payloadForZero(`${to} > ${PEER}`, len)
        const outbound = udp4(`${from} > ${PEER}`, { payload: answered, ...options })
        const source = onFrame(outbound)
        source.view.rewriteSrc(addr(from), addr(to), port(to), addr(PEER), 10 + len)
        const answer = transportOf(outbound, udp4(`${to} > ${PEER}`, { payload: answered }))
        t.equal(source.view.checksum, 0xffff, `source ${what}`)
        t.strictSame(source.bytes, placed(answer).slab.bytes, `source ${what}: the whole frame`)

        const asked = payloadForZero(`${PEER} > ${to}`, len)
        const inbound = udp4(`${PEER} > ${from}`, { payload: asked, ...options })
        const destination = onFrame(inbound)
        destination.view.rewriteDst(addr(from), addr(to), port(to), addr(PEER), 10 + len)
        const question = transportOf(inbound, udp4(`${PEER} > ${to}`, { payload: asked }))
        t.equal(destination.view.checksum, 0xffff, `destination ${what}`)
        t.strictSame(destination.bytes, placed(question).slab.bytes, `destination ${what}: the whole frame`)
      }
    }
  }
})

t.test('a checksum that was stored as ffff is mended like any other', async t => {
  for (const [from, to] of CHANGES) {
    const payload = payloadForZero(`${PEER} > ${from}`, 3)
    const before = udp4(`${PEER} > ${from}`, { payload })
    t.equal(readU16(before, 40), 0xffff, `${from}: ffff before`)
    const { bytes, view } = onFrame(before)
    view.rewriteDst(addr(from), addr(to), port(to), addr(PEER), 13)
    const after = transportOf(before, udp4(`${PEER} > ${to}`, { payload }))
    t.strictSame(bytes, placed(after).slab.bytes, `${from} to ${to}`)
  }
})

t.test('a partial checksum is mended for the address alone', async t => {
  for (const [from, to] of CHANGES) {
    for (const payload of LENGTHS) {
      const options = { payload, partial: true }
      const outbound = udp4(`${from} > ${PEER}`, options)
      const header = partialHeader(outbound)
      const source = onFrame(outbound, header)
      source.view.rewriteSrcPartial(addr(from), addr(to), port(to))
      const answer = transportOf(outbound, udp4(`${to} > ${PEER}`, options))
      t.strictSame(source.bytes, placed(answer, header).slab.bytes, `source ${from} to ${to}, ${payload} octets`)

      const inbound = udp4(`${PEER} > ${from}`, options)
      const destination = onFrame(inbound, header)
      destination.view.rewriteDstPartial(addr(from), addr(to), port(to))
      const asked = transportOf(inbound, udp4(`${PEER} > ${to}`, options))
      t.strictSame(
        destination.bytes,
        placed(asked, header).slab.bytes,
        `destination ${from} to ${to}, ${payload} octets`,
      )
    }
  }
})

t.test('a wrong checksum stays wrong by as much', async t => {
  for (const error of [1, 0x100, 0x8000, 0xfffd]) {
    const right = readU16(udp4(`${PEER} > 10.0.0.1:53`, { payload: 3 }), 40)
    const { view } = onFrame(udp4(`${PEER} > 10.0.0.1:53`, { payload: 3, checksum: (right + error) % 0xffff }))
    view.rewriteDst(addr('10.0.0.1'), addr('10.1.0.1'), 8053, addr(PEER), 11)
    const now = readU16(udp4(`${PEER} > 10.1.0.1:8053`, { payload: 3 }), 40)
    t.equal(view.checksum % 0xffff, (now + error) % 0xffff, `wrong by ${error}`)
  }
})
