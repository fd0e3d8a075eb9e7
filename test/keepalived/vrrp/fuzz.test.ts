import { createHmac } from 'node:crypto'
import t from 'tap'
import type { InstanceSettings } from '../../../src/keepalived/vrrp/settings.js'
import { concat, hex, readU16, sum, u16 } from '../../support/octets.js'
import { randomFrom } from '../../support/random.js'
import { forged, type Forged } from './forged.js'
import { instanceSettings, Machine, refusalsOf, routerSettings } from './machine.js'

/* Adverts that are changed at random: none throws, and none that a slow check finds wrong changes anything. One that is taken is a
 * right one: the slow check here shares no code with src/. */

/** In all, over the kinds below. */
const ADVERTS = Number(process.env.UVS_FUZZ_ADVERTS ?? 250_000)
/** A machine is thrown away after so many: its state should not stay in one corner. */
const PER_MACHINE = 2000

interface Kind {
  readonly name: string
  readonly settings: Partial<InstanceSettings>
  readonly advert: Forged
}
const KINDS: readonly Kind[] = [
  { name: 'version 2', settings: {}, advert: {} },
  {
    name: 'password',
    settings: { authentication: { type: 'PASS', password: 'secret' } },
    advert: { password: 'secret' },
  },
  {
    name: 'authentication header',
    settings: { authentication: { type: 'AH', password: '1111' } },
    advert: { ah: { sequence: 0xf0000000, password: '1111' } },
  },
  { name: 'version 3', settings: { version: 3 }, advert: { version: 3 } },
  { name: 'IPv6', settings: { family: 6 }, advert: { source: 'fe80::3' } },
]

/** Flips bits, sets octets, cuts, lengthens, mends a checksum afterwards: now and then so that only one field is wrong. */
function mutated(packet: Uint8Array, random: () => number): Uint8Array {
  const below = (count: number): number => Math.floor(random() * count)
  let changed: Uint8Array = Uint8Array.from(packet)
  for (let times = below(3); times >= 0; times--) {
    const at = below(changed.length)
    const how = below(10)
    if (how < 5) changed[at] = (changed[at] ?? 0) ^ (1 << below(8))
    else if (how < 8) changed[at] = [0, 1, 2, 3, 127, 128, 254, 255][below(8)] ?? 0
    else if (how === 8) changed = changed.slice(0, at)
    else changed = concat(changed, new Uint8Array(below(40)).fill(below(256)))
    if (changed.length === 0) return changed
  }
  if (below(2) === 0) mendChecksums(changed)
  return changed
}

function mendChecksums(packet: Uint8Array): void {
  if (packet.length < 40 || packet[0] !== 0x45) return
  packet.set([0, 0], 10)
  packet.set(u16(sum(packet.subarray(0, 20)) ^ 0xffff), 10)
  const end = Math.min(packet.length, readU16(packet, 2))
  if (packet[9] !== 112 || end < 28) return
  const part = packet.subarray(20, end)
  part.set([0, 0], 6)
  const before = part[0]! >>> 4 === 3 ? concat(packet.subarray(12, 20), u16(112), u16(part.length)) : new Uint8Array(0)
  part.set(u16(sum(concat(before, part)) ^ 0xffff), 6)
}

/** The slow check: whether a packet is an advert of VRID 51 for 192.0.2.100 or fe80::100 from somebody else on the link, of this kind. */
function isRight(packet: Uint8Array, { settings }: Kind): boolean {
  return settings.family === 6 ? isRight6(packet) : isRight4(packet, settings)
}

function isRight4(whole: Uint8Array, { version = 2, authentication }: Partial<InstanceSettings>): boolean {
  const ihl = ((whole[0] ?? 0) & 15) * 4
  const packet = whole.subarray(0, readU16(whole, 2))
  if (
    whole.length < 20 ||
    whole[0]! >>> 4 !== 4 ||
    ihl < 20 ||
    packet.length < readU16(whole, 2) ||
    packet.length < ihl
  )
    return false
  if (sum(packet.subarray(0, ihl)) !== 0xffff || (readU16(packet, 6) & 0x3fff) !== 0 || packet[8] !== 255) return false
  if (hex(packet.subarray(16, 20)) !== 'e0000012' || hex(packet.subarray(12, 16)) === 'c0000201') return false
  const hasAh = authentication?.type === 'AH'
  if (packet[9] !== (hasAh ? 51 : 112)) return false
  if (hasAh && !hasRightIcv(packet, ihl)) return false
  const part = packet.subarray(ihl + (hasAh ? 24 : 0))
  const pseudo = version === 3 ? concat(packet.subarray(12, 20), u16(112), u16(part.length)) : new Uint8Array(0)
  if (part.length !== (version === 2 ? 20 : 12) || sum(concat(pseudo, part)) !== 0xffff) return false
  if (hex(part.subarray(0, 2)) !== `${version}133` || hex(part.subarray(8, 12)) !== 'c0000264' || part[3] !== 1)
    return false
  if (version === 3) return true
  const password = authentication?.type === 'PASS' ? authentication.password : undefined
  const isRightPassword = !password || Buffer.from(part.subarray(12)).toString('latin1') === password.padEnd(8, '\0')
  return part[4] === (hasAh ? 2 : password ? 1 : 0) && part[5] === 1 && isRightPassword
}

function hasRightIcv(packet: Uint8Array, ihl: number): boolean {
  if (packet.length < ihl + 24 || packet[ihl] !== 112 || packet[ihl + 1] !== 4) return false
  const zeroed = Uint8Array.from(packet)
  zeroed[1] = 0
  zeroed.fill(0, 10, 12)
  zeroed.fill(0, ihl + 12, ihl + 24)
  const icv = createHmac('md5', '1111').update(zeroed).digest().subarray(0, 12)
  return hex(icv) === hex(packet.subarray(ihl + 12, ihl + 24))
}

function isRight6(whole: Uint8Array): boolean {
  const packet = whole.subarray(0, 40 + readU16(whole, 4))
  if (whole.length < 40 || whole[0]! >>> 4 !== 6 || packet.length !== 64 || packet[6] !== 112 || packet[7] !== 255)
    return false
  const [src, dst] = [hex(packet.subarray(8, 24)), hex(packet.subarray(24, 40))]
  if (dst !== 'ff020000000000000000000000000012' || src === 'fe800000000000000000000000000001') return false
  const part = packet.subarray(40)
  const isSummed = sum(concat(packet.subarray(8, 40), Uint8Array.of(0, 0, 0, 24, 0, 0, 0, 112), part)) === 0xffff
  const isOurs = hex(part.subarray(0, 2)) === '3133' && part[3] === 1
  return isSummed && isOurs && hex(part.subarray(8)) === 'fe800000000000000000000000000100'
}

for (const kind of KINDS) {
  void t.test(`${kind.name}: changed at random`, async t => {
    const random = randomFrom(kind.name.length * 7919)
    const adverts = Math.ceil(ADVERTS / KINDS.length)
    let [taken, wrong] = [0, 0]
    let machine = begin(kind, 0)
    for (let at = 0; at < adverts && wrong < 5; at++) {
      if (at % PER_MACHINE === 0) machine = begin(kind, at / PER_MACHINE)
      const right = { ...kind.advert, priority: [0, 1, 50, 99, 100, 101, 200, 255][at & 7] ?? 0 }
      if (right.ah) right.ah = { ...right.ah, sequence: 0xf0000000 + at }
      const packet = mutated(forged(right), random)
      if (at % 16 === 0) machine.take(machine.router.advance((machine.nowMs += 40)))
      const before = stateOf(machine)
      const refused = refusedOf(machine)
      machine.actions.length = 0
      machine.hear(packet)
      const isRefused = refusedOf(machine) !== refused
      if (!isRefused) taken++
      const isChanged = stateOf(machine) !== before || machine.actions.some(({ kind: what }) => what !== 'log')
      if (isRefused ? isChanged : !isRight(packet, kind)) {
        wrong++
        t.fail(`${isRefused ? 'changed something' : 'was taken'}: ${hex(packet)}`)
      }
    }
    t.equal(wrong, 0)
    t.ok(taken > adverts / 1000, `${taken} of ${adverts} were right still, and taken`)
    t.ok(taken < adverts / 2)
  })
}

/** Every other one a master. */
function begin({ settings }: Kind, at: number): Machine {
  const machine = new Machine(routerSettings([instanceSettings(settings)]))
  machine.start()
  if (at % 2 === 1) machine.run(4000)
  return machine
}

function stateOf(machine: Machine): string {
  const { refusals: _, ...status } = machine.instance.status
  return JSON.stringify(status)
}
function refusedOf(machine: Machine): number {
  return Object.values(refusalsOf(machine.router)).reduce((one, other) => one + other, 0)
}
