import t from 'tap'
import { mapMemory } from '../../src/linux/libc.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { TapDevice } from '../../src/io/tap-device.js'
import { PlainWrites } from '../../src/io/plain-writes.js'
import { Uring } from '../../src/linux/uring.js'
import { UringWrites } from '../../src/io/uring-writes.js'
import { openWriteQueue } from '../../src/io/open-write-queue.js'
import { MOST_WRITES, type WriteQueue } from '../../src/io/write-queue.js'
import { parseMac } from '../../src/wire/addr.js'
import { tcp4, virtioHeader } from '../support/frames.js'
import { ip, ownNetworkWithTap } from '../linux/own-network.js'

const skip = ownNetworkWithTap()
const ROOM = 2048

/** Frames by their sequence numbers. */
function these(...seqs: number[]): { seq: number; payload: number }[] {
  return seqs.map(seq => ({ seq, payload: seq % 100 }))
}
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, seq) => seq)
}

t.test('write queue', { skip }, async t => {
  const tap = new TapDevice('tap0', parseMac('02:00:00:00:0a:01')!)
  t.teardown(() => tap.close())
  const fd = tap.fds[0]!
  const listener = new RawDevice('tap0')
  t.teardown(() => listener.close())
  const slab = mapMemory(ROOM * 1100)
  /** Frames by their sequence numbers, each where it stays. */
  const push = (queue: WriteQueue, seq: number, header = virtioHeader()): boolean => {
    const frame = tcp4('10.0.0.1:1 > 10.0.0.2:2', { seq, payload: seq % 100 })
    const at = (seq % 1100) * ROOM + 10
    slab.bytes.set(header, at - 10)
    slab.bytes.set(frame, at)
    return queue.transmit(slab, at, frame.length)
  }
  const arrived = (): { seq: number; payload: number }[] => {
    const frames: { seq: number; payload: number }[] = []
    const frame = ({ view }: { view: DataView }, at: number, len: number): void =>
      void frames.push({ seq: view.getUint32(at + 38), payload: len - 54 })
    while (listener.receive({ frame }, 256) > 0) listener.release()
    return frames
  }

  const ring = Uring.open(MOST_WRITES)
  ring?.close()
  const kinds = [
    { title: 'a write a frame', make: (file: number): WriteQueue => new PlainWrites(file), skip: false },
    {
      title: 'by io_uring',
      make: (file: number): WriteQueue => new UringWrites(file, Uring.open(MOST_WRITES)!),
      skip: ring === undefined && 'no io_uring here',
    },
  ]
  await t.test('by io_uring where there is one', async t => {
    const queue = openWriteQueue(fd)
    t.equal(queue instanceof UringWrites, ring !== undefined)
    queue.close()
  })

  for (const { title, make, skip } of kinds)
    t.test(title, { skip }, async t => {
      await t.test('it writes on flush, once, whole and in order', async t => {
        const queue = make(fd)
        t.teardown(() => queue.close())
        for (let seq = 0; seq < 300; seq++) t.ok(push(queue, seq))
        t.strictSame(arrived(), [])
        queue.flush()
        t.strictSame(arrived(), these(...upTo(300)))
        queue.flush()
        t.strictSame(arrived(), [])
        t.equal(queue.dropped, 0)
      })

      await t.test('the 1025th writes the ones before it', async t => {
        const queue = make(fd)
        t.teardown(() => queue.close())
        for (let seq = 0; seq < 1024; seq++) push(queue, seq)
        t.strictSame(arrived(), [])
        push(queue, 1024)
        t.strictSame(arrived(), these(...upTo(1024)))
        queue.flush()
        t.strictSame(arrived(), these(1024))
      })

      await t.test('a frame that the kernel refuses is lost alone, and counted', async t => {
        const queue = make(fd)
        t.teardown(() => queue.close())
        const checksumPastTheFrame = virtioHeader({ needsCsum: true, csumStart: 60_000 })
        push(queue, 1)
        push(queue, 2, checksumPastTheFrame)
        push(queue, 3)
        push(queue, 4, checksumPastTheFrame)
        queue.flush()
        t.strictSame(arrived(), these(1, 3))
        t.equal(queue.dropped, 2)
      })

      await t.test('an interface that is down takes none, and takes them again when it is up', async t => {
        const queue = make(fd)
        t.teardown(() => queue.close())
        ip('link set tap0 down')
        for (let seq = 0; seq < 5; seq++) push(queue, seq)
        queue.flush()
        t.equal(queue.dropped, 5)
        ip('link set tap0 up')
        push(queue, 6)
        queue.flush()
        t.strictSame(arrived(), these(6))
        t.equal(queue.dropped, 5)
      })

      await t.test('batch after batch, of any length', async t => {
        const queue = make(fd)
        t.teardown(() => queue.close())
        for (let first = 0, batch = 1; first < 5000; first += batch, batch = (batch * 7) % 1019) {
          for (let seq = first; seq < first + batch; seq++) push(queue, seq)
          queue.flush()
          t.strictSame(arrived(), these(...upTo(batch).map(i => first + i)), `${batch} from ${first}`)
        }
        t.equal(queue.dropped, 0)
      })

      await t.test('a file that takes nothing loses all, and the flush ends', async t => {
        const queue = make(-1)
        t.teardown(() => queue.close())
        for (let seq = 0; seq < 5; seq++) push(queue, seq)
        queue.flush()
        t.equal(queue.dropped, 5)
      })
    })
})
