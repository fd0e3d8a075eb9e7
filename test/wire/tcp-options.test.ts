import * as fc from '../support/properties.js'
import t from 'tap'
import { insertToa, stripToa, Toa } from '../../src/forward/toa.js'
import { Packet } from '../../src/packet/packet.js'
import { parseIpv4Header, parseTransport } from '../../src/packet/parse.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { isPure, packOptions, purgeOptions } from '../../src/wire/tcp-options.js'
import { decode, hex, packetOf, partialHeader, placed, tcp4, unhex, virtioHeader } from '../support/frames.js'

const FLOW = '10.0.0.1:6000 > 10.0.0.2:80'
const TOA = 254

/** Slow and obvious: the options of a list, NOPs left out, and where what is none begins. */
function parse(list: Uint8Array): { options: Uint8Array[]; end: number } {
  const options: Uint8Array[] = []
  let at = 0
  while (at < list.length && list[at] !== 0) {
    if (list[at] === 1) at++
    else {
      const len = list[at + 1] ?? 0
      if (len < 2 || at + len > list.length) break
      options.push(list.slice(at, at + len))
      at += len
    }
  }
  return { options, end: at }
}
function texts(options: Uint8Array[]): string[] {
  return options.map(hex)
}
function optionsOf(frame: Uint8Array): Uint8Array {
  const packet = packetOf(frame)
  const tcp = packet.slice((packet[0]! & 15) * 4)
  return tcp.slice(20, (tcp[12]! >>> 4) * 4)
}
function list(octets: Uint8Array): { view: DataView; bytes: Uint8Array } {
  const bytes = new Uint8Array(20 + octets.length + 4).fill(0xfe)
  bytes[12] = ((20 + octets.length) / 4) << 4
  bytes.set(octets, 20)
  return { view: new DataView(bytes.buffer), bytes }
}

const octet = fc.oneof(fc.constantFrom(0, 1, 2, 4, 8, 254, 255), fc.nat(255))
const option = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('01', '0101', '020405b4', '0402', '080a0000000100fe0802', '030307', '00') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('fe081234cb007109', 'fe02', 'fe04aaaa', 'fe0afefefefefefefefe', 'fe', 'fe00'),
  },
  { weight: 1, arbitrary: fc.array(octet, { maxLength: 6 }).map(octets => hex(Uint8Array.from(octets))) },
)
const drawn = fc.array(option, { maxLength: 14 }).map(options => {
  const octets = unhex(options.join('')).slice(0, 40)
  return Uint8Array.from({ length: Math.ceil(octets.length / 4) * 4 }, (_, at) => octets[at] ?? 0)
})

t.test('no option of the kind is left, the others are, in their places', async t => {
  let found = 0
  const holds = (given: Uint8Array): void => {
    const { view, bytes } = list(given)
    const wasPure = isPure(view, 0, TOA)
    purgeOptions(view, 0, TOA)
    const left = bytes.slice(20, 20 + given.length)
    const before = parse(given)
    const after = parse(left)
    const wanted = before.options.filter(each => each[0] !== TOA)
    if (wanted.length < before.options.length) found++
    if (texts(after.options).join() !== texts(wanted).join()) throw new Error(`${hex(given)} became ${hex(left)}`)
    if (left.slice(before.end).some(each => each !== 0)) throw new Error(`behind the end of ${hex(left)}`)
    if (!isPure(view, 0, TOA)) throw new Error('not pure')
    if (wasPure !== (hex(given) === hex(left))) throw new Error(`${hex(given)} was ${wasPure ? '' : 'not '}pure`)
    if (bytes.slice(20 + given.length).some(each => each !== 0xfe)) throw new Error('written behind the header')
  }
  fc.assert(fc.property(drawn, holds), { numRuns: 5000 })
  t.ok(found > 500, `${found} had some`)
})

t.test('packed, the others are behind the room, in order', async t => {
  fc.assert(
    fc.property(drawn, fc.constantFrom(0, 4, 8), (given, room) => {
      const { view, bytes } = list(given)
      purgeOptions(view, 0, TOA)
      const before = bytes.slice()
      const { options } = parse(bytes.slice(20, 20 + given.length))
      const used = options.reduce((sum, each) => sum + each.length, 0)
      const fits = packOptions(view, 0, room)
      if (fits !== used + room <= given.length) throw new Error(`${used} and ${room} in ${given.length}`)
      if (!fits) return hex(bytes) === hex(before)
      const left = bytes.slice(20 + room, 20 + given.length)
      const expected = texts(options)
        .join('')
        .padEnd(left.length * 2, '0')
      return hex(left) === expected && bytes.slice(20 + given.length).every(each => each === 0xfe)
    }),
    { numRuns: 3000 },
  )
  t.pass('for all that was drawn')
})

t.test(
  'a whole segment: one option of the kind at most, ours, the first; checksums right; the payload as it was',
  async t => {
    const ours = 'fe089c40cb007107'
    const property = fc.property(drawn, fc.constantFrom(0, 7, 1440, 1460), fc.boolean(), (given, payload, partial) => {
      const frame = tcp4(FLOW, { flags: 'A', tcpOptions: given, payload, partial })
      const { slab, at, len } = placed(frame, partial ? partialHeader(frame) : virtioHeader())
      const packet = new Packet().wrap(0, slab, at, len)
      if (parseIpv4Header(packet) || parseTransport(packet)) throw new Error('malformed')
      stripToa(packet)
      const inserted = insertToa(packet, (0xcb007107 | 0) as Ipv4Addr, 40_000, 1500) === Toa.INSERTED
      const out = slab.bytes.slice(packet.at, packet.at + packet.len)
      const wanted = texts(parse(given).options.filter(each => each[0] !== TOA))
      const left = texts(parse(optionsOf(out)).options)
      if (inserted) wanted.unshift(ours)
      if (left.join() !== wanted.join()) throw new Error(`${hex(given)}: ${left.join(' ')}`)
      const fields = decode(out)
      if (fields['tcp.checksumIs'] !== (partial ? 'partial' : 'right'))
        throw new Error(String(fields['tcp.checksumIs']))
      if (fields['ip.checksumIs'] !== 'right') throw new Error('IP checksum')
      if (hex(out).slice(-2 * payload || undefined) !== (payload ? hex(frame).slice(-2 * payload) : hex(out)))
        throw new Error('payload')
      const pieces = frame.length - len
      if (pieces !== 0) throw new Error('length')
    })
    fc.assert(property, { numRuns: 3000 })
    t.pass('for all that was drawn')
  },
)

t.test('a header that is not whole is left alone', async t => {
  for (const offset of [0x00, 0x40, 0xf0]) {
    const frame = tcp4(FLOW, { flags: 'A', tcpOptions: unhex('fe081234cb007109') })
    frame[46] = offset
    const { slab, at, len } = placed(frame)
    const packet = new Packet().wrap(0, slab, at, len)
    if (parseIpv4Header(packet) || parseTransport(packet)) throw new Error('malformed')
    stripToa(packet)
    t.equal(hex(slab.bytes.slice(at, at + len)), hex(frame))
  }
})
