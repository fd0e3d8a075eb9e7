import t from 'tap'
import { ICMP_LEN, IcmpType, IcmpView, isIcmpError, Unreachable } from '../../src/wire/icmp.js'
import { icmp4, packet4, payloadOctets, placed, unhex } from '../support/frames.js'

const FLOW = '10.0.0.1 > 203.0.113.7'

function onFrame(frame: Uint8Array) {
  const { slab, at } = placed(frame)
  return { bytes: slab.bytes, view: new IcmpView().wrap(slab.view, at + 34) }
}

t.test('the fields are those of the frame', async t => {
  const { view } = onFrame(icmp4(FLOW, { type: 3, code: 4, rest: 1400, checksum: 0xabcd }))
  t.equal(view.type, IcmpType.UNREACHABLE)
  t.equal(view.code, Unreachable.FRAGMENTATION_NEEDED)
  t.equal(view.checksum, 0xabcd)
  t.equal(ICMP_LEN, 8)
})

t.test('the errors are types 3, 4, 5, 11, 12 and all that are unknown, above 18', async t => {
  for (let type = 0; type < 256; type++) {
    t.equal(isIcmpError(type), [3, 4, 5, 11, 12].includes(type) || type > 18, `type ${type}`)
  }
})

t.test('the checksum covers the whole message, whatever its length', async t => {
  for (const payload of [0, 1, 3, 56, 1472]) {
    const frame = icmp4(FLOW, { type: 8, rest: 0x00010002, payload })
    const { bytes, view } = onFrame(frame)
    t.equal(view.checksumOk(8 + payload), true, `${payload} octets as built`)
    for (const octet of [0, 1, 2, 3, 4, 7, 8, 8 + payload - 1]) {
      if (octet >= 8 + payload) continue
      bytes[74 + 34 + octet]! ^= 0x20
      t.equal(view.checksumOk(8 + payload), false, `${payload} octets, octet ${octet} changed`)
      bytes[74 + 34 + octet]! ^= 0x20
    }
  }
})

t.test('an echo request becomes its reply', async t => {
  const payloads = [0, 1, 3, 56, 1460, unhex('f7ff'), unhex('ffff'), unhex('0000')]
  for (const payload of payloads) {
    for (const rest of [0x00010001, 0xffffffff, 0xf7ff0000, 0x12340000, 0x0000ffff]) {
      for (const code of [0, 9]) {
        const { bytes, view } = onFrame(icmp4(FLOW, { type: 8, code, rest, payload }))
        view.makeEchoReply(8 + (typeof payload === 'number' ? payload : payload.length))
        const what = `code ${code}, rest ${rest.toString(16)}, payload ${payload}`
        t.strictSame(bytes, placed(icmp4(FLOW, { type: 0, code, rest, payload })).slab.bytes, what)
      }
    }
  }
})

t.test('a reply of nothing but zeros has the checksum ffff, without which it is no valid message', async t => {
  for (const payload of [0, 1, 56]) {
    const zeros = { rest: 0, payload: new Uint8Array(payload) }
    const { bytes, view } = onFrame(icmp4(FLOW, { type: 8, ...zeros }))
    view.makeEchoReply(8 + payload)
    t.equal(view.checksumOk(8 + payload), true, `${payload} octets: the receiver takes it`)
    t.strictSame(bytes, placed(icmp4(FLOW, { type: 0, ...zeros })).slab.bytes, `${payload} octets`)
  }
})

t.test('a filled-in checksum is the frame’s, whatever was there', async t => {
  for (const payload of [0, 1, 3, 1460]) {
    const options = { type: 11, code: 0, rest: 0xdeadbeef, payload }
    for (const checksum of [0, 0xa5a5, 0xffff]) {
      const { bytes, view } = onFrame(icmp4(FLOW, { ...options, checksum }))
      view.fillChecksum(8 + payload)
      t.strictSame(bytes, placed(icmp4(FLOW, options)).slab.bytes, `${payload} octets, ${checksum} before`)
    }
  }
})

t.test('the error it builds over what it embeds is the frame’s', async t => {
  const embedded = packet4('203.0.113.7 > 10.0.0.1', 17, payloadOctets(9))
  const cases: [number, number, number][] = [
    [IcmpType.UNREACHABLE, Unreachable.PORT, 0],
    [IcmpType.UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, 1400],
    [IcmpType.TIME_EXCEEDED, 0, 0],
    [IcmpType.PARAMETER_PROBLEM, 255, 0xfe000000],
  ]
  for (const [type, code, rest] of cases) {
    const frame = icmp4(FLOW, { type, code, rest, payload: embedded })
    const { bytes, view } = onFrame(Uint8Array.from(frame, (octet, at) => (at >= 34 && at < 42 ? 0xa5 : octet)))
    view.build(type, code, rest, 8 + embedded.length)
    t.strictSame(bytes, placed(frame).slab.bytes, `type ${type}, code ${code}`)
  }
})

t.test('the types and codes are the assigned ones', async t => {
  t.strictSame(Object.values(IcmpType), [0, 3, 4, 5, 8, 11, 12])
  t.strictSame(Object.values(Unreachable), [0, 1, 2, 3, 4, 13])
})
