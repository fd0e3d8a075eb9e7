import { execFileSync, spawnSync } from 'node:child_process'
import t from 'tap'
import { CaptureError } from '../../src/capture/capture-error.js'
import {
  block,
  captureFile,
  interfaceBlock,
  octets,
  option,
  packetBlock,
  pcap,
  readCapture,
  section,
  u16,
  u32,
  type Order,
} from '../support/capture-files.js'
import { tcp4 } from '../support/frames.js'
import { concat } from '../support/octets.js'
import * as fc from '../support/properties.js'

const FRAMES = [60, 61, 62, 63].map(len => tcp4('10.0.0.7:40000 > 10.0.1.100:80', { flags: 'S', payload: len }))
const ORDERS: Order[] = ['little', 'big']
const text = (word: string): Uint8Array => new TextEncoder().encode(word)
const at = (index: number): number => 1_700_000_000 + index
const simple = (): Uint8Array => pcap(FRAMES.map((frame, i) => ({ seconds: at(i), fraction: i, frame })))

/** Two interfaces and what does not concern us between them. */
function pcapng(order: Order): Uint8Array {
  return concat(
    section(order),
    interfaceBlock(
      order,
      1,
      option(order, 2, text('eth0')),
      option(order, 9, Uint8Array.of(9)),
      option(order, 0, text('')),
    ),
    interfaceBlock(order, 113),
    block(order, 5, u32(0), u32(0), u32(0)),
    packetBlock(order, 0, 1_700_000_000_123_456_789n, FRAMES[0]!, option(order, 2, octets(order, u32(1)))),
    packetBlock(order, 1, 1_700_000_000_123_457n, FRAMES[1]!),
    block(order, 0x0bad, text('whatever')),
    block(order, 2, u16(1), u16(0), u32(0x60a24), u32(7), u32(4), u32(9), Uint8Array.of(1, 2, 3, 4)),
    block(order, 3, u32(FRAMES[3]!.length), FRAMES[3]!),
  )
}

t.test('pcap of each byte order and resolution', async t => {
  for (const order of ORDERS)
    for (const nanoseconds of [false, true]) {
      const given = FRAMES.map((frame, i) => ({ seconds: at(i), fraction: 999_999 - i, frame, wire: frame.length + i }))
      const { frames, error } = readCapture(captureFile(t, pcap(given, { order, nanoseconds, linkType: 0x1400_0071 })))
      t.equal(error, undefined)
      t.strictSame(
        frames.map(({ frame, wire, time, linkType }) => ({ frame, wire, time, linkType })),
        given.map(({ frame, wire, seconds, fraction }) => ({
          frame,
          wire,
          time: `${seconds}.${String(fraction * (nanoseconds ? 1 : 1000)).padStart(9, '0')}`,
          linkType: 113,
        })),
        `${order} ${nanoseconds}`,
      )
    }
})

t.test(
  'pcapng of each byte order: interfaces, resolutions, directions, blocks of three kinds, others passed over',
  async t => {
    for (const order of ORDERS) {
      const { frames, names, error } = readCapture(captureFile(t, pcapng(order)))
      t.equal(error, undefined)
      t.strictSame(names, ['eth0', undefined])
      t.match(frames, [
        { frame: FRAMES[0], interface: 0, linkType: 1, direction: 1, time: '1700000000.123456789' },
        { frame: FRAMES[1], interface: 1, linkType: 113, direction: 0, time: '1700000000.123457000' },
        { frame: Uint8Array.of(1, 2, 3, 4), wire: 9, interface: 1, time: '1699999595.364359000' },
        { frame: FRAMES[3], interface: 0, direction: 0 },
      ])
    }
  },
)

t.test('sections of different byte orders, each with interfaces of its own', async t => {
  const { frames, names } = readCapture(captureFile(t, concat(pcapng('little'), pcapng('big'))))
  t.equal(frames.length, 8)
  t.strictSame(names, ['eth0', undefined, 'eth0', undefined])
  t.strictSame(
    frames.map(frame => frame.interface),
    [0, 1, 1, 0, 2, 3, 3, 2],
  )
})

t.test('resolutions of other powers, and an offset of the clock', async t => {
  const cases: [resolution: number, ticks: bigint, time: string][] = [
    [0, 1_700_000_000n, '1700000000.000000000'],
    [3, 1_700_000_000_007n, '1700000000.007000000'],
    [12, 1_700_000_000_000_000_001_000n % 2n ** 64n, '2872815.816000000'],
    [0x80 | 20, 1_700_000_000n << 20n, '1700000000.000000000'],
    [0x80 | 20, (1_700_000_000n << 20n) | (1n << 19n), '1700000000.500000000'],
  ]
  for (const [resolution, ticks, time] of cases) {
    const at = interfaceBlock('little', 1, option('little', 9, Uint8Array.of(resolution)))
    const { frames } = readCapture(
      captureFile(t, concat(section('little'), at, packetBlock('little', 0, ticks, FRAMES[0]!))),
    )
    if (resolution === 12) t.match(frames[0]?.time, /^\d+\.\d{9}$/)
    else t.equal(frames[0]?.time, time, String(resolution))
  }
  const later = interfaceBlock('big', 1, option('big', 14, octets('big', u32(0), u32(100))))
  const { frames } = readCapture(
    captureFile(t, concat(section('big'), later, packetBlock('big', 0, 5_000_000n, FRAMES[0]!))),
  )
  t.equal(frames[0]?.time, '105.000000000')
})

t.test('what is wrong is said with its place, and what was before is kept', async t => {
  const good = pcapng('little')
  const cases: [what: string, content: Uint8Array, frames: number, message: RegExp][] = [
    ['nothing', new Uint8Array(0), 0, /^at octet 0: no capture: the file has 0 octets$/],
    ['text', text('hello world'), 0, /^at octet 0: neither pcap nor pcapng: it begins with 68656c6c$/],
    ['a header', simple().slice(0, 20), 0, /^at octet 0: the file ends within pcap's header of 24 octets$/],
    ['a record', simple().slice(0, 30), 0, /^at octet 24: the file ends within a record's header: 6 of 16 octets$/],
    ['a frame', simple().slice(0, -3), 3, /^at octet \d+: the file ends within a frame: \d+ of \d+ octets$/],
    [
      'a long frame',
      concat(simple().slice(0, 32), Uint8Array.of(0, 0, 0, 1), new Uint8Array(9)),
      0,
      /^at octet 32: a captured length of 16777216/,
    ],
    [
      'an order',
      concat(good.slice(0, 8), new Uint8Array(20)),
      0,
      /^at octet 8: a section without the byte-order magic/,
    ],
    [
      'a length',
      concat(good, octets('little', u32(6), u32(7), u32(7))),
      4,
      /a block's length of 7 is not a multiple of 4 from 12 to/,
    ],
    [
      'lengths',
      concat(good, octets('little', u32(6), u32(12), u32(16))),
      4,
      /a block of 12 octets ends with a length of 16$/,
    ],
    ['a block', good.slice(0, -3), 3, /the file ends within a block: \d+ of \d+ octets$/],
    ['its header', concat(good, new Uint8Array(5)), 4, /the file ends within a block's header: 5 of 12 octets$/],
    [
      'a version',
      block('little', 0x0a0d0d0a, u32(0x1a2b3c4d), u16(2), u16(0), u32(0), u32(0)),
      0,
      /^at octet 12: pcapng of version 2/,
    ],
    [
      'an interface',
      concat(section('big'), packetBlock('big', 0, 0n, FRAMES[0]!)),
      0,
      /^at octet 36: a frame of interface 0, of which the section has 0$/,
    ],
    [
      'an option',
      concat(section('big'), interfaceBlock('big', 1, octets('big', u16(2), u16(99)))),
      0,
      /^at octet 44: an option of 99 octets reaches beyond its block$/,
    ],
    [
      'a captured length',
      concat(section('big'), interfaceBlock('big', 1), block('big', 6, u32(0), u32(0), u32(0), u32(5), u32(5), u32(0))),
      0,
      /a captured length of 5 octets in a block of 36$/,
    ],
    [
      'a short section',
      block('little', 0x0a0d0d0a, u32(0x1a2b3c4d)),
      0,
      /^at octet 0: a section's header of 16 octets/,
    ],
    ['a short interface', concat(section('big'), block('big', 1, u32(0))), 0, /an interface's block of 16 octets/],
    ['a short frame', concat(section('big'), block('big', 6, u32(0))), 0, /a frame's block of 16 octets/],
    ['a short simple frame', concat(section('big'), block('big', 3)), 0, /a frame's block of 12 octets/],
  ]
  for (const [what, content, frames, message] of cases) {
    const read = readCapture(captureFile(t, content))
    t.equal(read.frames.length, frames, what)
    t.match(read.error?.message, message, what)
  }
})

t.test('cut anywhere: whole frames, then one line of where it ends, or an end', async t => {
  for (const whole of [simple(), pcapng('little'), pcapng('big')]) {
    const { frames } = readCapture(captureFile(t, whole))
    for (let len = 0; len < whole.length; len++) {
      const cut = readCapture(captureFile(t, whole.slice(0, len)))
      t.strictSame(cut.frames, frames.slice(0, cut.frames.length))
      if (cut.error) t.ok(cut.error.offset <= len && !cut.error.message.includes('\n'), cut.error.message)
    }
  }
})

t.test('octets changed anywhere: it ends, with a CaptureError or without', async t => {
  const flip = fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) })
  fc.assert(
    fc.property(
      fc.constantFrom(simple(), pcapng('little'), pcapng('big')),
      fc.array(flip, { maxLength: 4 }),
      (whole, flips) => {
        const bad = Uint8Array.from(whole)
        for (const { at, by } of flips) bad[at % bad.length]! ^= by
        const { error } = readCapture(captureFile(t, bad))
        return error === undefined || error instanceof CaptureError
      },
    ),
    { numRuns: 2000 },
  )
})

const hasEditcap = spawnSync('editcap', ['--version']).status === 0
t.test('what editcap makes of it reads the same', { skip: !hasEditcap && 'editcap is not installed' }, async t => {
  const path = captureFile(t, simple(), 'a.pcap')
  const { frames } = readCapture(path)
  for (const format of ['pcapng', 'pcap', 'nsecpcap', 'modpcap'].slice(0, 3)) {
    const to = `${path}.${format}`
    execFileSync('editcap', ['-F', format, path, to], { stdio: 'ignore' })
    t.match(readCapture(to).frames, frames, format)
  }
})
