import t from 'tap'
import { type HeldFrame, WAITING_ROOM_OCTETS, WaitingRoom } from '../../src/neigh/waiting-room.js'
import { slabOver } from '../../src/packet/frame.js'
import { LaterFates } from '../../src/packet/later-fates.js'
import { Packet } from '../../src/packet/packet.js'
import { concat, ethernet, placed, virtioHeader } from '../support/frames.js'

function room(): WaitingRoom {
  const slab = slabOver(new ArrayBuffer(WAITING_ROOM_OCTETS))
  slab.bytes.fill(0xa5)
  return new WaitingRoom(slab, new LaterFates())
}
function packet(payload: number, fill = 1): Packet {
  const { slab, at, len } = placed(
    ethernet(0x0800, new Uint8Array(payload).fill(fill)),
    virtioHeader({ needsCsum: true }),
  )
  return new Packet().wrap(3, slab, at, len)
}
const octets = (waiting: WaitingRoom, held: HeldFrame): Uint8Array =>
  waiting.slab.bytes.slice(held.at - 10, held.at + held.len)

t.test('a held frame is a copy, virtio-net header and all, and knows its link', async t => {
  const waiting = room()
  const queue: HeldFrame[] = []
  const frame = packet(100, 7)
  t.ok(waiting.hold(frame, queue))
  frame.slab.bytes.fill(0)
  const expected = concat(virtioHeader({ needsCsum: true }), ethernet(0x0800, new Uint8Array(100).fill(7)))
  t.strictSame(octets(waiting, queue[0]!), expected)
  t.equal(queue[0]!.link, 3)
})

t.test('there is headroom before every held frame, for an ICMP error about it', async t => {
  const waiting = room()
  const queues: HeldFrame[][] = Array.from({ length: 4 }, () => [])
  for (const queue of queues) for (let i = 0; i < 256; i++) waiting.hold(packet(2034, 1), queue)
  const places = queues
    .flat()
    .map(({ at, len }) => [at - 74, at + len] as const)
    .sort((x, y) => x[0] - y[0])
  t.equal(places.length, 1024)
  t.ok(places[0]![0] >= 0)
  t.ok(places.at(-1)![1] <= waiting.slab.bytes.length)
  t.notOk(
    places.some(([, end], i) => end > (places[i + 1]?.[0] ?? Infinity)),
    'none reaches into another',
  )
})

t.test('256 frames of one neighbour are held, 1024 in all', async t => {
  const waiting = room()
  const held = (queue: HeldFrame[], tries: number): number =>
    Array.from({ length: tries }, () => waiting.hold(packet(20), queue)).filter(Boolean).length
  const queues: HeldFrame[][] = Array.from({ length: 5 }, () => [])
  t.strictSame(
    queues.map(queue => held(queue, 260)),
    [...Array.from({ length: 4 }, () => 256), 0],
  )
})

t.test('a frame above 2048 octets does not wait', async t => {
  const waiting = room()
  const queue: HeldFrame[] = []
  t.ok(waiting.hold(packet(2048 - 14), queue))
  t.notOk(waiting.hold(packet(2048 - 13), queue))
  t.equal(queue.length, 1)
})

t.test('a released place is free again with the next turn, not before', async t => {
  const waiting = room()
  const full: HeldFrame[][] = Array.from({ length: 4 }, () => [])
  for (const queue of full) for (let i = 0; i < 256; i++) waiting.hold(packet(20), queue)
  const last = full[3]!.pop()!
  waiting.left(last)
  const before = octets(waiting, last)
  t.notOk(waiting.hold(packet(20, 9), full[3]!), 'it has not been flushed yet')
  t.strictSame(octets(waiting, last), before, 'and lies as it was')
  waiting.release()
  t.ok(waiting.hold(packet(20, 9), full[3]!))
  t.equal(full[3]!.at(-1)!.at, last.at)
})
