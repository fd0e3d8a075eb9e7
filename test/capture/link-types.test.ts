import t from 'tap'
import { CapturedFrame, CapturedDirection } from '../../src/capture/captured-frame.js'
import { EthernetMaker, LinkType, Made } from '../../src/capture/link-types.js'
import { packetOf, tcp4 } from '../support/frames.js'
import { concat, hex, unhex } from '../support/octets.js'

const US = { hi: 0x0200, lo: 0x0101 }
const FRAME = tcp4('10.0.0.7:40000 > 10.0.1.100:80', { flags: 'S', eth: '02:00:00:00:01:10 > 02:00:00:00:01:01' })
const IP = packetOf(FRAME)
const AT = 74

/** What becomes of a frame, as hex octets, or why nothing does. */
function made(
  linkType: number,
  octets: Uint8Array,
): { result: number; frame: string; direction: number; wire: number } {
  const frame = new CapturedFrame()
  frame.bytes = Buffer.from(concat(Uint8Array.of(9, 9, 9), octets))
  frame.view = new DataView(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.length)
  frame.at = 3
  frame.len = octets.length
  frame.originalLen = octets.length + 5
  frame.linkType = linkType
  const into = new Uint8Array(2000)
  const maker = new EthernetMaker()
  const result = maker.make(frame, US, into, new DataView(into.buffer), AT)
  const wire = maker.originalLen - maker.len
  return { result, frame: hex(into.slice(AT, AT + maker.len)), direction: frame.direction, wire }
}
/** tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html, and _SLL2. */
const cooked = (type: string): Uint8Array => concat(unhex(`${type}0001000602000000011000000800`), IP)
const cooked2 = (type: string): Uint8Array => concat(unhex(`080000000000000200010${type}060200000001100000`), IP)

t.test('Ethernet stays as it is', async t => {
  t.match(made(LinkType.ETHERNET, FRAME), {
    result: Made.FRAME,
    frame: hex(FRAME),
    wire: 5,
    direction: CapturedDirection.UNKNOWN,
  })
})

t.test('Linux cooked, both versions: to us, to all, to a group, to others, and what the host sent', async t => {
  const cases = [
    ['0', '020000000101', CapturedDirection.UNKNOWN],
    ['1', 'ffffffffffff', CapturedDirection.UNKNOWN],
    ['2', '01005e000001', CapturedDirection.UNKNOWN],
    ['3', '0200ffffffff', CapturedDirection.UNKNOWN],
    ['4', '0200ffffffff', CapturedDirection.OUTBOUND],
  ] as const
  for (const [type, to, direction] of cases) {
    const frame = `${to}0200000001100800${hex(IP)}`
    t.match(made(LinkType.COOKED, cooked(`000${type}`)), { result: Made.FRAME, frame, direction, wire: 5 }, type)
    t.match(made(LinkType.COOKED_V2, cooked2(type)), { result: Made.FRAME, frame, direction, wire: 5 }, `${type} v2`)
  }
})

t.test('a cooked frame of a link without such addresses comes from somebody', async t => {
  const loopback = concat(unhex('00000304000000000000000000000800'), IP)
  t.equal(made(LinkType.COOKED, loopback).frame, `0200000001010200fffffffe0800${hex(IP)}`)
})

t.test('raw IP, of every name, and behind null’s four octets; IPv6 by its version', async t => {
  const frame = `0200000001010200fffffffe0800${hex(IP)}`
  for (const type of [LinkType.RAW, LinkType.RAW_BSD, LinkType.RAW_OPENBSD, LinkType.IPV4])
    t.match(made(type, IP), { result: Made.FRAME, frame, wire: 5 }, String(type))
  for (const type of [LinkType.NULL, LinkType.LOOP])
    t.match(made(type, concat(Uint8Array.of(2, 0, 0, 0), IP)), { result: Made.FRAME, frame, wire: 5 }, String(type))
  t.match(made(LinkType.IPV6, Uint8Array.of(0x60, 1, 2)).frame, /86dd600102$/)
})

t.test('what is too short for its link, and links that are not known', async t => {
  t.equal(made(LinkType.COOKED, new Uint8Array(15)).result, Made.TOO_SHORT)
  t.equal(made(LinkType.COOKED_V2, new Uint8Array(19)).result, Made.TOO_SHORT)
  t.equal(made(LinkType.RAW, new Uint8Array(0)).result, Made.TOO_SHORT)
  t.equal(made(LinkType.NULL, new Uint8Array(4)).result, Made.TOO_SHORT)
  t.equal(made(127, FRAME).result, Made.UNKNOWN_LINK)
})
