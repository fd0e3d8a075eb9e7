import * as fc from '../../support/properties.js'
import t from 'tap'
import type { InstanceSettings, RouterSettings } from '../../../src/keepalived/vrrp/settings.js'
import { instanceSettings, ip, routerSettings, vip } from './machine.js'
import { FAIR, longest, Network, type Weather } from './network.js'

/* Two to five hosts in virtual time. */

const RUNS = Number(process.env.UVS_VRRP_RUNS ?? 150)
const A = 1000

/** A generator of its own: the wire's luck is part of the example. */
function luck(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

const weather = (hosts: number): fc.Arbitrary<Weather> =>
  fc.record({
    loss: fc.double({ min: 0, max: 0.6, noNaN: true }),
    leastDelayMs: fc.constant(0.1),
    mostDelayMs: fc.integer({ min: 1, max: 50 }),
    sides: fc.record({ eth0: fc.array(fc.nat(1), { minLength: hosts, maxLength: hosts }) }, { requiredKeys: [] }),
  })

interface Story {
  readonly priorities: readonly number[]
  readonly nopreempt: boolean
  readonly version: 2 | 3
  readonly seed: number
  readonly startsMs: readonly number[]
  readonly spells: readonly (readonly [number, Weather])[]
}

const story: fc.Arbitrary<Story> = fc.integer({ min: 2, max: 5 }).chain(hosts =>
  fc.record({
    priorities: fc.array(fc.integer({ min: 1, max: 254 }), { minLength: hosts, maxLength: hosts }),
    nopreempt: fc.boolean(),
    version: fc.constantFrom(2, 3),
    seed: fc.integer(),
    startsMs: fc.array(fc.nat(5000), { minLength: hosts, maxLength: hosts }),
    spells: fc.array(fc.tuple(fc.integer({ min: 100, max: 8000 }), weather(hosts)), { maxLength: 6 }),
  }),
)

function begun({ priorities, nopreempt, version, seed, startsMs }: Story, weatherThen: Weather): Network {
  const settings = priorities.map(priority => routerSettings([instanceSettings({ priority, nopreempt, version })]))
  const network = new Network(settings, luck(seed))
  network.weather = weatherThen
  const order = [...startsMs.entries()].sort(([, one], [, other]) => one - other)
  for (const [at, startMs] of order) {
    network.runUntil(startMs)
    network.start(at)
  }
  return network
}

t.test('after the network has healed there is one master, and two at most for an interval', async t => {
  fc.assert(
    fc.property(story, told => {
      const network = begun(told, told.spells[0]?.[1] ?? FAIR)
      for (const [lastsMs, spell] of told.spells) {
        network.weather = spell
        network.runUntil(network.nowMs + lastsMs)
      }
      network.weather = FAIR
      // What flies still was sent before: 50 ms at most.
      network.runUntil(network.nowMs + 50)
      const healedMs = network.nowMs
      network.runUntil(healedMs + 12_000)
      const two = longest(network.spans, healedMs, masters => masters > 1)
      const none = longest(network.spans, healedMs, masters => masters === 0)
      const [master, ...others] = network.masters
      const best = Math.max(...told.priorities)
      return (
        two <= A + 2 &&
        none <= 4 * A &&
        master !== undefined &&
        others.length === 0 &&
        (told.nopreempt || told.priorities[master] === best)
      )
    }),
    { numRuns: RUNS },
  )
  t.pass(`${RUNS} stories`)
})

/** Kills the master at a random moment of its interval; returns for how long there was none. */
function outage(settings: Partial<InstanceSettings>, killAtMs: number, ends: 'kill' | 'stop', hosts = 2): number {
  const all = Array.from({ length: hosts }, (_, at) =>
    routerSettings([instanceSettings({ ...settings, priority: 150 - at * 50 })]),
  )
  const network = new Network(all, luck(killAtMs * 7))
  for (const at of all.keys()) network.start(at)
  network.runUntil(10_000 + killAtMs)
  if (network.masters.join() !== '0') throw new Error(`master: ${network.masters.join()}`)
  network[ends](0)
  network.runUntil(network.nowMs + 10_000)
  if (network.masters.join() !== '1') throw new Error(`master: ${network.masters.join()}`)
  return longest(network.spans, 10_000, masters => masters === 0)
}

for (const [what, settings, ends, most] of [
  ['version 2, default timers', {}, 'kill', 3700],
  ['version 3, default timers', { version: 3 }, 'kill', 3700],
  ['version 3, 0.1 s', { version: 3, advertIntervalMs: 100 }, 'kill', 500],
  ['IPv6, 0.1 s', { family: 6, advertIntervalMs: 100 }, 'kill', 500],
  ['a master that says good-bye', {}, 'stop', 620],
] as const) {
  void t.test(`failover: ${what}: at most ${most} ms`, async t => {
    const times = Array.from({ length: 100 }, (_, at) => outage(settings, at * 10.3, ends))
    const longestOutage = Math.max(...times)
    t.ok(longestOutage < most, `${longestOutage.toFixed(0)} ms at most, ${Math.min(...times).toFixed(0)} at least`)
    t.ok(longestOutage > most * 0.7, 'not by accident')
  })
}

function pairOf(priority: number): RouterSettings {
  return routerSettings(
    [
      instanceSettings({ priority }),
      instanceSettings({ name: 'VI_2', interface: 'eth1', vrid: 52, priority, vips: [vip('198.51.100.100', 'eth1')] }),
    ],
    { groups: [{ name: 'VG_1', members: ['VI_1', 'VI_2'] }] },
  )
}

t.test('the members of a sync group are masters together, whatever the two wires do', async t => {
  const side = fc.array(fc.nat(1), { minLength: 3, maxLength: 3 })
  const spell = fc.record({
    loss: fc.double({ min: 0, max: 0.5, noNaN: true }),
    leastDelayMs: fc.constant(0.1),
    mostDelayMs: fc.integer({ min: 1, max: 20 }),
    sides: fc.record({ eth0: side, eth1: side }, { requiredKeys: [] }),
  })
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.tuple(fc.integer({ min: 100, max: 6000 }), spell, fc.nat(2), fc.boolean()), { maxLength: 6 }),
      (seed, spells) => {
        const network = new Network([150, 100, 50].map(pairOf), luck(seed))
        let isTogether = true
        const look = (): void => {
          for (const host of network.hosts) {
            const [one, other] = host!.router.instances.map(({ state }) => state === 'MASTER')
            if (one !== other) isTogether = false
          }
        }
        for (const at of network.hosts.keys()) network.start(at)
        for (const [lastsMs, then, pulled, isUp] of spells) {
          network.weather = then
          network.hosts[pulled]!.link('eth1', isUp)
          network.runUntil(network.nowMs + lastsMs, look)
        }
        network.weather = FAIR
        for (const host of network.hosts) host!.link('eth1', true)
        network.runUntil(network.nowMs + 15_000, look)
        return isTogether && network.masters.join() === '0'
      },
    ),
    { numRuns: RUNS },
  )
  t.pass(`${RUNS} stories`)
})

t.test('equal priorities: the one that was first stays; after a partition the higher address', async t => {
  const network = new Network([routerSettings([instanceSettings()]), routerSettings([instanceSettings()])], luck(1))
  network.start(0)
  network.runUntil(300)
  network.start(1)
  network.runUntil(10_000)
  t.strictSame(network.masters, [0])
  network.weather = { ...FAIR, sides: { eth0: [0, 1] } }
  network.runUntil(20_000)
  t.strictSame(network.masters, [0, 1])
  network.weather = FAIR
  network.runUntil(21_002)
  t.strictSame(network.masters, [1])
})

t.test('unicast peers elect one, too', async t => {
  const settings = [1, 2, 3].map(host => {
    const peers = [1, 2, 3]
      .filter(other => other !== host)
      .map(other => ({ address: ip(`192.0.2.${other}`), minTtl: 0, maxTtl: 255 }))
    return routerSettings([instanceSettings({ priority: 100 + host, isUnicast: true, peers })])
  })
  const network = new Network(settings, luck(5))
  for (const at of settings.keys()) network.start(at)
  network.runUntil(5000)
  t.strictSame(network.masters, [2])
  network.kill(2)
  network.runUntil(10_000)
  t.strictSame(network.masters, [1])
})
