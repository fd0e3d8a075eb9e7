import t from 'tap'
import { FrameRoom } from '../../src/io/frame-room.js'
import { InjectQueue } from '../../src/io/inject-queue.js'
import { npmPcap, type PcapSession } from '../../src/io/npm-pcap.js'
import { completeChecksum, cutSegments } from '../../src/io/put-off-work.js'
import { MOST_WRITES } from '../../src/io/write-queue.js'
import { HEADROOM, slabOver } from '../../src/packet/frame.js'
import { arp, concat, hex, partialHeader, placed, tcp4, udp4, virtioHeader } from '../support/frames.js'

/** Puts the frame at an even place of memory that is full of something else. */
function completed(frame: Uint8Array): string {
  const bytes = new Uint8Array(frame.length + 40).fill(0xa5)
  bytes.set(frame, 20)
  completeChecksum(new DataView(bytes.buffer), 20, frame.length)
  t.ok(
    bytes.subarray(0, 20).every(octet => octet === 0xa5) &&
      bytes.subarray(20 + frame.length).every(octet => octet === 0xa5),
  )
  return hex(bytes.subarray(20, 20 + frame.length))
}
/** As a host leaves it to its device: the field holds the pseudo header's sum. */
function putOff(frame: Uint8Array, field: number): Uint8Array {
  const view = new DataView(frame.slice().buffer)
  let sum = view.getUint8(23) + view.getUint16(16) - 20
  for (let at = 26; at < 34; at += 2) sum += view.getUint16(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  view.setUint16(field, sum)
  return new Uint8Array(view.buffer)
}

t.test('a checksum that was left to the device is completed, at every length; any other stays', async t => {
  for (let payload = 0; payload < 40; payload++) {
    const tcp = tcp4('10.0.0.7:40000 > 10.0.1.100:80', { flags: 'PA', payload })
    t.equal(completed(putOff(tcp, 50)), hex(tcp), `TCP, ${payload}`)
    t.equal(completed(tcp), hex(tcp), 'complete')
    const udp = udp4('10.0.0.7:40000 > 10.0.1.100:53', { payload })
    t.equal(completed(putOff(udp, 40)), hex(udp), `UDP, ${payload}`)
    const wrong = tcp.slice()
    wrong[51]! ^= 1
    t.equal(completed(wrong), hex(wrong), 'a wrong one is the receiver’s to refuse')
  }
  const none = udp4('10.0.0.7:40000 > 10.0.1.100:53', { payload: 5 })
  none.fill(0, 40, 42)
  t.equal(completed(none), hex(none), 'UDP without one')
  const padded = concat(putOff(tcp4('10.0.0.7:1 > 10.0.1.100:80', { flags: 'A' }), 50), new Uint8Array(6))
  t.equal(completed(padded), hex(concat(tcp4('10.0.0.7:1 > 10.0.1.100:80', { flags: 'A' }), new Uint8Array(6))))
  for (const other of [
    arp({ operation: 'request', senderMac: '02:00:00:00:00:01', senderAddr: '10.0.0.1', targetAddr: '10.0.0.2' }),
    new Uint8Array(14),
    new Uint8Array(3),
    none.subarray(0, 36),
  ])
    t.equal(completed(other), hex(other))
})

const ROOM = 1 << 16
function cut(frame: Uint8Array, mtu: number, most = 64, octets = ROOM): string[] | undefined {
  const room = new FrameRoom(slabOver(new ArrayBuffer(octets)), most)
  room.slab.bytes.fill(0xa5)
  const from = Buffer.from(frame)
  if (!cutSegments(from, new DataView(from.buffer, from.byteOffset, from.length), frame.length, mtu, room))
    return undefined
  return Array.from({ length: room.count }, (_, i) => {
    const at = room.at[i]!
    t.ok(at >= HEADROOM + 10 && room.slab.bytes.subarray(at - 10, at).every(octet => octet === 0))
    return hex(room.slab.bytes.slice(at, at + room.lens[i]!))
  })
}

t.test('segments of TCP in one frame are cut as their sender’s device would', async t => {
  const payload = Uint8Array.from({ length: 250 }, (_, i) => i)
  const of = (from: number, to: number, flags: string, id: number): string =>
    hex(
      tcp4('10.0.0.7:40000 > 10.0.1.100:80', {
        flags,
        seq: 1000 + from,
        ack: 7,
        id,
        payload: payload.subarray(from, to),
      }),
    )
  const whole = tcp4('10.0.0.7:40000 > 10.0.1.100:80', { flags: 'FPA', seq: 1000, ack: 7, id: 0xffff, payload })
  const wanted = [of(0, 100, 'A', 0xffff), of(100, 200, 'A', 0), of(200, 250, 'FPA', 1)]
  t.strictSame(cut(whole, 140), wanted)
  t.strictSame(cut(putOff(whole, 50), 140), wanted, 'its own checksum does not matter')
  t.equal(cut(whole, 140, 2), undefined, 'no room for as many')
  t.equal(cut(whole, 140, 64, 400), undefined, 'nor for as much')
  t.equal(cut(whole, 40), undefined, 'nothing fits')
  t.equal(cut(udp4('10.0.0.7:1 > 10.0.1.100:53', { payload: 300 }), 140), undefined, 'UDP')
  t.equal(cut(whole.subarray(0, 100), 140), undefined, 'cut short')
})

const REFUSED = 77

t.test('frames are injected as on a wire, in order', async t => {
  const sent: string[] = []
  const session = {
    inject: (frame: Buffer) => {
      if (frame.length === REFUSED) throw new Error('Pcap inject failed.')
      sent.push(hex(frame))
    },
  } as unknown as PcapSession
  const queue = new InjectQueue(session)
  const frame = tcp4('10.0.0.7:1 > 10.0.1.100:80', { flags: 'PA', payload: 9 })
  const push = (octets: Uint8Array, header = virtioHeader()): void => {
    const { slab, at, len } = placed(octets, header)
    t.ok(queue.transmit(slab, at, len))
  }
  push(frame)
  push(putOff(frame, 50), partialHeader(frame))
  push(frame, virtioHeader({ gsoType: 1, gsoSize: 5 }))
  push(concat(frame, new Uint8Array(REFUSED - frame.length)))
  t.strictSame(sent, [])
  push(frame)
  queue.flush()
  t.strictSame(sent, [frame, frame, frame].map(hex))
  t.equal(queue.dropped, 2, 'segments in one are not for libpcap, and what it refuses is lost alone')
  const { length } = sent
  for (let i = 0; i <= MOST_WRITES; i++) push(frame)
  t.equal(sent.length, length + MOST_WRITES, 'a full queue is sent at once')
  queue.close()
})

const failing = (error: object) => () => {
  throw Object.assign(new Error('first line\nsecond line'), error)
}

t.test('without npm’s pcap it says what to install', async t => {
  t.throws(() => npmPcap(failing({ code: 'MODULE_NOT_FOUND' })), {
    name: 'UnusableError',
    message:
      "--libpcap: npm's pcap is not installed, or was not compiled: apt-get install libpcap-dev g++ make python3; npm install --no-save pcap@3.1.0 (docs/director.md)",
  })
  t.throws(
    () => npmPcap(failing({ code: 'ERR_DLOPEN_FAILED' })),
    /^--libpcap: npm's pcap cannot be loaded: first line: apt-get/,
  )
  const binding = {}
  t.equal(
    npmPcap(() => binding),
    binding,
  )
})
