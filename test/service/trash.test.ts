import t from 'tap'
import { Counters } from '../../src/service/counters.js'
import { DestinationTable } from '../../src/service/destination.js'
import { Trash } from '../../src/service/trash.js'
import type { ServiceIdentity } from '../../src/service/service-identity.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const VIP = (0xc6336401 | 0) as Ipv4Addr
const SERVICE = { protocol: 6, addr: VIP, port: 80, mark: 0 }
const RS = 0x0a010001 as Ipv4Addr

function rig() {
  const table = new DestinationTable(new Counters())
  const trash = new Trash(table)
  const dest = (port = 8080) => table.create(SERVICE, RS, port)
  return { table, trash, dest, holds: (index: number) => table.at(index) !== undefined }
}

t.test('the same real server of the same service is revived, with its counts', async t => {
  const { trash, dest } = rig()
  const deleted = dest()
  deleted.bind()
  trash.put(deleted, 0)
  t.equal(trash.revive(SERVICE, RS, 8080), deleted)
  t.equal(deleted.totalConns, 1)
  t.equal(trash.revive(SERVICE, RS, 8080), undefined, 'once only')
})

t.test('another real server, or one of another service, is not', async t => {
  const { trash, dest } = rig()
  const deleted = dest()
  trash.put(deleted, 0)
  const others: [string, ServiceIdentity, Ipv4Addr, number][] = [
    ['protocol', { ...SERVICE, protocol: 17 }, RS, 8080],
    ['virtual address', { ...SERVICE, addr: (VIP + 1) as Ipv4Addr }, RS, 8080],
    ['virtual port', { ...SERVICE, port: 81 }, RS, 8080],
    ['mark', { ...SERVICE, mark: 1 }, RS, 8080],
    ['address', SERVICE, (RS + 1) as Ipv4Addr, 8080],
    ['port', SERVICE, RS, 8081],
  ]
  for (const [what, service, addr, port] of others)
    t.equal(trash.revive(service, addr, port), undefined, `another ${what}`)
  t.equal(trash.revive(SERVICE, RS, 8080), deleted)
})

t.test('of several the right one is revived, and the others stay', async t => {
  const { trash, dest } = rig()
  const dests = [1, 2, 3].map(port => dest(port))
  for (const each of dests) trash.put(each, 0)
  t.equal(trash.revive(SERVICE, RS, 2), dests[1])
  t.equal(trash.revive(SERVICE, RS, 3), dests[2])
  t.equal(trash.revive(SERVICE, RS, 1), dests[0])
})

t.test('an unreferenced one is seen after a minute and freed two minutes later', async t => {
  const { trash, dest, holds } = rig()
  const { index } = dest()
  const victim = dest(9)
  trash.put(victim, 1000)
  const sweeps: [number, boolean][] = [
    [1000, true],
    [60_999, true],
    // Stamped here.
    [61_000, true],
    [121_000, true],
    [180_999, true],
    [181_000, false],
  ]
  for (const [now, there] of sweeps) {
    trash.sweep(now)
    t.equal(holds(victim.index), there, `at ${now} ms`)
  }
  t.equal(holds(index), true, 'who was never deleted stays')
  t.equal(trash.revive(SERVICE, RS, 9), undefined, 'it cannot be revived any more')
})

t.test('sweeps are a minute apart, however often it is asked', async t => {
  const { trash, dest, holds } = rig()
  const first = dest(1)
  trash.put(first, 0)
  trash.sweep(60_000)
  const second = dest(2)
  trash.put(second, 61_000)
  for (let now = 61_000; now < 120_000; now += 1000) trash.sweep(now)
  // Stamped at 120 s, the next sweep after the first, although put in later: freed at 240 s.
  trash.sweep(120_000)
  trash.sweep(180_000)
  t.strictSame([holds(first.index), holds(second.index)], [false, true], 'after 180 s')
  trash.sweep(239_999)
  t.equal(holds(second.index), true)
  trash.sweep(240_000)
  t.equal(holds(second.index), false)
})

t.test('one that connections refer to stays, and its two minutes begin when they are gone', async t => {
  const { trash, dest, holds } = rig()
  const deleted = dest()
  deleted.bind()
  trash.put(deleted, 0)
  for (let now = 60_000; now <= 900_000; now += 60_000) trash.sweep(now)
  t.equal(holds(deleted.index), true, 'after 15 minutes')
  deleted.unbind()
  t.equal(holds(deleted.index), true)
  trash.sweep(960_000)
  trash.sweep(1_020_000)
  t.equal(holds(deleted.index), true, 'seen unreferenced a minute ago')
  trash.sweep(1_080_000)
  t.equal(holds(deleted.index), false)
})

t.test('one that was revived and deleted again has its two minutes anew', async t => {
  const { trash, dest, holds } = rig()
  const deleted = dest()
  trash.put(deleted, 0)
  trash.sweep(60_000)
  t.equal(trash.revive(SERVICE, RS, 8080), deleted)
  trash.sweep(120_000)
  trash.put(deleted, 150_000)
  trash.sweep(180_000)
  t.equal(holds(deleted.index), true, 'two minutes after the first stamp')
  for (const now of [210_000, 270_000, 329_999]) trash.sweep(now)
  t.equal(holds(deleted.index), true)
  trash.sweep(330_000)
  t.equal(holds(deleted.index), false)
})

t.test('after a time with nothing in it, the next sweep is a minute after the next deletion', async t => {
  const { trash, dest, holds } = rig()
  const first = dest(1)
  trash.put(first, 0)
  for (const now of [60_000, 120_000, 180_000, 240_000, 300_000]) trash.sweep(now)
  t.equal(holds(first.index), false)
  const second = dest(2)
  trash.put(second, 1_000_000)
  for (const now of [1_000_000, 1_059_999, 1_060_000, 1_120_000, 1_179_999]) trash.sweep(now)
  t.equal(holds(second.index), true)
  trash.sweep(1_180_000)
  t.equal(holds(second.index), false)
})

t.test('several are freed in one sweep', async t => {
  const { trash, dest, holds } = rig()
  const dests = [1, 2, 3, 4].map(port => dest(port))
  for (const each of dests) trash.put(each, 0)
  dests[2]!.bind()
  for (const now of [60_000, 120_000, 180_000]) trash.sweep(now)
  t.strictSame(
    dests.map(each => holds(each.index)),
    [false, false, true, false],
  )
})

t.test('cleared, it holds nobody and sweeps nothing', async t => {
  const { trash, dest, holds } = rig()
  const deleted = dest()
  trash.put(deleted, 0)
  trash.clear()
  t.equal(trash.revive(SERVICE, RS, 8080), undefined)
  for (const now of [60_000, 120_000, 180_000, 240_000]) trash.sweep(now)
  t.equal(holds(deleted.index), true, 'the caller forgets the table')
})

t.test('of a mark’s service, the mark is all that counts', async t => {
  const { trash, table } = rig()
  const ofMark = { protocol: 6, addr: 0 as Ipv4Addr, port: 0, mark: 7 }
  const deleted = table.create(ofMark, RS, 80)
  trash.put(deleted, 0)
  t.equal(trash.revive({ ...ofMark, mark: 8 }, RS, 80), undefined)
  t.equal(trash.revive({ ...ofMark, mark: 0 }, RS, 80), undefined)
  t.equal(trash.revive({ ...ofMark, addr: VIP, port: 80 }, RS, 80), deleted)
})

t.test('templates and schedulers’ caches are references too', async t => {
  for (const refer of ['countTemplate', 'countCached'] as const) {
    const { trash, dest, holds } = rig()
    const deleted = dest()
    deleted[refer](1)
    trash.put(deleted, 0)
    for (let now = 60_000; now <= 600_000; now += 60_000) trash.sweep(now)
    t.equal(holds(deleted.index), true, refer)
    deleted[refer](-1)
    for (let now = 660_000; now <= 780_000; now += 60_000) trash.sweep(now)
    t.equal(holds(deleted.index), false, `${refer}, given back`)
  }
})
