import t from 'tap'
import { Packet } from '../../src/packet/packet.js'
import { parseIpv4Header } from '../../src/packet/parse.js'
import { finishChecksum, sumWhenFinished } from '../../src/packet/partial-checksum.js'
import { Verdict } from '../../src/packet/verdict.js'
import { partialHeader, placed, tcp4, udp4, virtioHeader } from '../support/frames.js'
import { sum } from '../support/octets.js'

const FLOW = '10.99.1.10:40000 > 10.99.2.11:80'

function packetFor(
  frame: Uint8Array,
  header?: Uint8Array,
): { packet: Packet; octets(): Uint8Array; around(): number[] } {
  const { slab, at, len } = placed(frame, header)
  const packet = new Packet().wrap(0, slab, at, len)
  if (parseIpv4Header(packet) !== Verdict.PASS) throw new Error('no IPv4')
  return {
    packet,
    octets: () => slab.bytes.slice(at, at + len),
    around: () => [...new Set([...slab.bytes.slice(0, at - 10), ...slab.bytes.slice(at + len)])],
  }
}

t.test('a checksum that was left to the device is put in, of every length, and nothing else changes', async t => {
  for (const make of [tcp4, udp4])
    for (const payload of [0, 1, 2, 3, 17, 100, 1460]) {
      const frame = make(FLOW, { payload, partial: true })
      const { packet, octets, around } = packetFor(frame, partialHeader(frame))
      finishChecksum(packet)
      t.strictSame(octets(), make(FLOW, { payload }), `${make.name}, ${payload} octets`)
      t.notOk(packet.vnet.isPartial)
      t.strictSame(around(), [0xa5])
    }
})

t.test('padding behind the packet is not summed', async t => {
  const frame = udp4(FLOW, { payload: 3, partial: true })
  const padded = new Uint8Array(60).fill(0x77)
  padded.set(frame)
  const { packet, octets } = packetFor(padded, partialHeader(frame))
  finishChecksum(packet)
  t.strictSame(octets().slice(0, frame.length), udp4(FLOW, { payload: 3 }))
})

t.test('a computed zero is all ones', async t => {
  const zero = udp4(FLOW, { payload: Uint8Array.of(0, 0), partial: true })
  // What the payload must be for the checksum to come out as zero: what it lacks.
  const right = udp4(FLOW, { payload: Uint8Array.of(0, 0) })
  const frame = udp4(FLOW, { payload: right.slice(40, 42), partial: true })
  const { packet, octets } = packetFor(frame, partialHeader(zero))
  finishChecksum(packet)
  t.strictSame(octets().slice(40, 42), Uint8Array.of(0xff, 0xff))
})

t.test('where nothing is left to the device nothing is done, a wrong checksum stays', async t => {
  for (const header of [virtioHeader(), virtioHeader({ dataValid: true })]) {
    const frame = udp4(FLOW, { payload: 9, checksum: 0x1234 })
    const { packet, octets } = packetFor(frame, header)
    finishChecksum(packet)
    t.strictSame(octets(), frame)
    t.notOk(packet.vnet.isTrusted, 'nor is anything said of it')
  }
})

t.test('a field or start behind the packet is not written', async t => {
  const frame = udp4(FLOW, { payload: 9, partial: true })
  for (const [csumStart, csumOffset] of [
    [34, 16],
    [34, 0xffff],
    [51, 0],
    [52, 0],
    [0xffff, 0],
  ] as const) {
    const { packet, octets, around } = packetFor(frame, virtioHeader({ needsCsum: true, csumStart, csumOffset }))
    t.equal(frame.length, 51)
    finishChecksum(packet)
    t.strictSame(octets(), frame, `${csumStart} + ${csumOffset}`)
    t.strictSame(around(), [0xa5])
  }
})

t.test('the sum is what it will be when the device is done', async t => {
  for (const make of [tcp4, udp4])
    for (const payload of [0, 1, 3, 50, 1460])
      for (const partial of [false, true])
        for (const from of [0, 14, 34]) {
          const frame = make(FLOW, { payload, partial })
          const { packet } = packetFor(frame, partial ? partialHeader(frame) : virtioHeader())
          const expected = sum(make(FLOW, { payload }).slice(from))
          const given = sumWhenFinished(packet, packet.at + from)
          t.equal(given % 0xffff, expected % 0xffff, `${make.name}, ${payload} octets, from ${from}, ${partial}`)
        }
})
