import t from 'tap'
import { News, RouteTable } from '../../../src/linux/rtnetlink/route-table.js'
import { Table } from '../../../src/linux/rtnetlink/table.js'
import { isSame } from '../../../src/linux/rtnetlink/is-same.js'
import { OrderedList } from '../../../src/linux/rtnetlink/ordered-list.js'
import { PrefixTable } from '../../../src/linux/rtnetlink/prefix-table.js'
import { parseCidr, parseIpv4 } from '../../../src/wire/addr.js'
import { route } from './made-up.js'

function make(): object {
  return { a: 1, b: 'x', c: undefined, d: [{ e: 1 }, { e: Number.NaN }], f: {} }
}

t.test('the same, all the way down', async t => {
  t.ok(isSame(make(), make()))
  const others: object[] = [
    { ...make(), a: 2 },
    { ...make(), c: 1 },
    { ...make(), d: [] },
    { ...make(), d: [{ e: 1 }, { e: 2 }] },
    { ...make(), f: undefined },
  ]
  for (const other of others) t.notOk(isSame(make(), other), JSON.stringify(other))
  t.notOk(isSame<unknown>(undefined, make()))
  t.notOk(isSame<unknown>(null, make()))
  t.notOk(isSame<unknown>([], [1]))
})

t.test('a table keeps the object of what is told again', async t => {
  const table = new Table<{ id: number; name: string }>(({ id }) => id)
  const first = { id: 1, name: 'a' }
  t.ok(table.set(first))
  t.notOk(table.set({ ...first }))
  t.equal(table.get(1), first)
  t.ok(table.set({ id: 1, name: 'b' }))
  t.strictSame(table.values(), [{ id: 1, name: 'b' }])
  t.notOk(table.delete({ id: 2, name: '' }))
  t.ok(table.delete({ id: 1, name: '' }))
  t.ok(table.set(first))
  t.notOk(table.deleteWhere(({ name }) => name === 'x'))
  t.ok(table.deleteWhere(({ name }) => name === 'a'))
  t.strictSame(table.values(), [])
})

t.test('a table that is told all anew', async t => {
  const table = new Table<{ id: number; name: string }>(({ id }) => id)
  const [one, two] = [
    { id: 1, name: 'a' },
    { id: 2, name: 'b' },
  ]
  t.ok(table.replaceAll([one, two]))
  t.notOk(table.replaceAll([{ ...one }, { ...two }]))
  t.equal(table.values()[0], one)
  t.ok(table.replaceAll([one]), 'one has gone')
  t.ok(table.replaceAll([one, two]), 'one has come')
  t.ok(table.replaceAll([one, { ...two, name: 'c' }]), 'one has changed')
  t.ok(table.replaceAll([]))
  t.notOk(table.replaceAll([]))
})

t.test('a list whose order counts', async t => {
  const list = new OrderedList<{ id: number }>()
  t.ok(list.replaceAll([{ id: 1 }, { id: 2 }, { id: 2 }]))
  const before = list.values()
  t.notOk(list.replaceAll([{ id: 1 }, { id: 2 }, { id: 2 }]))
  t.equal(list.values(), before)
  t.ok(list.replaceAll([{ id: 1 }, { id: 2 }]))
  t.equal(list.values()[0], before[0])
  t.ok(list.replaceAll([{ id: 2 }, { id: 1 }]))
  t.strictSame(list.values(), [{ id: 2 }, { id: 1 }])
})

t.test('the longest prefix', async t => {
  const table = new PrefixTable<string>()
  const longest = (addr: string, prefix?: number): string | undefined => table.longest(parseIpv4(addr)!, prefix)
  t.equal(longest('10.0.0.1'), undefined)
  for (const text of ['0.0.0.0/0', '10.0.0.0/8', '10.0.0.0/24', '10.0.0.1/32', '192.0.0.0/2'])
    table.set(parseCidr(text)!, text)
  t.equal(longest('10.0.0.1'), '10.0.0.1/32')
  t.equal(longest('10.0.0.1', 31), '10.0.0.0/24')
  t.equal(longest('10.0.1.1'), '10.0.0.0/8')
  t.equal(longest('200.0.0.1'), '192.0.0.0/2')
  t.equal(longest('11.0.0.1'), '0.0.0.0/0')
  t.strictSame(table.values(), ['10.0.0.1/32', '10.0.0.0/24', '10.0.0.0/8', '192.0.0.0/2', '0.0.0.0/0'])
  table.delete(parseCidr('10.0.0.1/24')!)
  t.equal(table.get(parseCidr('10.0.0.0/24')!), undefined, 'host bits do not count')
  table.delete(parseCidr('10.0.0.0/23')!)
  t.equal(longest('10.0.0.2'), '10.0.0.0/8')
})

t.test('routes that do not stand in each other’s way', async t => {
  const table = new RouteTable()
  const one = route('10.0.0.0/8 via 10.0.0.9 dev 1')
  t.equal(table.add(one, false), News.CHANGE)
  t.equal(table.add({ ...one }, false), News.NONE)
  for (const other of ['metric 5', 'tos 16', 'table 100'])
    t.equal(table.add(route(`10.0.0.0/8 via 10.0.0.9 dev 1 ${other}`), false), News.CHANGE, other)
  t.equal(table.values().length, 4)
  t.equal(table.delete(route('10.0.0.0/8 via 10.0.0.9 dev 1 metric 5')), News.CHANGE)
  t.equal(table.delete(route('10.0.0.0/8 via 10.0.0.9 dev 1 metric 5')), News.NONE)
  t.equal(table.delete(route('10.0.0.0/9 via 10.0.0.9 dev 1')), News.NONE)
  t.equal(table.values().length, 3)
  const another = route('10.0.0.0/8 via 10.0.0.8 dev 1')
  t.equal(table.add(another, true), News.CHANGE, 'one replaces the other')
  t.ok(table.values().includes(another))
  t.notOk(table.values().includes(one))
  for (const each of table.values()) t.equal(table.delete(each), News.CHANGE)
  t.strictSame(table.values(), [])
})

t.test('routes that do leave it open which is used', async t => {
  const table = new RouteTable()
  const [one, two] = [route('10.0.0.0/8 via 10.0.0.9 dev 1'), route('10.0.0.0/8 via 10.0.0.8 dev 1')]
  table.add(one, false)
  t.equal(table.add(two, false), News.DOUBT)
  t.equal(table.delete(two), News.DOUBT)
  t.strictSame(table.values(), [one], 'nothing was changed')
  t.ok(table.replaceAll([two, one]))
  t.strictSame(table.values(), [two, one])
  for (const doubtful of [one, two]) {
    t.equal(table.add(doubtful, false), News.DOUBT)
    t.equal(table.add(doubtful, true), News.DOUBT)
    t.equal(table.delete(doubtful), News.DOUBT)
  }
  t.notOk(table.replaceAll([{ ...two }, { ...one }]))
  t.equal(table.values()[0], two)
  t.ok(table.replaceAll([one, two]), 'another one is the first')
  t.ok(table.replaceAll([one]))
  t.ok(table.replaceAll([]))
  t.notOk(table.replaceAll([]))
})
