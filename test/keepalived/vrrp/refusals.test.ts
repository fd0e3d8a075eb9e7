import t from 'tap'
import { REFUSALS, type RefusalReason } from '../../../src/keepalived/vrrp/refusal.js'
import type { InstanceSettings } from '../../../src/keepalived/vrrp/settings.js'
import { forged, type Forged } from './forged.js'
import { advertsOf, instanceSettings, ip, Machine, refusalsOf, routerSettings } from './machine.js'

/* Each reason to refuse an advert; what a valid one beside it does. A refused advert changes nothing, and a master goes on in step. */

const AH = { authentication: { type: 'AH', password: '1111' } } as const
const UNICAST = {
  isUnicast: true,
  peers: [{ address: ip('192.0.2.3'), minTtl: 0, maxTtl: 255 }],
} as const
const TO_US = { destination: '192.0.2.1' }
const ah = (sequence: number, password = '1111'): Forged => ({ ah: { sequence, password } })

/** What the machine is, an advert that it refuses, and one that it takes. */
const CASES: readonly [RefusalReason, Partial<InstanceSettings>, Forged, Forged][] = [
  ['fragment', {}, { flags: 0x2000 }, { flags: 0x4000 }],
  ['too-short', {}, { cut: 7 }, {}],
  ['unknown-vrid', {}, { vrid: 52 }, {}],
  ['own-source', {}, { source: '192.0.2.1' }, {}],
  ['destination', {}, TO_US, {}],
  ['destination', UNICAST, {}, TO_US],
  ['unicast-source', { ...UNICAST, checksUnicastSource: true }, { ...TO_US, source: '192.0.2.4' }, TO_US],
  ['ttl', {}, { ttl: 254 }, {}],
  ['ttl', { ...UNICAST, peers: [{ address: ip('192.0.2.3'), minTtl: 64, maxTtl: 255 }] }, { ...TO_US, ttl: 63 }, TO_US],
  ['ah-missing', AH, {}, ah(1000)],
  ['ah-unexpected', {}, ah(1000), {}],
  ['ah-header', AH, { ah: { sequence: 1000, password: '1111', length: 5 } }, ah(1000)],
  ['ah-icv', AH, ah(1000, '2222'), ah(1000)],
  ['ah-icv', AH, { ...ah(1000), spoilIcv: 1 }, ah(1000)],
  ['version', {}, { version: 3 }, {}],
  ['version', { version: 3 }, {}, { version: 3 }],
  ['length', {}, { cut: 19 }, {}],
  ['length', {}, { extra: 4 }, {}],
  ['length', {}, { count: 2 }, {}],
  ['checksum', {}, { spoilChecksum: 0x5555 }, {}],
  ['checksum', { version: 3 }, { version: 3, summedFor: '192.0.2.1' }, { version: 3 }],
  [
    'checksum',
    { ...UNICAST, version: 3, oldChecksum: 'never' },
    { ...TO_US, version: 3, summedFor: '224.0.0.18' },
    { ...TO_US, version: 3 },
  ],
  [
    'checksum',
    { ...UNICAST, version: 3, oldChecksum: 'old' },
    { ...TO_US, version: 3 },
    { ...TO_US, version: 3, summedFor: '224.0.0.18' },
  ],
  ['type', {}, { type: 2 }, {}],
  ['auth-type', {}, { authType: 1 }, {}],
  ['auth-type', {}, { authType: 7 }, {}],
  ['password', { authentication: { type: 'PASS', password: '1111' } }, { password: '11112' }, { password: '1111' }],
  ['interval', {}, { interval: 2 }, {}],
  ['address-count', {}, { addresses: ['192.0.2.100', '192.0.2.101'] }, {}],
  ['addresses', {}, { addresses: ['192.0.2.200'] }, {}],
  ['checksum', { family: 6 }, { source: 'fe80::3', spoilChecksum: 1 }, { source: 'fe80::3' }],
  ['ttl', { family: 6 }, { source: 'fe80::3', ttl: 64 }, { source: 'fe80::3' }],
]

for (const [reason, settings, wrong, right] of CASES) {
  void t.test(`${reason}: ${JSON.stringify(wrong)}`, async t => {
    const backup = new Machine(routerSettings([instanceSettings({ ...settings, priority: 90 })]))
    backup.start()
    backup.nowMs = 500
    const before = backup.instance.status
    const log = backup.hear(forged({ priority: 200, ...wrong }))
    t.strictSame(
      log.map(({ kind }) => kind),
      reason === 'unknown-vrid' ? [] : ['log'],
    )
    t.strictSame(refusalsOf(backup.router), { [reason]: 1 })
    t.strictSame({ ...backup.instance.status, refusals: 0 }, { ...before, refusals: 0 })
    backup.hear(forged({ priority: 200, ...right }))
    t.strictSame(refusalsOf(backup.router), { [reason]: 1 }, 'the right one is taken')
    t.equal(backup.instance.status.timerAtMs, before.timerAtMs + 500)
  })

  void t.test(`${reason}, each 0.3 s, does not silence a master`, async t => {
    const master = new Machine(routerSettings([instanceSettings(settings)]))
    master.start()
    master.run(4000)
    const sent: number[] = []
    for (let at = 0; at < 20; at++) {
      const actions = [...master.run(4000 + at * 300), ...master.hear(forged({ priority: 200, ...wrong }))]
      sent.push(...advertsOf(actions))
    }
    const copies = settings.isUnicast ? (settings.peers?.length ?? 1) : 1
    t.strictSame(
      sent,
      Array.from({ length: 6 * copies }, () => 100),
    )
    t.equal(master.instance.state, 'MASTER')
    t.strictSame(refusalsOf(master.router), { [reason]: 20 })
  })
}

t.test('what is no IP packet', async t => {
  const machine = new Machine(routerSettings([instanceSettings()]))
  machine.start()
  const good = forged()
  const spoiled = (at: number, octet: number): Uint8Array =>
    Uint8Array.from(good, (was, index) => (index === at ? octet : was))
  for (const packet of [new Uint8Array(0), good.slice(0, 19), good.slice(0, 39), spoiled(0, 0x35), spoiled(0, 0x65)])
    machine.hear(packet)
  t.strictSame(refusalsOf(machine.router), { 'ip-header': 5 })
  machine.hear(spoiled(10, good[10]! ^ 1))
  t.strictSame(refusalsOf(machine.router), { 'ip-header': 5, 'ip-checksum': 1 })
})

t.test('a sequence number that was used already', async t => {
  const machine = new Machine(routerSettings([instanceSettings({ ...AH, priority: 90 })]))
  machine.start()
  machine.hear(forged(ah(100)))
  for (const sequence of [100, 99, 0]) machine.hear(forged(ah(sequence)))
  t.strictSame(refusalsOf(machine.router), { 'ah-sequence': 3 })
  machine.hear(forged(ah(101)))
  t.strictSame(refusalsOf(machine.router), { 'ah-sequence': 3 })
})

t.test('an instance with a fault does not listen', async t => {
  const machine = new Machine(routerSettings([instanceSettings()]))
  machine.start()
  machine.link('eth0', false)
  machine.hear(forged())
  t.strictSame(refusalsOf(machine.router), { 'not-listening': 1 })
})

t.test('every reason has a test here', async t => {
  const own = ['ip-header', 'ip-checksum', 'ah-sequence', 'not-listening']
  t.strictSame([...new Set([...CASES.map(([reason]) => reason), ...own])].sort(), [...REFUSALS].sort())
})

t.test('a flood fills no log: one line a minute and reason, with how many there were', async t => {
  const machine = new Machine(routerSettings([instanceSettings({ priority: 90 })]))
  machine.start()
  const lines = (): string[] => machine.actions.flatMap(action => (action.kind === 'log' ? [action.text] : []))
  for (let at = 0; at < 1000; at++) machine.hear(forged({ ttl: 254 }))
  t.strictSame(lines(), ['(VI_1) invalid TTL/HL. Received 254 and expect 255'])
  machine.nowMs = 60_000
  machine.hear(forged({ ttl: 254 }))
  t.equal(lines().at(-1), '(VI_1) invalid TTL/HL. Received 254 and expect 255 (and 999 more refused for ttl)')
})
