import t from 'tap'
import { Counter, Counters } from '../../src/service/counters.js'
import { DestinationTable } from '../../src/service/destination.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const VIP = (0xc6336401 | 0) as Ipv4Addr
const SERVICE = { protocol: 6, addr: VIP, port: 80, mark: 0 }
const server = (row: number) => (0x0a010000 + row) as Ipv4Addr

function tableOf(count: number) {
  const counters = new Counters()
  const table = new DestinationTable(counters)
  const dests = Array.from({ length: count }, (_, row) => table.create(SERVICE, server(row), 8000 + row))
  return { counters, table, dests }
}

t.test('a new destination is of weight 0, not available, without connections', async t => {
  const { table, dests } = tableOf(1)
  const dest = dests[0]!
  t.strictSame([dest.addr, dest.port], [server(0), 8000])
  t.strictSame(dest.service, SERVICE)
  t.strictSame([dest.lastWeight, dest.upperThreshold, dest.lowerThreshold], [0, 0, 0])
  t.strictSame([dest.overloaded, dest.eligible, dest.persistConns, dest.referenced], [false, false, 0, false])
  t.strictSame([dest.weight, dest.available], [0, false])
  t.strictSame([dest.totalConns, dest.activeConns, dest.inactConns], [0, 0, 0])
  t.equal(dest.serviceCounters, 0)
  t.equal(table.at(dest.index), dest)
})

t.test('weights up to 2^31 − 1 are kept', async t => {
  const dest = tableOf(1).dests[0]!
  for (const weight of [1, 0, 65_536, 2 ** 31 - 1]) {
    dest.configure(weight, 0, 0)
    t.equal(dest.weight, weight)
  }
})

t.test('connections are counted, and those that are not active are the others', async t => {
  const dest = tableOf(1).dests[0]!
  const steps: [() => void, [number, number, number]][] = [
    [() => dest.bind(), [1, 0, 1]],
    [() => dest.countActive(1), [1, 1, 0]],
    [() => dest.bind(), [2, 1, 1]],
    [() => dest.countActive(-1), [2, 0, 2]],
    [() => dest.unbind(), [1, 0, 1]],
    [() => dest.unbind(), [0, 0, 0]],
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
  dest.configure(7, 0, 0)
  dest.available = true
  t.equal(dest.available, true)
  t.equal(dest.weight, 7)
  dest.available = false
  t.equal(dest.available, false)
})

t.test('hundreds keep their numbers apart while room is made for more', async t => {
  const { table, counters } = tableOf(0)
  const service = counters.allocate()
  const dests = Array.from({ length: 300 }, (_, row) => {
    const dest = table.create({ ...SERVICE, protocol: 17, port: row }, server(row), row)
    dest.configure(row, 0, 0)
    dest.available = row % 2 === 0
    for (let n = 0; n <= row % 5; n++) dest.bind()
    for (let n = 0; n < row % 3; n++) dest.countActive(1)
    counters.inboundOf(dest.counters, service, 1000 + row)
    return dest
  })
  counters.tick(1)
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
  old.configure(9, 0, 0)
  old.available = true
  old.bind()
  old.countActive(1)
  counters.connectionOf(old.counters, counters.allocate())
  counters.tick(1)
  const { index, counters: row } = old
  table.release(old)
  t.equal(table.at(index), undefined, 'nobody has it')
  const young = table.create({ ...SERVICE, protocol: 17 }, server(9), 53)
  t.equal(young.index, index)
  t.equal(young.counters, row, 'its counters too')
  t.strictSame([young.weight, young.available, young.totalConns, young.activeConns], [0, false, 0, 0])
  t.equal(counters.shown(young.counters, Counter.CONNS), 0)
  t.equal(table.at(index), young)
  t.equal(table.at(0), dests[0], 'the neighbours are as they were')
  t.equal(table.at(2), dests[2])
  t.equal(table.create(SERVICE, server(10), 80).index, 3, 'the next is a new one')
})

t.test('no two destinations ever have the same row', async t => {
  const { table } = tableOf(0)
  const held = new Map<number, ReturnType<typeof table.create>>()
  for (let i = 0; i < 500; i++) {
    const dest = table.create(SERVICE, server(i), i)
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
  for (const dest of dests) dest.configure(5, 0, 0)
  table.release(dests[3]!)
  counters.clear()
  table.clear()
  const dest = table.create(SERVICE, server(1), 80)
  t.equal(dest.index, 0)
  t.equal(dest.weight, 0)
  t.equal(table.at(0), dest)
  t.equal(table.create(SERVICE, server(2), 80).index, 1)
})

t.test('the last weight is the one added with, or the last above 0 edited to', async t => {
  const dest = tableOf(1).dests[0]!
  const lasts: number[] = []
  for (const [how, weight] of [
    ['configure', 5],
    ['reconfigure', 3],
    ['reconfigure', 0],
    ['reconfigure', 7],
    ['configure', 0],
    ['reconfigure', 0],
    ['reconfigure', 2],
  ] as const) {
    dest[how](weight, 0, 0)
    t.equal(dest.weight, weight)
    lasts.push(dest.lastWeight)
  }
  t.strictSame(lasts, [5, 3, 3, 7, 0, 0, 2])
})

t.test('it is eligible with a weight and without an overload', async t => {
  const dest = tableOf(1).dests[0]!
  dest.configure(1, 1, 0)
  t.equal(dest.eligible, true)
  dest.bind()
  t.strictSame([dest.overloaded, dest.eligible], [true, false])
  dest.reconfigure(0, 0, 0)
  t.strictSame([dest.overloaded, dest.eligible], [false, false])
})

/** Where an overload begins, going up by one, and where it ends, going down again (ipvs-behaviour.md §2.5). */
function bounds(upper: number, lower: number): [on: number | undefined, off: number | undefined] {
  const dest = tableOf(1).dests[0]!
  dest.configure(1, upper, lower)
  let on: number | undefined
  let off: number | undefined
  for (let n = 1; n <= 40; n++) {
    dest.bind()
    if (dest.overloaded) on ??= n
  }
  for (let n = 39; n >= 0; n--) {
    dest.unbind()
    if (!dest.overloaded) off ??= n
  }
  return [on, off]
}

t.test('an overload begins at the upper threshold and ends below the lower one, or below three quarters', async t => {
  for (const [upper, lower, on, off] of [
    [4, 0, 4, 2],
    [10, 0, 10, 7],
    [2, 0, 2, 1],
    [1, 0, 1, 0],
    [5, 5, 5, 4],
    [8, 0, 8, 5],
    [9, 0, 9, 6],
    [12, 0, 12, 8],
    [40, 1, 40, 0],
    [40, 40, 40, 39],
    [20, 7, 20, 6],
    [41, 0, undefined, 39],
    [0, 0, undefined, 39],
  ] as const)
    t.strictSame(bounds(upper, lower), [on, off], `-x ${upper} -y ${lower}`)
})

t.test('only a connection’s coming sets it: active or not is the same, templates do not count', async t => {
  const dest = tableOf(1).dests[0]!
  dest.configure(1, 2, 0)
  dest.bind()
  dest.countActive(1)
  for (let i = 0; i < 5; i++) dest.countTemplate(1)
  t.equal(dest.overloaded, false)
  dest.bind()
  t.equal(dest.overloaded, true)
  dest.countTemplate(-1)
  dest.countActive(-1)
  t.equal(dest.overloaded, true)
})

t.test('an edit that raises the upper threshold or takes it away ends an overload, another leaves it', async t => {
  for (const [upper, lower, overloaded] of [
    [4, 0, true],
    [4, 4, true],
    [3, 0, true],
    [1, 1, true],
    [5, 0, false],
    [5, 5, false],
    [0, 0, false],
  ] as const) {
    const dest = tableOf(1).dests[0]!
    dest.configure(1, 4, 0)
    for (let n = 0; n < 4; n++) dest.bind()
    dest.reconfigure(1, upper, lower)
    t.equal(dest.overloaded, overloaded, `-x 4 edited to -x ${upper} -y ${lower}`)
  }
  const dest = tableOf(1).dests[0]!
  dest.configure(1, 9, 0)
  for (let n = 0; n < 4; n++) dest.bind()
  dest.reconfigure(1, 2, 0)
  t.equal(dest.overloaded, false, 'lowered below what there is: not before the next connection')
  dest.bind()
  t.equal(dest.overloaded, true)
})

t.test('without any threshold the next connection to go ends an overload', async t => {
  const dest = tableOf(1).dests[0]!
  dest.configure(1, 3, 2)
  for (let n = 0; n < 5; n++) dest.bind()
  dest.unbind()
  dest.unbind()
  dest.unbind()
  t.equal(dest.overloaded, true, 'not below the lower one')
  dest.unbind()
  t.equal(dest.overloaded, false)
})

t.test('it serves its service’s protocol, and behind a mark any', async t => {
  const { table, dests } = tableOf(1)
  t.strictSame(
    [6, 17, 132].map(protocol => dests[0]!.servesProtocol(protocol)),
    [true, false, false],
  )
  const marked = table.create({ ...SERVICE, mark: 1 }, server(3), 80)
  t.strictSame(
    [6, 17, 132].map(protocol => marked.servesProtocol(protocol)),
    [true, true, true],
  )
})

t.test('a connection, a template or a cache refers to it', async t => {
  const dest = tableOf(1).dests[0]!
  for (const [refer, leave] of [
    [() => dest.bind(), () => dest.unbind()],
    [() => dest.countTemplate(1), () => dest.countTemplate(-1)],
    [() => dest.countCached(1), () => dest.countCached(-1)],
  ] as const) {
    refer()
    t.equal(dest.referenced, true)
    leave()
    t.equal(dest.referenced, false)
  }
})
