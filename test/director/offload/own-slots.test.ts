import t from 'tap'
import { OwnSlots } from '../../../src/director/offload/own-slots.js'
import { UsedSlots } from '../../../src/director/offload/used-slots.js'
import { EPOCH, SLOT_WORDS, SlotState } from '../../../src/packet/flow-slot.js'
import { SimulatedFlows } from '../../support/simulated-flows.js'
import { randomFrom } from '../../ebpf/random-frames.js'

const key = (src: number) => ({ src, dst: 1, ports: 2, protocol: 6 })

t.test('used slots are found in their order, whichever they are', async t => {
  for (const [first, count] of [
    [1, 1],
    [8, 32],
    [8, 33],
    [5, 500],
  ] as const) {
    const used = new UsedSlots(first, count)
    const known = new Set<number>()
    const random = randomFrom(count)
    const wrong: string[] = []
    for (let i = 0; i < 400; i++) {
      const slot = first + random(count)
      if (random(3) === 0) {
        used.delete(slot)
        known.delete(slot)
      } else {
        used.add(slot)
        known.add(slot)
      }
      const found: number[] = []
      for (let at = used.from(first); at < first + count; at = used.from(at + 1)) found.push(at)
      if (found.join() !== [...known].sort((a, b) => a - b).join()) wrong.push(`${i}: ${found}`)
    }
    t.strictSame(wrong, [], `${count} slots from ${first} on`)
    t.equal(used.from(first + count), first + count)
  }
})

t.test('slots are claimed up to the most flows, rest when they are left, and are given back', async t => {
  const table = new SimulatedFlows(4)
  const rested: number[] = []
  const own = new OwnSlots(Object.assign(table, { most: 3 }), slot => rested.push(slot))
  const stateOf = (slot: number): number => table.slots[slot * SLOT_WORDS + EPOCH]!
  const all = (): number[] => {
    const slots: number[] = []
    for (let slot = own.from(); slot < own.end; slot = own.from(slot + 1)) slots.push(slot)
    return slots
  }
  t.strictSame([own.from(), own.end, own.room], [5, 5, 3], 'none')
  t.strictSame(
    [1, 2, 3, 4].map(src => own.claim(key(src))),
    [1, 2, 3, 0],
  )
  t.strictSame([all(), own.room], [[1, 2, 3], 0])

  own.leave(2)
  t.strictSame([all(), own.room, own.isResting(2), own.isResting(1)], [[1, 2, 3], 1, true, false])
  t.equal(own.claim(key(5)), 4, 'another than that which rests')
  own.leave(4)
  t.equal(own.claim(key(6)), 0, 'all that are left rest')
  table.nowMs = 1000
  t.equal(own.claim(key(6)), 0)
  table.nowMs = 1100
  t.equal(own.claim(key(6)), 2, 'they have rested')
  t.strictSame([rested, all(), stateOf(4)], [[2, 4], [1, 2, 3], SlotState.FREE])
})

t.test('one director’s slots that rest leave the other its share', async t => {
  const table = new SimulatedFlows(40)
  const shared = (): SimulatedFlows =>
    Object.assign(Object.create(table) as SimulatedFlows, {
      most: 10,
      mostSlots: 20,
      claim: table.claim.bind(table),
      leave: table.leave.bind(table),
    })
  const [first, second] = [new OwnSlots(shared(), () => {}), new OwnSlots(shared(), () => {})]
  let claimed = 0
  for (let i = 0; i < 100; i++) {
    const slot = first.claim(key(i))
    if (slot === 0) continue
    claimed++
    first.leave(slot)
  }
  t.equal(claimed, 20)
  const slots = Array.from({ length: 12 }, (_, i) => second.claim(key(100 + i)))
  t.equal(slots.filter(slot => slot > 0).length, 10, 'as many as it may have')
})

t.test('what has rested is given back in shares', async t => {
  const table = new SimulatedFlows(3000)
  const own = new OwnSlots(table, () => {})
  const used = (): number => {
    let count = 0
    for (let slot = own.from(); slot < own.end; slot = own.from(slot + 1)) count++
    return count
  }
  for (let i = 0; i < 3000; i++) own.leave(own.claim(key(i)))
  own.settle()
  t.strictSame([used(), own.isBehind], [3000, false], 'none has rested')
  table.nowMs = 1100
  const seen = [1, 2, 3].map(() => {
    own.settle()
    return [used(), own.isBehind]
  })
  t.strictSame(seen, [
    [1976, true],
    [952, true],
    [0, false],
  ])
})
