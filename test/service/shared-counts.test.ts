import t from 'tap'
import { Counters } from '../../src/service/counters.js'
import { DestinationTable } from '../../src/service/destination.js'
import type { ServiceIdentity } from '../../src/service/service-identity.js'
import { Count, SharedCounts } from '../../src/service/shared-counts.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const VIP = (0xc6336401 | 0) as Ipv4Addr
const SERVICE: ServiceIdentity = { protocol: 6, addr: VIP, port: 80, mark: 0 }
const RS = 0x0a010001 as Ipv4Addr

/** Two tables that count together, and each one's handle of the same real server. */
function pair() {
  const counts = new SharedCounts()
  const tables = [counts, new SharedCounts(counts.buffer)].map(shared => new DestinationTable(new Counters(), shared))
  const [a, b] = tables as [DestinationTable, DestinationTable]
  return { counts, a, b }
}

t.test('a real server has one slot, whoever asks; another has another', async t => {
  const counts = new SharedCounts()
  const at = counts.hold(SERVICE, RS, 8080)
  t.equal(new SharedCounts(counts.buffer).hold(SERVICE, RS, 8080), at)
  const others: [string, ServiceIdentity, Ipv4Addr, number][] = [
    ['protocol', { ...SERVICE, protocol: 17 }, RS, 8080],
    ['virtual address', { ...SERVICE, addr: (VIP + 1) as Ipv4Addr }, RS, 8080],
    ['virtual port', { ...SERVICE, port: 81 }, RS, 8080],
    ['mark', { ...SERVICE, mark: 2 ** 32 - 1 }, RS, 8080],
    ['address', SERVICE, -RS as Ipv4Addr, 8080],
    ['port', SERVICE, RS, 8081],
  ]
  const slots = others.map(([, service, addr, port]) => counts.hold(service, addr, port))
  t.equal(new Set([at, ...slots]).size, 1 + others.length)
  for (const [i, [what, service, addr, port]] of others.entries())
    t.equal(counts.hold(service, addr, port), slots[i], `another ${what} is found again`)
  t.equal(
    counts.hold({ protocol: 17, addr: RS, port: 9, mark: 2 ** 32 - 1 }, RS, 8080),
    slots[3],
    'a mark has no address',
  )
  t.equal(counts.held, 1 + others.length)
})

t.test('a slot is free when the last one has let go, and begins at zero for the next', async t => {
  const counts = new SharedCounts()
  const at = counts.hold(SERVICE, RS, 1)
  counts.hold(SERVICE, RS, 1)
  counts.words[at + Count.TOTAL] = 7
  counts.letGo(at)
  t.equal(counts.hold(SERVICE, RS, 1), at, 'still there')
  t.equal(counts.words[at + Count.TOTAL], 7)
  counts.letGo(at)
  counts.letGo(at)
  t.equal(counts.held, 0)
  t.equal(counts.hold(SERVICE, RS, 2), at, 'used again, for another')
  t.strictSame([...counts.words.subarray(at, at + 4)], [0, 0, 0, 0])
  t.not(counts.hold(SERVICE, RS, 1), at)
})

t.test('many come and go in no order, and each is found', async t => {
  const counts = new SharedCounts()
  const slots = new Map<number, number>()
  for (let step = 0; step < 30_000; step++) {
    const port = (step * 7919) % 4099
    const at = slots.get(port)
    if (at === undefined) slots.set(port, counts.hold(SERVICE, RS, port))
    else {
      counts.letGo(at)
      slots.delete(port)
    }
  }
  t.equal(counts.held, slots.size)
  t.equal(new Set(slots.values()).size, slots.size)
  let wrong = 0
  for (const [port, at] of slots) if (counts.hold(SERVICE, RS, port) !== at) wrong++
  t.equal(wrong, 0)
})

t.test('two tables count together; weights and the rest are their own', async t => {
  const { counts, a, b } = pair()
  b.create(SERVICE, RS, 1) // so that rows differ
  const [one, other] = [a.create(SERVICE, RS, 8080), b.create(SERVICE, RS, 8080)]
  one.configure(5, 3, 2)
  other.configure(7, 3, 2)
  one.bind()
  other.bind()
  other.countActive(1)
  one.countTemplate(1)
  for (const dest of [one, other]) {
    const { totalConns, activeConns, inactConns, persistConns, referenced } = dest
    t.strictSame(
      { totalConns, activeConns, inactConns, persistConns, referenced },
      { totalConns: 2, activeConns: 1, inactConns: 1, persistConns: 1, referenced: true },
    )
  }
  t.strictSame([one.weight, other.weight], [5, 7])
  one.bind()
  t.strictSame([one.overloaded, other.overloaded], [true, true], 'the upper threshold is of both together')
  other.unbind()
  t.strictSame([one.overloaded, other.overloaded], [true, true], 'not below the lower one')
  other.unbind()
  t.strictSame([one.overloaded, other.overloaded], [false, false])
  one.unbind()
  one.countTemplate(-1)
  other.countActive(-1)
  t.strictSame([one.referenced, other.referenced], [false, false])
  a.release(one)
  t.equal(counts.held, 2)
  b.clear()
  t.equal(counts.held, 0)
})

t.test('a table by itself counts in its rows, also when they have grown', async t => {
  const table = new DestinationTable(new Counters())
  const dests = Array.from({ length: 200 }, (_, port) => table.create(SERVICE, RS, port))
  for (const dest of dests) for (let i = 0; i <= dest.port; i++) dest.bind()
  t.strictSame(
    dests.map(dest => dest.totalConns),
    dests.map(dest => dest.port + 1),
  )
})

t.test('there is an end to it', async t => {
  const counts = new SharedCounts()
  counts.words[2] = 2 ** 20 - 1
  t.equal(counts.hasRoomFor(SERVICE, RS, 1), true)
  const at = counts.hold(SERVICE, RS, 1)
  t.equal(counts.hasRoomFor(SERVICE, RS, 1), true, 'that one is there')
  t.equal(counts.hasRoomFor(SERVICE, RS, 2), false)
  t.throws(() => counts.hold(SERVICE, RS, 2), new RangeError('there is no room for more than 1048576 real servers'))
  counts.letGo(at)
  t.equal(counts.hasRoomFor(SERVICE, RS, 2), true)
})
