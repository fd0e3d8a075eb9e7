import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { VipAnnouncer } from '../../src/announce/vip-announcer.js'
import type { RuleChange } from '../../src/control/protocol/api.js'
import { formatIpv4, type Ipv4Addr, parseIpv4 } from '../../src/wire/addr.js'
import { serviceSettings } from '../support/settings.js'

class FakeInterface {
  readonly name = 'uvs0'
  readonly there = new Set<string>()
  others: string[] = []
  refuses = false

  add(addr: Ipv4Addr): void {
    if (this.refuses) throw new Error('adding an address: no')
    this.there.add(formatIpv4(addr))
  }
  remove(addr: Ipv4Addr): void {
    this.there.delete(formatIpv4(addr))
  }
  heldElsewhere(): Set<Ipv4Addr> {
    return new Set(this.others.map(text => parseIpv4(text)!))
  }
  isUp = true
  setUp(isUp: boolean): void {
    this.isUp = isUp
  }
  close(): void {
    this.there.clear()
  }
}

const add = (address: string, port = 80): RuleChange => ({
  op: 'add-service',
  service: { protocol: 'tcp', address, port },
  settings: serviceSettings('wlc'),
})
const drop = (address: string): RuleChange => ({ op: 'delete-service', service: { protocol: 'tcp', address, port: 80 } }) // prettier-ignore

const now = (): number => performance.now()

function made(t: Tap): { on: FakeInterface; announcer: VipAnnouncer; said: string[] } {
  const [on, said] = [new FakeInterface(), [] as string[]]
  const announcer = new VipAnnouncer({ on, withdraw: 'never', holdMs: 50, tell: line => void said.push(line), now })
  t.teardown(() => announcer.close())
  return { on, announcer, said }
}
type Tap = Pick<typeof t, 'teardown'>

/** Waits for a condition. */
async function until(is: () => boolean): Promise<boolean> {
  for (let i = 0; i < 1000 && !is(); i++) await sleep(10)
  return is()
}

t.test('nothing is announced before it begins; then all, with one line', async t => {
  const { on, announcer, said } = made(t)
  announcer.apply(['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'].map(vip => add(vip)))
  await sleep(60)
  t.equal(on.there.size, 0)
  announcer.begin()
  t.equal(on.there.size, 5)
  t.strictSame(said, ['announces 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, … (5) on uvs0'])
  t.strictSame(announcer.info.vips, { announced: 5, held: 0, idle: 0, elsewhere: 0 })
})

t.test('rules that come and go later', async t => {
  const { on, announcer, said } = made(t)
  announcer.begin()
  announcer.apply([add('192.0.2.1')])
  t.ok(await until(() => on.there.has('192.0.2.1')))
  announcer.apply([drop('192.0.2.1')])
  t.ok(on.there.has('192.0.2.1'), 'not at once')
  t.ok(await until(() => !on.there.has('192.0.2.1')))
  announcer.apply([add('192.0.2.2')])
  t.ok(await until(() => on.there.has('192.0.2.2')))
  announcer.clear()
  t.ok(await until(() => on.there.size === 0))
  t.match(said.at(-1), /^no longer announces 192\.0\.2\.2$/)
})

t.test('what the kernel holds elsewhere is left alone', async t => {
  const { on, announcer, said } = made(t)
  on.others = ['192.0.2.1']
  announcer.apply([add('192.0.2.1'), add('192.0.2.2')])
  announcer.begin()
  t.strictSame([...on.there], ['192.0.2.2'])
  t.equal(announcer.info.vips.elsewhere, 1)
  t.match(said.at(-1), 'leaves 192.0.2.1 alone, which the kernel holds elsewhere')
})

t.test('withdrawn at once, and restored, with what has come meanwhile', async t => {
  const { on, announcer } = made(t)
  announcer.apply([add('192.0.2.1')])
  announcer.begin()
  announcer.withdraw()
  t.strictSame([on.isUp, announcer.announced, announcer.info.isWithdrawn], [false, 0, true])
  announcer.apply([add('192.0.2.2')])
  t.ok(await until(() => on.there.size === 2))
  t.strictSame([on.isUp, announcer.announced], [false, 0])
  announcer.restore()
  t.strictSame([on.isUp, announcer.announced], [true, 2])
})

t.test('many are put in slices, and told of once', async t => {
  const { on, announcer, said } = made(t)
  const all = Array.from({ length: 1000 }, (_, i) => `198.18.${i >> 8}.${i & 255}`)
  announcer.apply(all.map(vip => add(vip)))
  announcer.begin()
  t.ok(on.there.size < 1000, 'others have a turn')
  announcer.apply([drop(all.at(-1)!)])
  t.ok(await until(() => on.there.size === 999 && !on.there.has(all.at(-1)!)))
  t.match(said[0], /^announces 198\.18\.0\.0, .* \(\d+\) on uvs0$/)
  t.ok(said.length <= 2)
})

t.test('a kernel that refuses is told of, and nothing is taken for announced', async t => {
  const { on, announcer, said } = made(t)
  on.refuses = true
  announcer.apply([add('192.0.2.1')])
  announcer.begin()
  t.strictSame([announcer.announced, said], [0, ['uvs0: adding an address: no']])
})
