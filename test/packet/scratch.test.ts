import t from 'tap'
import { HEADROOM, slabOver, VNET_LEN } from '../../src/packet/frame.js'
import { Scratch, SCRATCH_OCTETS } from '../../src/packet/scratch.js'

/** Of an ARP frame 42 octets; 54 are promised. */
const ROOM = 54

t.test('1024 places in turn, none overlapping another, all inside the slab', async t => {
  const slab = slabOver(new ArrayBuffer(SCRATCH_OCTETS))
  const scratch = new Scratch(slab)
  t.equal(scratch.slab, slab)
  const places = Array.from({ length: 1024 }, () => scratch.place())
  const wrong = places.filter((at, index) => at < (places[index - 1] ?? -HEADROOM) + ROOM + HEADROOM + VNET_LEN)
  t.strictSame(wrong, [], 'headroom, virtio-net header and 54 octets each')
  t.ok(places[0]! >= HEADROOM + VNET_LEN, 'the first has its headroom')
  t.ok(places.at(-1)! + ROOM <= SCRATCH_OCTETS, 'the last has its 54 octets')
  t.equal(scratch.place(), places[0], 'then the first again')
})

t.test('the virtio-net header is cleared, and nothing beside it, each time round', async t => {
  const slab = slabOver(new ArrayBuffer(SCRATCH_OCTETS))
  const scratch = new Scratch(slab)
  for (let i = 0; i < 1025; i++) {
    slab.bytes.fill(0xa5)
    const at = scratch.place()
    const expected = new Uint8Array(SCRATCH_OCTETS).fill(0xa5).fill(0, at - VNET_LEN, at)
    if (i < 3 || i > 1022) t.ok(Buffer.compare(slab.bytes, expected) === 0, `place ${i}`)
  }
})
