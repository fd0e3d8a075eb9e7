import t from 'tap'
import { HoldDown, WITHDRAW_AFTER_MS } from '../../src/announce/hold-down.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const VIP = 0xc0000201 as Ipv4Addr
const HOLD = 10_000

t.test('a new VIP comes at once', async t => {
  const hold = new HoldDown(HOLD)
  hold.set(VIP, 'ready', 5)
  t.equal(hold.nextMs, 5)
  t.strictSame(hold.take(5), { come: [VIP], go: [] })
  t.strictSame(hold.take(5), { come: [], go: [] }, 'told once')
  t.equal(hold.nextMs, undefined)
  t.strictSame(hold.standing, [VIP])
})

t.test('one that is idle for a moment stays', async t => {
  const hold = new HoldDown(HOLD)
  hold.set(VIP, 'ready', 0)
  hold.take(0)
  for (const now of ['idle', 'gone'] as const) {
    hold.set(VIP, now, 100)
    hold.set(VIP, 'ready', 100 + WITHDRAW_AFTER_MS - 1)
    t.strictSame(hold.take(100_000), { come: [], go: [] }, now)
  }
})

t.test('idle and gone in turn do not put the end off', async t => {
  const hold = new HoldDown(HOLD)
  hold.set(VIP, 'ready', 0)
  hold.take(0)
  hold.set(VIP, 'idle', 100)
  hold.set(VIP, 'gone', 900)
  t.equal(hold.nextMs, 100 + WITHDRAW_AFTER_MS)
  t.strictSame(hold.take(100 + WITHDRAW_AFTER_MS).go, [VIP])
  t.strictSame(hold.counts, { held: 0, idle: 0 }, 'forgotten')
})

t.test('one that flaps moves routes once in the hold-down', async t => {
  const hold = new HoldDown(HOLD)
  hold.set(VIP, 'ready', 0)
  hold.take(0)
  let [changes, now] = [0, 0]
  for (let i = 0; i < 100; i++) {
    hold.set(VIP, i % 2 === 0 ? 'idle' : 'ready', (now += 2000))
    for (let ms = 0; ms < 2000; ms += 100) {
      const { come, go } = hold.take(now + ms)
      changes += come.length + go.length
    }
  }
  t.equal(changes, 1, 'withdrawn, and never ready for long enough')
  t.strictSame(hold.counts, { held: 1, idle: 0 })
  t.strictSame(hold.take(now + HOLD).come, [VIP])
})

t.test('one whose services are taken out and come back later is new', async t => {
  const hold = new HoldDown(HOLD)
  hold.set(VIP, 'ready', 0)
  hold.take(0)
  hold.set(VIP, 'gone', 0)
  hold.take(WITHDRAW_AFTER_MS)
  hold.set(VIP, 'ready', 5000)
  t.strictSame(hold.take(5000).come, [VIP])
})

t.test('one that was never ready waits for nothing', async t => {
  const hold = new HoldDown(HOLD)
  hold.set(VIP, 'idle', 0)
  t.strictSame([hold.nextMs, hold.counts], [undefined, { held: 0, idle: 1 }])
  hold.set(VIP, 'ready', 1)
  t.strictSame(hold.take(1).come, [VIP], 'and comes at once when it is')
})
