import t from 'tap'
import { bpf, Command, pointAt } from '../../src/ebpf/bpf.js'
import { FlowIndex } from '../../src/ebpf/flow-index.js'
import { closeFlowMaps, makeFlowMaps, mapFlows } from '../../src/ebpf/flow-maps.js'
import { Globals } from '../../src/ebpf/flow-parts.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { FLOW_KEY_WORDS, SLOT_WORDS } from '../../src/packet/flow-slot.js'
import type { Link } from '../../src/packet/link.js'

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel makes no maps'

/** Keys whose first word counts on from `first`. */
function keys(first: number, count: number): Int32Array {
  return Int32Array.from(
    { length: count * FLOW_KEY_WORDS },
    (_, i) => (i % FLOW_KEY_WORDS) * 7 + (i % 4 ? 0 : first + i / 4),
  )
}
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

t.test('flows are entered and withdrawn', { skip }, async t => {
  const maps = makeFlowMaps({ capacity: 1000, hops: 4, seed: 17 })
  const table = new ProgramFlows(maps)
  t.strictSame([table.first, table.count, table.firstHop, table.hopCount], [1, 1000, 0, 4])
  t.equal(table.slots.length, 1001 * SLOT_WORDS)
  const { index } = mapFlows(maps)
  const at = (key: number): number => new FlowIndex(index, 17, 1, 1001).slotOf(keys(key, 1), 0)
  const all = keys(0, 1000)

  for (let i = 0; i < 1000; i++) t.ok(table.enter(all, i, 1 + i))
  t.strictSame([at(0), at(255), at(999), at(1000)], [1, 256, 1000, 0])
  t.ok(table.enter(all, 500, 700))
  t.equal(at(500), 700, 'what was there is replaced')
  table.withdraw(all, 500)
  table.withdraw(all, 500)
  t.strictSame([at(499), at(500), at(501)], [500, 0, 502])
  for (let i = 0; i < 1000; i++) table.withdraw(all, i)
  t.ok(
    index.every(word => word === 0),
    'nothing is left',
  )
  table.close()
  closeFlowMaps(maps)
})

t.test('each director has its part, and its epoch', { skip }, async t => {
  const maps = makeFlowMaps({ capacity: 100, hops: 4, parts: 3 })
  const tables = [0, 1, 2].map(part => new ProgramFlows(maps, part))
  t.strictSame(
    tables.map(({ first, count, firstHop, hopCount }) => [first, count, firstHop, hopCount]),
    [
      [1, 100, 0, 4],
      [128, 100, 4, 4],
      [256, 100, 8, 4],
    ],
  )
  tables.forEach((table, i) => table.setEpoch(10 + i))
  t.strictSame(found(maps.globals, 0, Globals.LEN / 4)!.slice(3, 7), [10, 11, 12, 0])
  t.equal(tables[1]!.lost, 0)

  const partsWithFlows = (): number => found(maps.globals, 0, Globals.LEN / 4)![Globals.PARTS_WITH_FLOWS / 4]!
  const [first, second] = tables as [ProgramFlows, ProgramFlows]
  const all = keys(0, 3)
  const steps = [
    () => first.withdraw(all, 0), // there is none
    () => first.enter(all, 0, 1),
    () => first.enter(all, 0, 2), // in its place
    () => first.enter(all, 1, 3),
    () => second.enter(all, 2, 128),
    () => first.withdraw(all, 0),
    () => first.withdraw(all, 0),
    () => first.withdraw(all, 1),
    () => second.withdraw(all, 2),
  ]
  const seen = steps.map(step => (step(), partsWithFlows()))
  t.strictSame(seen, [0, 1, 1, 1, 2, 2, 2, 1, 0], 'so many have flows')

  for (const table of tables) table.close()
  closeFlowMaps(maps)
  t.throws(() => makeFlowMaps({ capacity: 1, hops: 1, parts: 17 }), { message: 'parts: 1 to 16, not 17' })
  t.throws(() => makeFlowMaps({ capacity: 1, hops: 0 }), { name: 'SystemError' })
  t.throws(() => new ProgramFlows(maps), { name: 'SystemError' }, 'closed maps')
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
