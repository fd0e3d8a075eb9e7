import t from 'tap'
import { Counter, Counters } from '../../src/service/counters.js'
import { DestinationTable } from '../../src/service/destination.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const VIP = (0xc6336401 | 0) as Ipv4Addr
const server = (row: number) => (0x0a010000 + row) as Ipv4Addr

function tableOf(count: number) {
  const counters = new Counters()
  const table = new DestinationTable(counters)
  const dests = Array.from({ length: count }, (_, row) => table.create(6, VIP, 80, server(row), 8000 + row))
  return { counters, table, dests }
}

t.test('a new destination is of weight 0, not available, without connections', async t => {
  const { table, dests } = tableOf(1)
  const dest = dests[0]!
  t.strictSame([dest.protocol, dest.vaddr, dest.vport, dest.addr, dest.port], [6, VIP, 80, server(0), 8000])
  t.strictSame([dest.weight, dest.available], [0, false])
  t.strictSame([dest.totalConns, dest.activeConns, dest.inactConns], [0, 0, 0])
  t.equal(dest.serviceCounters, 0)
  t.equal(table.at(dest.index), dest)
})

t.test('weights up to 2^31 − 1 are kept', async t => {
  const dest = tableOf(1).dests[0]!
  for (const weight of [1, 0, 65_536, 2 ** 31 - 1]) {
    dest.weight = weight
    t.equal(dest.weight, weight)
  }
})

t.test('connections are counted, and those that are not active are the others', async t => {
  const dest = tableOf(1).dests[0]!
  const steps: [() => void, [number, number, number]][] = [
    [() => dest.countConnections(1), [1, 0, 1]],
    [() => dest.countActive(1), [1, 1, 0]],
    [() => dest.countConnections(1), [2, 1, 1]],
    [() => dest.countActive(-1), [2, 0, 2]],
    [() => dest.countConnections(-1), [1, 0, 1]],
    [() => dest.countConnections(-1), [0, 0, 0]],
  ]
  for (const [index, [step, expected]] of steps.entries()) {
    step()
    t.strictSame([dest.totalConns, dest.activeConns, dest.inactConns], expected, `step ${index}`)
  }
  dest.countActive(1)
  t.equal(dest.inactConns, 0, 'never fewer than none')
})

t.test('it is available or not, beside its other numbers', async t => {
  const dest = tableOf(1).dests[0]!
  dest.weight = 7
  dest.available = true
  t.equal(dest.available, true)
  t.equal(dest.weight, 7)
  dest.available = false
  t.equal(dest.available, false)
})

t.test('hundreds keep their numbers apart while room is made for more', async t => {
  const { table, counters } = tableOf(0)
  const dests = Array.from({ length: 300 }, (_, row) => {
    const dest = table.create(17, VIP, row, server(row), row)
    dest.weight = row
    dest.available = row % 2 === 0
    for (let n = 0; n <= row % 5; n++) dest.countConnections(1)
    for (let n = 0; n < row % 3; n++) dest.countActive(1)
    counters.inbound(dest.counters, 1000 + row)
    return dest
  })
  counters.snapshot()
  for (const [row, dest] of dests.entries()) {
    const got = [dest.weight, dest.available, dest.totalConns, dest.activeConns, dest.addr]
    t.strictSame(got, [row, row % 2 === 0, 1 + (row % 5), row % 3, server(row)], `destination ${row}`)
    t.equal(counters.shown(dest.counters, Counter.IN_BYTES), 1000 + row, `destination ${row}: its counters`)
    t.equal(table.at(dest.index), dest, `destination ${row}: by its index`)
  }
  t.equal(new Set(dests.map(dest => dest.index)).size, 300, 'an index each')
  t.equal(new Set(dests.map(dest => dest.counters)).size, 300, 'a row of counters each')
})

t.test('a released row is used again, and begins with zeros', async t => {
  const { table, counters, dests } = tableOf(3)
  const old = dests[1]!
  old.weight = 9
  old.available = true
  old.countConnections(1)
  old.countActive(1)
  counters.connection(old.counters)
  counters.snapshot()
  const { index, counters: row } = old
  table.release(old)
  t.equal(table.at(index), undefined, 'nobody has it')
  const young = table.create(17, VIP, 53, server(9), 53)
  t.equal(young.index, index)
  t.equal(young.counters, row, 'its counters too')
  t.strictSame([young.weight, young.available, young.totalConns, young.activeConns], [0, false, 0, 0])
  t.equal(counters.shown(young.counters, Counter.CONNS), 0)
  t.equal(table.at(index), young)
  t.equal(table.at(0), dests[0], 'the neighbours are as they were')
  t.equal(table.at(2), dests[2])
  t.equal(table.create(6, VIP, 80, server(10), 80).index, 3, 'the next is a new one')
})

t.test('no two destinations ever have the same row', async t => {
  const { table } = tableOf(0)
  const held = new Map<number, ReturnType<typeof table.create>>()
  for (let i = 0; i < 500; i++) {
    const dest = table.create(6, VIP, 80, server(i), i)
    t.notOk(held.has(dest.index), `destination ${i}: index ${dest.index}`)
    held.set(dest.index, dest)
    if (i % 3 === 0) {
      const [oldest] = held.values()
      table.release(oldest!)
      held.delete(oldest!.index)
    }
  }
  for (const [index, dest] of held) t.equal(table.at(index), dest, `index ${index}`)
})

t.test('cleared, rows begin with the first again, and with zeros', async t => {
  const { table, counters, dests } = tableOf(5)
  for (const dest of dests) dest.weight = 5
  table.release(dests[3]!)
  counters.clear()
  table.clear()
  const dest = table.create(6, VIP, 80, server(1), 80)
  t.equal(dest.index, 0)
  t.equal(dest.weight, 0)
  t.equal(table.at(0), dest)
  t.equal(table.create(6, VIP, 80, server(2), 80).index, 1)
})
