import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PcapngWriter, type FrameNote } from '../../src/capture/pcapng-writer.js'
import { readCapture } from '../support/capture-files.js'
import { tcp4 } from '../support/frames.js'
import { tempDir } from '../support/temp.js'

const frame = (payload: number): Uint8Array => tcp4('10.0.0.7:40000 > 10.0.1.100:80', { flags: 'PA', payload })
const text = (words: string) => ({ bytes: Buffer.from(words), len: Buffer.byteLength(words) })
const note = (more: Partial<FrameNote> = {}): FrameNote => ({
  interface: 0,
  seconds: 1_700_000_000,
  nanoseconds: 123_456_789,
  direction: 1,
  originalLen: 0,
  head: text(''),
  comment: text(''),
  ...more,
})

function written(t: Test, work: (writer: PcapngWriter) => void): string {
  const path = join(tempDir(t), 'out.pcapng')
  const fd = openSync(path, 'w')
  const writer = new PcapngWriter(fd, 'uvs test', ['eth0', 'längs'])
  work(writer)
  writer.flush()
  closeSync(fd)
  return path
}

t.test('what is written is read: interfaces, times, directions, lengths', async t => {
  const notes = [
    note(),
    note({ interface: 1, direction: 2, originalLen: 2000, comment: text('x') }),
    note({ seconds: 0, nanoseconds: 0, comment: text('four') }),
    note({ seconds: 2 ** 32 + 5, nanoseconds: 999_999_999, direction: 0 }),
  ]
  const path = written(t, writer => notes.forEach((each, i) => writer.frame(frame(i), 0, frame(i).length, each)))
  const { frames, names, error } = readCapture(path)
  t.equal(error, undefined)
  t.strictSame(names, ['eth0', 'längs'])
  t.match(
    frames,
    notes.map((each, i) => ({
      frame: frame(i),
      interface: each.interface,
      direction: each.direction,
      wire: Math.max(each.originalLen, frame(i).length),
      time: `${each.seconds}.${String(each.nanoseconds).padStart(9, '0')}`,
    })),
  )
})

t.test('a file longer than its memory, with frames of every length', async t => {
  const lens = [...Array.from({ length: 2000 }, (_, i) => 60 + (i % 1400)), 65_000, 70, 65_000]
  const octets = new Uint8Array(70_000).fill(0xa5)
  const path = written(t, writer => {
    for (const len of lens) writer.frame(octets, 3, len, note({ comment: text('c'.repeat(len % 77)) }))
    t.equal(writer.frames, lens.length)
  })
  const { frames, error } = readCapture(path)
  t.equal(error, undefined)
  t.strictSame(
    frames.map(each => each.frame.length),
    lens,
  )
})

t.test('a frame that is too long is a mistake of the caller', async t => {
  written(t, writer => {
    t.throws(() => writer.frame(new Uint8Array(2 ** 20), 0, 2 ** 20, note()), RangeError)
  })
})

const hasTshark = spawnSync('tshark', ['--version']).status === 0
t.test('tshark reads it and shows the comments', { skip: !hasTshark && 'tshark is not installed' }, async t => {
  const path = written(t, writer => {
    writer.frame(frame(1), 0, frame(1).length, note({ head: text('in 1: '), comment: text('balanced; nach Köln') }))
    writer.frame(frame(2), 0, frame(2).length, note({ interface: 1 }))
  })
  const fields = ['frame.time_epoch', 'frame.interface_name', 'frame.comment', 'frame.packet_flags'].flatMap(name => [
    '-e',
    name,
  ])
  const out = execFileSync('tshark', ['-r', path, '-T', 'fields', ...fields], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.strictSame(
    out
      .trimEnd()
      .split('\n')
      .map(line => line.split('\t')),
    [
      ['1700000000.123456789', 'eth0', 'in 1: balanced; nach Köln', '0x00000001'],
      ['1700000000.123456789', 'längs', '', '0x00000001'],
    ],
  )
})
