import t from 'tap'
import { bpf, Command, pointAt } from '../../src/ebpf/bpf.js'
import { closeFlowMaps, makeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { Globals } from '../../src/ebpf/flow-parts.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { SLOT_WORDS, SlotState } from '../../src/packet/flow-slot.js'
import type { FlowKey } from '../../src/packet/flow-table.js'
import type { Link } from '../../src/packet/link.js'

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel makes no maps'

/** One of many flows. */
const keyAt = (i: number): FlowKey => ({ src: i, dst: 7, ports: 14, protocol: 21 })
/** What a map has for a key, as words. */
function found(map: number, key: Int32Array | number, words: number): number[] | undefined {
  let page: DataView | undefined
  const failed = bpf(Command.MAP_LOOKUP_ELEM, (attributes, address) => {
    page = attributes
    attributes.setUint32(0, map, true)
    pointAt(
      attributes,
      address,
      8,
      new Uint8Array((typeof key === 'number' ? Int32Array.of(key) : key).slice().buffer),
      512,
    )
    attributes.setBigUint64(16, BigInt(address + 1024), true)
  })
  return failed < 0 ? undefined : Array.from({ length: words }, (_, i) => page!.getInt32(1024 + i * 4, true))
}
const link = (index: number, lo = 0x01020304): Link => ({
  index,
  name: `l${index}`,
  mac: { hi: 0xa0b0, lo },
  mtu: 1500,
  isBeside: false,
  claims: false,
})

t.test('slots are claimed and left', { skip }, async t => {
  const maps = makeFlowMaps({ capacity: 1000, hops: 4, seed: 17 })
  const table = new ProgramFlows(maps)
  const { first, count, most, director, firstHop, hopCount } = table
  t.strictSame([first, count, most, director, firstHop, hopCount], [8, 2000, 1000, 0, 0, 4])
  t.equal(table.slots.length, 2008 * SLOT_WORDS)

  const slot = table.claim(keyAt(3))
  const words = (): number[] => [...table.slots.subarray(slot * SLOT_WORDS, (slot + 1) * SLOT_WORDS)]
  t.ok(slot >= first && slot < first + count)
  t.strictSame(words(), [SlotState.CLAIMED, ...Array.from({ length: 15 }, () => 0)])
  table.slots.fill(9, slot * SLOT_WORDS, (slot + 1) * SLOT_WORDS)
  table.leave(slot)
  t.strictSame(words(), [SlotState.RESTING, ...Array.from({ length: 12 }, () => 9), 0, 0, 0], 'its key is cleared')
  t.strictSame([...found(maps.slots, slot >> 3, 8 * SLOT_WORDS)!].slice((slot & 7) * SLOT_WORDS).slice(0, 16), words())
  t.not(table.claim(keyAt(3)), slot, 'it rests')
  table.close()
  closeFlowMaps(maps)
})

t.test('each director has its part, and its epoch', { skip }, async t => {
  const maps = makeFlowMaps({ capacity: 100, hops: 4, parts: 3 })
  const tables = [0, 1, 2].map(part => new ProgramFlows(maps, part))
  t.strictSame(
    tables.map(({ first, count, most, director, firstHop, hopCount }) => [
      first,
      count,
      most,
      director,
      firstHop,
      hopCount,
    ]),
    [
      [8, 600, 100, 0, 0, 4],
      [8, 600, 100, 1, 4, 4],
      [8, 600, 100, 2, 8, 4],
    ],
  )
  tables.forEach((table, i) => table.setEpoch(160 + i))
  t.strictSame(found(maps.globals, 0, Globals.LEN / 4)!.slice(3, 7), [160, 161, 162, 0])
  t.equal(tables[1]!.lost, 0)

  const partsWithFlows = (): number => found(maps.globals, 0, Globals.LEN / 4)![Globals.PARTS_WITH_FLOWS / 4]!
  const [first, second] = tables as [ProgramFlows, ProgramFlows]
  const slots: number[] = []
  const steps = [
    () => slots.push(first.claim(keyAt(0))),
    () => slots.push(first.claim(keyAt(0))), // of the same key
    () => slots.push(second.claim(keyAt(2))),
    () => first.leave(slots[0]!),
    () => first.leave(slots[1]!),
    () => second.leave(slots[2]!),
    () => first.claim(keyAt(1)),
  ]
  t.equal(partsWithFlows(), 0)
  const seen = steps.map(step => (step(), partsWithFlows()))
  t.strictSame(seen, [1, 1, 2, 2, 1, 0, 1], 'so many have flows')

  for (const table of tables) table.close()
  closeFlowMaps(maps)
  t.throws(() => makeFlowMaps({ capacity: 1, hops: 1, parts: 17 }), { message: 'parts: 1 to 16, not 17' })
  t.throws(() => makeFlowMaps({ capacity: 1, hops: 0 }), { name: 'SystemError' })
  t.throws(() => new ProgramFlows(maps), { name: 'SystemError' }, 'closed maps')
})

t.test('where a bucket is full none is entered', { skip }, async t => {
  const maps = makeFlowMaps({ capacity: 1, hops: 4, buckets: 1 })
  const table = new ProgramFlows(maps)
  for (let i = 0; i < 8; i++) t.ok(table.claim(keyAt(i)) > 0)
  t.equal(table.claim(keyAt(8)), 0)
  const parts = (): number => found(maps.globals, 0, Globals.LEN / 4)![Globals.PARTS_WITH_FLOWS / 4]!
  for (let slot = 8; slot < 16; slot++) {
    t.equal(parts(), 1)
    table.leave(slot)
  }
  t.equal(parts(), 0, 'what was refused does not count')
  table.close()
  closeFlowMaps(maps)
})

t.test(
  'a hop is a MAC and the number of its link, one word; a link that has become another is another',
  { skip },
  async t => {
    const maps = makeFlowMaps({ capacity: 1, hops: 4 })
    const table = new ProgramFlows(maps)
    const hop = (): number[] => found(maps.hops, 2, 2)!
    const mac = { hi: 0x0211, lo: 0x22334455 }
    table.setHop(2, link(3), mac)
    t.strictSame([hop(), table.serves(link(3))], [[0, 0], false], 'its link is not served')
    table.setLink(3, 77)
    t.strictSame([table.serves(link(3)), table.serves(link(2))], [true, false])
    table.setHop(2, link(3), mac)
    t.strictSame(hop(), [0x33221102 | 0, 0x00015544])
    t.strictSame(found(maps.links, 1, 4), [0x0201b0a0, 0x0403, 77, 0])
    table.setLink(3, 77)
    t.strictSame(found(maps.links, 1, 4), [0x0201b0a0, 0x0403, 77, 0], 'the same')
    table.setHop(2, link(3, 0x05060708), mac)
    t.strictSame(found(maps.links, 1, 4), [0x0605b0a0, 0x0807, 77, 0], 'its own MAC has changed')
    table.setLink(3, 78)
    t.strictSame([found(maps.links, 1, 4)![2], found(maps.links, 2, 4)], [0, [0, 0, 78, 0]])
    table.setHop(2, link(3), mac)
    t.strictSame(hop(), [0x33221102 | 0, 0x00025544])
    table.setLink(3, undefined)
    t.strictSame([table.serves(link(3)), found(maps.links, 2, 4)![2]], [false, 0])
    table.clearHop(2)
    t.strictSame(hop(), [0, 0])
    for (let i = 0; i < 600; i++) table.setLink(4, 100 + i)
    t.equal(found(maps.links, 0, 4)![2], 0, 'link 0 stays nobody’s')
    for (let i = 0; i < 254; i++) table.setLink(10 + i, 1)
    t.throws(() => table.setLink(9, 1), { message: 'more than 255 links' })
    table.close()
    closeFlowMaps(maps)
  },
)
