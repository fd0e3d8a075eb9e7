import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CaptureDevice } from '../../native-free/capture-device.js'
import { ethernetFrame, FrameEnd } from '../../native-free/frame-end.js'
import { MemoryDevice } from '../../native-free/memory-device.js'
import { RecordingDevice } from '../../native-free/recording-device.js'
import { typedPacket } from '../../native-free/replay/typed-packet.js'
import { CapturedFrame, CapturedDirection } from '../../src/capture/captured-frame.js'
import { CaptureReader } from '../../src/capture/capture-reader.js'
import { HEADROOM, slabOver, VNET_LEN, type Slab } from '../../src/packet/frame.js'
import { hex, tcp4 } from '../support/frames.js'
import { pcapOf } from '../support/pcap.js'

const US = { hi: 0x0200, lo: 1 }
const THEM = { hi: 0x0200, lo: 2 }
const frame = (port: number, from = THEM): Uint8Array =>
  ethernetFrame(typedPacket(`udp 10.0.0.7:${port} > 10.0.0.1:53 len 4`), from === THEM ? US : THEM, from)

/** What a device hands over. */
function taken(device: CaptureDevice, budget = 256): string[] {
  const frames: string[] = []
  const take = ({ bytes }: Slab, at: number, len: number): void => {
    frames.push(hex(bytes.slice(at, at + len)))
    if (bytes.subarray(at - VNET_LEN, at).some(octet => octet !== 0)) throw new Error('a virtio-net header')
  }
  device.receive({ frame: take }, budget)
  device.release()
  return frames
}

interface Read {
  direction: CapturedDirection
  ms: number
  octets: string
}
function read(path: string): Read[] {
  const fd = openSync(path, 'r')
  const reader = new CaptureReader(fd)
  const it = new CapturedFrame()
  const found: Read[] = []
  while (reader.next(it)) {
    const octets = it.bytes.subarray(it.at, it.at + it.len)
    found.push({ direction: it.direction, ms: it.seconds * 1000 + it.nanoseconds / 1e6, octets: hex(octets) })
  }
  closeSync(fd)
  return found
}

t.test('frames of a capture come in at its pace; its own do not', async t => {
  const folder = t.testdir({ 'no.pcap': 'nothing of it' })
  const path = join(folder, 'in.pcap')
  const own = frame(9, US)
  const whole = [1, 2, 3].map(port => frame(port))
  writeFileSync(path, pcapOf([whole[0]!, own, whole[1]!, whole[2]!])) // 1001 ms apart
  let now = 5000
  const device = new CaptureDevice({ name: 'c', mac: US, in: path, now: () => now })
  t.strictSame(taken(device), [hex(whole[0]!)])
  now += 2001
  t.strictSame(taken(device), [])
  t.notOk(device.isOver)
  now += 1
  t.strictSame(taken(device), [hex(whole[1]!)])
  now += 60_000
  t.strictSame(taken(device, 0), [], 'no more than the budget')
  t.strictSame(taken(device), [hex(whole[2]!)])
  t.strictSame(taken(device), [])
  t.ok(device.isOver)
  t.equal(device.dropped, 0)
  device.close()
  t.throws(() => new CaptureDevice({ name: 'c', mac: US, in: join(folder, 'no.pcap'), now: () => 0 }), /neither pcap/)
  t.throws(() => new CaptureDevice({ name: 'c', mac: US, in: join(folder, 'none'), now: () => 0 }), { code: 'ENOENT' })
})

t.test('what is sent is written, with its checksum complete and its time', async t => {
  const out = join(t.testdir(), 'out.pcapng')
  const device = new CaptureDevice({ name: 'c', mac: US, out, now: () => 1500.25 })
  t.ok(device.isOver, 'nothing comes in')
  const at = HEADROOM + VNET_LEN
  const octets = tcp4('10.0.0.7:1 > 10.0.0.1:80', { flags: 'S', payload: 5 })
  const slab = slabOver(new ArrayBuffer(2048))
  slab.bytes.set(octets, at)
  // As a host leaves it to its device: the pseudo header's sum, and where it is to be completed.
  const pseudo = pseudoSum(octets)
  slab.view.setUint16(at + 14 + 20 + 16, pseudo)
  slab.bytes[at - VNET_LEN] = 1
  slab.view.setUint16(at - VNET_LEN + 6, 34, true)
  slab.view.setUint16(at - VNET_LEN + 8, 16, true)
  t.ok(device.transmit(slab, at, octets.length))
  device.flush()
  t.equal(slab.view.getUint16(at + 50), pseudo, 'the sender’s own is left alone')
  device.close()
  t.strictSame(read(out), [{ direction: CapturedDirection.OUTBOUND, ms: 1500.25, octets: hex(octets) }])
})

t.test('a device that is recorded does what it did, and both ways are written', async t => {
  const out = join(t.testdir(), 'out.pcapng')
  const [one, other] = ['one', 'other'].map((name, i) => new MemoryDevice({ name, mac: i ? THEM : US })) as [
    MemoryDevice,
    MemoryDevice,
  ]
  MemoryDevice.link(one, other)
  let now = 1
  const recorded = new FrameEnd(new RecordingDevice(one, { out, now: () => now }))
  const far = new FrameEnd(other)
  t.equal(recorded.device.name, 'one')
  t.equal(recorded.device.mac, US)
  t.equal(recorded.device.mtu, 1500)
  far.send(frame(1))
  t.strictSame(recorded.take().map(hex), [hex(frame(1))])
  now = 2
  recorded.send(frame(2, US))
  t.strictSame(far.take().map(hex), [hex(frame(2, US))])
  recorded.device.close()
  t.strictSame(read(out), [
    { direction: CapturedDirection.INBOUND, ms: 1, octets: hex(frame(1)) },
    { direction: CapturedDirection.OUTBOUND, ms: 2, octets: hex(frame(2, US)) },
  ])
  t.throws(() => recorded.send(new Uint8Array(13)), /a frame of 13 octets/)
  t.equal(readFileSync(out).readUInt32LE(0), 0x0a0d0d0a)
})

/** The sum of TCP's pseudo header, not complemented. */
function pseudoSum(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset)
  let sum = 6 + view.getUint16(16) - 20
  for (let at = 26; at < 34; at += 2) sum += view.getUint16(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}
