import t from 'tap'
import { HEADROOM, slabOver, VNET_LEN, type Slab } from '../../src/packet/frame.js'
import { TurnMemory, TURN_MEMORY_OCTETS } from '../../src/packet/turn-memory.js'

function make(): { memory: TurnMemory; allocated: number[] } {
  const allocated: number[] = []
  const allocate = (octets: number): Slab => {
    allocated.push(octets)
    return slabOver(new ArrayBuffer(octets))
  }
  return { memory: new TurnMemory(allocate), allocated }
}

t.test('no memory is taken before it is needed, and then once', async t => {
  const { memory, allocated } = make()
  memory.release()
  t.strictSame(allocated, [])
  t.equal(memory.slab.bytes.length, 0)
  memory.place(60)
  memory.release()
  memory.place(60)
  t.strictSame(allocated, [TURN_MEMORY_OCTETS])
  t.equal(memory.slab.bytes.length, TURN_MEMORY_OCTETS)
})

t.test('each place has its headroom and octets for itself, until the memory is full; released, all again', async t => {
  const lens = [14, 60, 1514, 54, 65_549, 1, 63, 64, 65, 118, 9014]
  const { memory } = make()
  for (const round of [1, 2]) {
    let end = 0
    let n = 0
    for (; ; n++) {
      const len = lens[n % lens.length]!
      const at = memory.place(len)
      if (at < 0) break
      if (at - HEADROOM - VNET_LEN < end) t.fail(`round ${round}, place ${n}: begins in the one before`)
      if (at % 2 !== 0) t.fail(`place ${n} at ${at}: the headers' words are not aligned`)
      end = at + len
    }
    t.ok(end <= TURN_MEMORY_OCTETS, 'the last is inside')
    t.ok(TURN_MEMORY_OCTETS - end < 65_549 + 200, `hardly anything is wasted: ${n} places`)
    t.equal(memory.place(65_549), -1, 'full stays full for what is as large')
    memory.release()
  }
})

t.test('the last place ends with the memory', async t => {
  const { memory } = make()
  const most = TURN_MEMORY_OCTETS - HEADROOM - VNET_LEN
  t.equal(memory.place(most + 1), -1)
  t.equal(memory.place(most), HEADROOM + VNET_LEN)
  t.equal(memory.place(1), -1)
})

t.test('a turn of the largest GSO frames fits', async t => {
  const { memory } = make()
  // 256 frames of 64 KiB would be 16 MiB; a turn's frames that are cut are never all that large.
  const segments = 45
  let frames = 0
  while (Array.from({ length: segments }, () => memory.place(1514 + 32)).every(at => at >= 0)) frames++
  t.ok(frames >= 128, `${frames} frames of ${segments} segments`)
})

t.test('where there is no memory to be had there is no place; it is asked for again', async t => {
  let refuse = true
  const memory = new TurnMemory(octets => {
    if (refuse) throw new Error('ENOMEM')
    return slabOver(new ArrayBuffer(octets))
  })
  t.equal(memory.place(60), -1)
  refuse = false
  t.equal(memory.place(60), HEADROOM + VNET_LEN)
})
