import t from 'tap'
import { insertToa, lowerMss, Toa } from '../../src/forward/toa.js'
import { Packet } from '../../src/packet/packet.js'
import { parseIpv4Header, parseTransport } from '../../src/packet/parse.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { concat, hex, partialHeader, placed, tcp4, unhex, virtioHeader, type TcpOptions } from '../support/frames.js'

const FLOW = '10.0.0.1:6000 > 10.0.0.2:80'
const CLIENT = parseIpv4('203.0.113.7')!
const TOA = unhex('fe089c40cb007107')
const TIMESTAMPS = unhex('0101080a0000000100000002')
/** MSS 1460, SACK permitted, timestamps, NOP, window scale 7: a Linux SYN. */
const SYN_OPTIONS = unhex('020405b40402080a000000010000000001030307')
const GSO_TCPV4 = 1

function parsed(frame: Uint8Array, header = virtioHeader()): Packet {
  const { slab, at, len } = placed(frame, header)
  const packet = new Packet().wrap(0, slab, at, len)
  if (parseIpv4Header(packet) || parseTransport(packet)) throw new Error('malformed')
  return packet
}
/** What lies there now, virtio-net header first. */
function lying({ slab, at, len }: Packet): string {
  return hex(slab.bytes.slice(at - 10, at + len))
}
function expected(options: TcpOptions, header = virtioHeader()): string {
  const frame = tcp4(FLOW, { ...options, tcpOptions: concat(TOA, options.tcpOptions ?? new Uint8Array(0)) })
  return hex(concat(header, frame))
}

const segments: [string, TcpOptions][] = [
  ['a SYN', { flags: 'S', tcpOptions: SYN_OPTIONS }],
  [
    'a SYN with a cookie and data',
    { flags: 'S', tcpOptions: concat(SYN_OPTIONS, unhex('220c0102030405060708090a')), payload: 33 },
  ],
  ['an ACK', { flags: 'A', seq: 0xffffffff, ack: 0xfffffffe, tcpOptions: TIMESTAMPS }],
  ['no options, odd data', { flags: 'PA', payload: 7 }],
  ['IP options', { flags: 'PA', payload: 8, ipOptions: unhex('01010101'), tcpOptions: TIMESTAMPS }],
  ['options that end early', { flags: 'A', tcpOptions: unhex('0000000000000000') }],
  ['as much as fits', { flags: 'A', payload: 1452 }],
]

for (const [what, options] of segments) {
  t.test(`${what}: the option comes first, checksums are right`, async t => {
    const packet = parsed(tcp4(FLOW, options))
    t.equal(insertToa(packet, CLIENT, 40_000, 1500), Toa.INSERTED)
    t.equal(lying(packet), expected(options))
    t.equal(packet.tcp.headerLen, 28 + (options.tcpOptions?.length ?? 0))
  })
  t.test(`${what}, partial checksum: the sum of the pseudo header follows`, async t => {
    const frame = tcp4(FLOW, { ...options, partial: true })
    const header = partialHeader(frame)
    const packet = parsed(frame, header)
    t.equal(insertToa(packet, CLIENT, 40_000, 1500), Toa.INSERTED)
    t.equal(lying(packet), expected({ ...options, partial: true }, header))
  })
}

t.test('a wrong checksum stays wrong by as much', async t => {
  const right = tcp4(FLOW, { flags: 'A', payload: 5 })
  const check = (right[50]! << 8) | right[51]!
  const packet = parsed(tcp4(FLOW, { flags: 'A', payload: 5, checksum: (check + 0x0101) & 0xffff }))
  insertToa(packet, CLIENT, 40_000, 1500)
  const off = parsed(tcp4(FLOW, { flags: 'A', payload: 5, tcpOptions: TOA }))
  t.equal(packet.tcp.checksum, (off.tcp.checksum + 0x0101) & 0xffff)
})

t.test('where there is no room nothing is changed', async t => {
  const full = concat(SYN_OPTIONS, unhex('221001020304050607080102030405'), unhex('01'))
  for (const [what, options, mtu, why] of [
    ['36 octets of options', { tcpOptions: full }, 1500, Toa.OPTIONS_FULL],
    ['a packet as long as the MTU', { flags: 'A', payload: 1453 }, 1500, Toa.TOO_BIG],
    ['a small MTU', { flags: 'A', payload: 500 }, 540, Toa.TOO_BIG],
  ] as [string, TcpOptions, number, Toa][]) {
    const packet = parsed(tcp4(FLOW, options))
    const before = lying(packet)
    t.equal(insertToa(packet, CLIENT, 40_000, mtu), why, what)
    t.equal(lying(packet), before, what)
  }
})

t.test('a GSO frame: its segments get no longer than the MTU', async t => {
  for (const [gsoSize, left] of [
    [1448, 1440],
    [1440, 1440],
    [1000, 1000],
  ] as const) {
    const options = { flags: 'A', payload: 20_000, tcpOptions: TIMESTAMPS, partial: true }
    const frame = tcp4(FLOW, options)
    const packet = parsed(frame, partialHeader(frame, { gsoType: GSO_TCPV4, gsoSize }))
    t.equal(insertToa(packet, CLIENT, 40_000, 1500), Toa.INSERTED)
    t.equal(lying(packet), expected(options, partialHeader(frame, { gsoType: GSO_TCPV4, gsoSize: left })), `${gsoSize}`)
  }
})

t.test('a GSO frame of 65 530 octets goes without it', async t => {
  const frame = tcp4(FLOW, { flags: 'A', payload: 65_490, partial: true })
  const packet = parsed(frame, partialHeader(frame, { gsoType: GSO_TCPV4, gsoSize: 1460 }))
  t.equal(insertToa(packet, CLIENT, 40_000, 1500), Toa.TOO_BIG)
})

t.test('the MSS that the client is told is 8 less, wherever the option begins', async t => {
  for (const [given, changed] of [
    ['020405b40402080a000000010000000001030307', '020405ac0402080a000000010000000001030307'],
    ['01020405b4010101', '01020405ac010101'],
    ['020400ff', '020400f7'],
    ['02040100', '020400f8'],
  ] as const)
    for (const partial of [false, true]) {
      const options = { flags: 'SA', ack: 5, partial }
      const packet = parsed(
        tcp4(FLOW, { ...options, tcpOptions: unhex(given) }),
        partial ? partialHeader(tcp4(FLOW)) : undefined,
      )
      lowerMss(packet)
      const header = partial ? partialHeader(tcp4(FLOW)) : virtioHeader()
      t.equal(lying(packet), hex(concat(header, tcp4(FLOW, { ...options, tcpOptions: unhex(changed) }))), given)
    }
})

t.test('an MSS that is not there, malformed, cut off or tiny is left alone', async t => {
  for (const options of [
    '',
    '01010101',
    '02050405b4000000',
    '00020405b4000000',
    '0303ff02',
    '02040047',
    '02000000',
    '01010102',
  ]) {
    const packet = parsed(tcp4(FLOW, { flags: 'SA', tcpOptions: unhex(options) }))
    const before = lying(packet)
    lowerMss(packet)
    t.equal(lying(packet), before, options)
  }
})
