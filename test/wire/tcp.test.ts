import t from 'tap'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { TCP_CHECKSUM_AT, TCP_MIN_LEN, TcpFlag, TcpView } from '../../src/wire/tcp.js'
import { partialHeader, payloadOctets, placed, tcp4, virtioHeader, type TcpOptions } from '../support/frames.js'
import { addrOctets, readU16, readU32, unhex } from '../support/octets.js'

const LENGTHS = [0, 1, 3, 1460]
const SYN_OPTIONS = unhex('020405b4 0402 080a0000000100000000 01 030307')
/** Before and after, as the transport header sees it: the IPv4 header is another's to rewrite. */
const SOURCES: [string, string][] = [
  ['10.1.0.1:8080', '198.51.100.1:80'],
  ['10.1.0.1:80', '10.1.0.1:80'],
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
  return { bytes: slab.bytes, view: new TcpView().wrap(slab.view, at + 34), at }
}

/** The frame `after` with the IPv4 header of `before`: what a rewriter of the transport header alone must make. */
function transportOf(before: Uint8Array, after: Uint8Array): Uint8Array {
  return Uint8Array.from(after, (octet, at) => (at < 34 ? before[at]! : octet))
}

/** The urgent pointer that makes the checksum 0, the value that careless updates miss. */
function urgentForZero(flow: string, options: TcpOptions): number {
  return readU16(tcp4(flow, { ...options, urgent: 0 }), 34 + 16)
}

t.test('the fields are those of the frame', async t => {
  const flow = '203.0.113.7:40000 > 10.0.0.1:65535'
  const options = { flags: 'SAE', seq: 0xfedcba98, ack: 0x89abcdef, tcpOptions: SYN_OPTIONS, checksum: 0xabcd }
  const { view } = onFrame(tcp4(flow, options))
  t.equal(view.srcPort, 40000)
  t.equal(view.dstPort, 65535)
  t.equal(view.seq, 0xfedcba98)
  t.equal(view.ack, 0x89abcdef)
  t.equal(view.headerLen, 40)
  t.equal(view.flags, TcpFlag.SYN | TcpFlag.ACK | 0x40)
  t.equal(view.checksum, 0xabcd)
  t.equal(TCP_CHECKSUM_AT, 16)
})

t.test('each flag has its bit', async t => {
  const letters = { F: TcpFlag.FIN, S: TcpFlag.SYN, R: TcpFlag.RST, P: TcpFlag.PSH, A: TcpFlag.ACK }
  for (const [flags, bit] of Object.entries(letters)) {
    t.equal(onFrame(tcp4('1.2.3.4:5 > 6.7.8.9:10', { flags })).view.flags, bit, flags)
  }
})

t.test('the data offset must be 5 at least and inside what is there', async t => {
  for (let words = 0; words < 16; words++) {
    const frame = tcp4('1.2.3.4:5 > 6.7.8.9:10', { payload: 20 })
    frame[34 + 12] = (words << 4) | 0x0f
    const { view } = onFrame(frame)
    t.equal(view.headerLen, words * 4, `offset ${words}: octets`)
    t.equal(view.isValid(40), words >= 5 && words <= 10, `offset ${words} in 40 octets`)
    t.equal(view.isValid(39), words >= 5 && words <= 9, `offset ${words} in 39 octets`)
  }
})

t.test('too few octets are never read', async t => {
  const header = tcp4('1.2.3.4:5 > 6.7.8.9:10').slice(34)
  for (let len = 0; len <= TCP_MIN_LEN; len++) {
    const view = new TcpView().wrap(new DataView(header.buffer, 0, len), 0)
    t.equal(view.isValid(len), len === 20, `${len} octets`)
  }
})

t.test('a rewritten source gives the frame of the new address and port', async t => {
  for (const [from, to] of SOURCES) {
    for (const payload of LENGTHS) {
      for (const tcpOptions of [new Uint8Array(0), SYN_OPTIONS]) {
        const plain = { payload, tcpOptions, flags: 'SA' }
        for (const urgent of [0, urgentForZero(`${to} > ${PEER}`, plain), urgentForZero(`${from} > ${PEER}`, plain)]) {
          const options = { ...plain, urgent }
          const before = tcp4(`${from} > ${PEER}`, options)
          const { bytes, view } = onFrame(before)
          view.rewriteSrc(addr(from), addr(to), port(to))
          const after = transportOf(before, tcp4(`${to} > ${PEER}`, options))
          t.strictSame(bytes, placed(after).slab.bytes, `${from} to ${to}, ${payload} octets, urgent ${urgent}`)
        }
      }
    }
  }
})

t.test('a rewritten destination gives the frame of the new address and port', async t => {
  for (const [from, to] of SOURCES) {
    for (const payload of LENGTHS) {
      for (const tcpOptions of [new Uint8Array(0), SYN_OPTIONS]) {
        const plain = { payload, tcpOptions, flags: 'PA' }
        for (const urgent of [0, urgentForZero(`${PEER} > ${to}`, plain)]) {
          const options = { ...plain, urgent }
          const before = tcp4(`${PEER} > ${from}`, options)
          const { bytes, view } = onFrame(before)
          view.rewriteDst(addr(from), addr(to), port(to))
          const after = transportOf(before, tcp4(`${PEER} > ${to}`, options))
          t.strictSame(bytes, placed(after).slab.bytes, `${from} to ${to}, ${payload} octets, urgent ${urgent}`)
        }
      }
    }
  }
})

t.test('a partial checksum is mended for the address alone', async t => {
  for (const [from, to] of SOURCES) {
    for (const payload of LENGTHS) {
      const options = { payload, partial: true }
      const outbound = tcp4(`${from} > ${PEER}`, options)
      const source = onFrame(outbound, partialHeader(outbound))
      source.view.rewriteSrcPartial(addr(from), addr(to), port(to))
      const rewritten = transportOf(outbound, tcp4(`${to} > ${PEER}`, options))
      const header = partialHeader(outbound)
      t.strictSame(source.bytes, placed(rewritten, header).slab.bytes, `source ${from} to ${to}, ${payload} octets`)

      const inbound = tcp4(`${PEER} > ${from}`, options)
      const destination = onFrame(inbound, header)
      destination.view.rewriteDstPartial(addr(from), addr(to), port(to))
      const after = transportOf(inbound, tcp4(`${PEER} > ${to}`, options))
      t.strictSame(
        destination.bytes,
        placed(after, header).slab.bytes,
        `destination ${from} to ${to}, ${payload} octets`,
      )
    }
  }
})

t.test('a wrong checksum stays wrong by as much', async t => {
  for (const error of [1, 0x100, 0x8000, 0xfffd]) {
    const right = readU16(tcp4(`${PEER} > 10.0.0.1:80`, { payload: 3 }), 50)
    const { view } = onFrame(tcp4(`${PEER} > 10.0.0.1:80`, { payload: 3, checksum: (right + error) % 0xffff }))
    view.rewriteDst(addr('10.0.0.1'), addr('10.1.0.1'), 8080)
    const now = readU16(tcp4(`${PEER} > 10.1.0.1:8080`, { payload: 3 }), 50)
    t.equal(view.checksum % 0xffff, (now + error) % 0xffff, `wrong by ${error}`)
  }
})

t.test('the header it builds is the frame’s, over whatever was there', async t => {
  const cases: [string, string, string, number, number][] = [
    ['10.0.0.1:80', '203.0.113.7:40000', 'R', 1019, 0],
    ['255.255.255.255:65535', '128.0.0.1:1', 'RA', 0xffffffff, 0x80000000],
    ['0.0.0.1:0', '0.0.0.0:0', 'SA', 0, 0xffffffff],
  ]
  for (const [src, dst, flags, seq, ack] of cases) {
    const frame = tcp4(`${src} > ${dst}`, { flags, seq, ack, window: 0 })
    const { bytes, view } = onFrame(Uint8Array.from(frame, (octet, at) => (at < 34 ? octet : 0xa5)))
    const header = view.build(port(src), port(dst)).withNumbers(seq, ack)
    header.withFlags(flagBits(flags)).finish(addr(src), addr(dst))
    t.strictSame(bytes, placed(frame).slab.bytes, `${src} > ${dst} ${flags}`)
  }
})

function flagBits(letters: string): number {
  const bits: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, A: 16 }
  return [...letters].reduce((all, letter) => all | (bits[letter] ?? 0), 0)
}

t.test('the urgent pointer that makes the checksum 0 does so', async t => {
  const options = { payload: payloadOctets(3) }
  const flow = '1.2.3.4:5 > 6.7.8.9:10'
  t.equal(readU16(tcp4(flow, { ...options, urgent: urgentForZero(flow, options) }), 50), 0)
})
