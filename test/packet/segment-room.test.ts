import t from 'tap'
import { HEADROOM, slabOver, VNET_LEN } from '../../src/packet/frame.js'
import { NO_ROOM, SegmentRoom } from '../../src/packet/segment-room.js'

/** Ethernet, IPv4 and TCP headers as long as they get, and the longest PROXY header. */
const ROOM = 14 + 60 + 60 + 107

t.test('1024 places a turn, none overlapping another', async t => {
  let allocated = 0
  const room = new SegmentRoom(octets => slabOver(new ArrayBuffer((allocated += octets))))
  t.equal(allocated, 0, 'nothing is asked for before the first')
  const places = Array.from({ length: 1024 }, () => room.place())
  const wrong = places.filter((at, index) => at < (places[index - 1] ?? -ROOM) + ROOM + HEADROOM + VNET_LEN)
  t.strictSame(wrong, [])
  t.ok(places.at(-1)! + ROOM <= allocated)
  t.equal(room.place(), NO_ROOM)
  room.recycle()
  room.slab.bytes.fill(0xa5)
  const at = room.place()
  t.equal(at, places[0], 'the next turn begins with the first')
  const expected = new Uint8Array(allocated).fill(0xa5).fill(0, at - VNET_LEN, at)
  t.ok(Buffer.compare(room.slab.bytes, expected) === 0, 'its virtio-net header is cleared')
})
