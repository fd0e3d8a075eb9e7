import { execFileSync } from 'node:child_process'
import t from 'tap'
import { which } from '../../netns-lab/tools.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { check, close, mapMemory } from '../../src/linux/libc.js'
import { bindTo, packetSocket, setBuffers, setOption } from '../../src/linux/packet-socket.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { Poller } from '../../src/linux/poller.js'
import { SendQueue } from '../../src/io/send-queue.js'
import { GsoType } from '../../src/wire/virtio-net.js'
import { partialHeader, tcp4, virtioHeader } from '../support/frames.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'

const skip = ownNetwork()
const PACKET_VNET_HDR = 15
const ROOM = 2048

t.test('send queue', { skip }, async t => {
  veth('va', 'vb')
  t.teardown(() => ip('link del va'))
  const fd = packetSocket()
  t.teardown(() => check(close(fd), 'close'))
  setOption(fd, PACKET_VNET_HDR, 1)
  setBuffers(fd, 16 * 2 ** 20)
  bindTo(fd, interfaceInfo('va').index, 0, 'va')
  const listener = new RawDevice('vb')
  t.teardown(() => listener.close())
  const slab = mapMemory(ROOM * 1100)
  /** Frames by their sequence numbers, each where it stays; a length other than the frame's own is asked for. */
  const push = (queue: SendQueue, seq: number, payload = 0): boolean => {
    const frame = tcp4('10.0.0.1:1 > 10.0.0.2:2', { seq, payload })
    const at = (seq % 1100) * ROOM + 10
    slab.bytes.set(virtioHeader(), at - 10)
    slab.bytes.set(frame, at)
    return queue.transmit(slab, at, frame.length)
  }
  const poller = new Poller(listener.fds)
  /** What there is when `least` have come: a thread of the kernel may still be at it. */
  const arrived = (least = 0): number[] => {
    const seqs: number[] = []
    const sink = { frame: ({ view }: { view: DataView }, at: number) => void seqs.push(view.getUint32(at + 38)) }
    for (const end = performance.now() + 20_000; seqs.length < least && performance.now() < end;) {
      poller.wait(50)
      while (listener.receive(sink, 256) > 0) listener.release()
    }
    while (listener.receive(sink, 256) > 0) listener.release()
    return seqs
  }

  await t.test('it sends on flush, once, in order', async t => {
    const queue = new SendQueue(fd)
    for (let seq = 0; seq < 100; seq++) t.ok(push(queue, seq))
    t.strictSame(arrived(), [])
    queue.flush()
    t.strictSame(
      arrived(100),
      Array.from({ length: 100 }, (_, seq) => seq),
    )
    queue.flush()
    t.strictSame(arrived(), [])
    t.equal(queue.dropped, 0)
  })

  await t.test('the 1025th sends the ones before it', async t => {
    const queue = new SendQueue(fd)
    for (let seq = 0; seq < 1024; seq++) push(queue, seq)
    t.strictSame(arrived(), [])
    push(queue, 1024)
    t.strictSame(
      arrived(1024),
      Array.from({ length: 1024 }, (_, seq) => seq),
    )
    queue.flush()
    t.strictSame(arrived(1), [1024])
  })

  await t.test('a frame that the kernel refuses is lost alone, and counted', async t => {
    const queue = new SendQueue(fd)
    push(queue, 1)
    push(queue, 2, 1900)
    push(queue, 3)
    push(queue, 4, 1900)
    queue.flush()
    t.strictSame(arrived(2), [1, 3])
    t.equal(queue.dropped, 2)
  })

  await t.test(
    'a device that cuts no large frames has the kernel cut them',
    { skip: !which('ethtool') && 'there is no ethtool' },
    async t => {
      execFileSync('ethtool', ['-K', 'va', 'tso', 'off'])
      const large = tcp4('10.0.0.1:1 > 10.0.0.2:2', { seq: 0, payload: 14_000, flags: 'A', partial: true })
      const header = partialHeader(large, { gsoType: GsoType.TCPV4, gsoSize: 1400, hdrLen: 54 })
      const octets = mapMemory(16_384)
      octets.bytes.set(header, 0)
      octets.bytes.set(large, header.length)
      const queue = new SendQueue(fd, true)
      push(queue, 1)
      for (let i = 0; i < 2; i++) queue.transmit(octets, header.length, large.length)
      push(queue, 2)
      queue.flush()
      const pieces = Array.from({ length: 10 }, (_, i) => 1400 * i)
      t.strictSame(arrived(22), [1, ...pieces, ...pieces, 2])
      t.equal(queue.dropped, 0)
    },
  )

  await t.test('a socket that takes nothing loses all, and the flush ends', async t => {
    const queue = new SendQueue(-1)
    for (let seq = 0; seq < 5; seq++) push(queue, seq)
    queue.flush()
    t.equal(queue.dropped, 5)
  })
})
