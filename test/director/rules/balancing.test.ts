import t from 'tap'
import { Balancing } from '../../../src/director/rules/balancing.js'
import type { DestinationSettings } from '../../../src/director/rules/destination-rules.js'
import { OwnAddresses } from '../../../src/neigh/own-addresses.js'
import { schedulers } from '../../../src/sched/index.js'
import type { BoundScheduler, Scheduler } from '../../../src/sched/scheduler.js'
import { Counter, Counters, TOTALS } from '../../../src/service/counters.js'
import { DestinationTable } from '../../../src/service/destination.js'
import { formatIpv4, parseIpv4, type Ipv4Addr } from '../../../src/wire/addr.js'
import { Method, TunnelType } from '../../../src/service/method.js'
import { Sysctls } from '../../../src/service/sysctls.js'
import { identity, ofWeight, plain } from '../../support/identity.js'

const TCP = 6
const UDP = 17
const addr = (text: string): Ipv4Addr => parseIpv4(text)!
const VIP = addr('10.99.1.100')
const FLOW = { protocol: TCP, caddr: 1 as Ipv4Addr, cport: 1, vaddr: VIP, vport: 80 }

/** Writes down what it is told. */
function recorder(): { scheduler: Scheduler; told: string[] } {
  const told: string[] = []
  const bound: BoundScheduler = {
    schedule: () => undefined,
    added: dest => told.push(`added ${formatIpv4(dest.addr)} ${dest.weight} ${dest.available}`),
    edited: dest => told.push(`edited ${formatIpv4(dest.addr)} ${dest.weight}`),
    removed: (dest, index) => told.push(`removed ${formatIpv4(dest.addr)} from ${index} ${dest.available}`),
  }
  const scheduler: Scheduler = {
    name: 'recorder',
    bind(service) {
      told.push(`bound to ${formatIpv4(service.addr)}`)
      return bound
    },
  }
  return { scheduler, told }
}

function make(...more: Scheduler[]): { balancing: Balancing; ownAddresses: OwnAddresses; broadcasts: Set<number> } {
  const broadcasts = new Set<number>([addr('10.0.0.255')])
  const counters = new Counters()
  const ownAddresses = new OwnAddresses()
  const known = new Map([...schedulers, ...more.map(scheduler => [scheduler.name, scheduler] as const)])
  return {
    balancing: new Balancing({
      notServed: () => {},
      schedulers: known,
      counters,
      destinations: new DestinationTable(counters),
      ownAddresses,
      sysctls: new Sysctls(),
      random: () => 7,
      nowMs: 0,
      report() {},
      usesOf: () => 0,
      routes: { isBroadcast: address => broadcasts.has(address) },
      gone() {},
      front: undefined,
    }),
    ownAddresses,
    broadcasts,
  }
}
const list = (balancing: Balancing): string[] =>
  balancing
    .find(identity(TCP, VIP, 80))!
    .destinations.map(dest => `${formatIpv4(dest.addr)}:${dest.port} ${dest.weight}`)

t.test('a service is there by protocol, address and port, and holds its address', async t => {
  const { balancing, ownAddresses } = make()
  t.equal(balancing.count, 0)
  t.equal(balancing.addService(identity(TCP, VIP, 80), plain, 'rr'), undefined)
  t.equal(balancing.addService(identity(UDP, VIP, 80), plain, 'rr'), undefined, 'UDP is another one')
  t.equal(balancing.addService(identity(TCP, VIP, 81), plain, 'wlc'), undefined)
  t.equal(balancing.addService(identity(TCP, VIP, 80), plain, 'wlc'), 'EEXIST')
  t.equal(balancing.addService(identity(TCP, VIP, 82), plain, 'nosuch'), 'ENOENT')
  t.equal(balancing.addService(identity(TCP, VIP, 80), plain, 'nosuch'), 'EEXIST', 'existence is asked first')
  t.equal(balancing.count, 3)
  t.equal(balancing.find(identity(TCP, VIP, 80))?.scheduler.name, 'rr')
  t.equal(balancing.find(identity(TCP, VIP, 82)), undefined)
  t.ok(ownAddresses.has(VIP))
  balancing.flush()
  t.equal(balancing.count, 0)
  t.notOk(ownAddresses.has(VIP), 'a refused service holds nothing')
})

t.test('editing binds another scheduler anew; the same one goes on', async t => {
  const { scheduler, told } = recorder()
  const { balancing } = make(scheduler)
  balancing.addService(identity(TCP, VIP, 80), plain, 'recorder')
  const service = balancing.find(identity(TCP, VIP, 80))!
  t.equal(balancing.editService(service, plain, 'recorder'), undefined)
  t.strictSame(told, ['bound to 10.99.1.100'])
  t.equal(balancing.editService(service, plain, 'nosuch'), 'ENOENT')
  t.equal(service.scheduler.name, 'recorder', 'refused, so as it was')
  t.equal(balancing.editService(service, plain, 'wrr'), undefined)
  t.equal(balancing.editService(service, plain, 'recorder'), undefined)
  t.strictSame(told, ['bound to 10.99.1.100', 'bound to 10.99.1.100'])
})

t.test('destinations go to the front; the scheduler is told of each change, after it', async t => {
  const { scheduler, told } = recorder()
  const { balancing } = make(scheduler)
  balancing.addService(identity(TCP, VIP, 80), plain, 'recorder')
  const service = balancing.find(identity(TCP, VIP, 80))!
  told.length = 0
  for (const [text, weight] of [
    ['10.0.0.1', 1],
    ['10.0.0.2', 0],
    ['10.0.0.3', 2147483647],
  ] as const)
    t.equal(balancing.addDestination(service, addr(text), 8080, ofWeight(weight)), undefined)
  t.strictSame(list(balancing), ['10.0.0.3:8080 2147483647', '10.0.0.2:8080 0', '10.0.0.1:8080 1'])
  balancing.editDestination(service, service.destination(addr('10.0.0.2'), 8080)!, ofWeight(5))
  balancing.deleteDestination(service, service.destination(addr('10.0.0.2'), 8080)!)
  t.strictSame(list(balancing), ['10.0.0.3:8080 2147483647', '10.0.0.1:8080 1'])
  t.strictSame(told, [
    'added 10.0.0.1 1 true',
    'added 10.0.0.2 0 true',
    'added 10.0.0.3 2147483647 true',
    'edited 10.0.0.2 5',
    'removed 10.0.0.2 from 1 false',
  ])
})

t.test('a real server is named by address and port, and is unicast or loopback', async t => {
  const { balancing } = make()
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  const service = balancing.find(identity(TCP, VIP, 80))!
  t.equal(balancing.addDestination(service, addr('10.0.0.1'), 80, ofWeight(1)), undefined)
  t.equal(balancing.addDestination(service, addr('10.0.0.1'), 80, ofWeight(2)), 'EEXIST')
  t.equal(balancing.addDestination(service, addr('10.0.0.1'), 81, ofWeight(1)), undefined, 'another port')
  for (const bad of ['0.0.0.0', '10.0.0.255', '224.0.0.1', '239.255.255.255', '255.255.255.255'])
    t.equal(balancing.addDestination(service, addr(bad), 80, ofWeight(1)), 'EINVAL', bad)
  for (const good of ['127.0.0.1', '240.0.0.1', '10.99.1.100', '1.0.0.0'])
    t.equal(balancing.addDestination(service, addr(good), 80, ofWeight(1)), undefined, good)
  t.strictSame(list(balancing)[0], '1.0.0.0:80 1', 'the refused ones are not there')
})

t.test('schedule asks the service’s scheduler with the time of the last turn', async t => {
  const asked: number[] = []
  const clock: Scheduler = {
    name: 'clock',
    bind: () => ({
      schedule(_flow, now) {
        asked.push(now)
        return undefined
      },
    }),
  }
  const { balancing } = make(clock)
  balancing.addService(identity(TCP, VIP, 80), plain, 'clock')
  const service = balancing.find(identity(TCP, VIP, 80))!
  balancing.schedule(service, FLOW)
  balancing.poll(1234)
  balancing.schedule(service, FLOW)
  t.strictSame(asked, [0, 1234])
})

t.test('a deleted destination that is added again is the same one, counts and all', async t => {
  const { balancing } = make()
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  const service = balancing.find(identity(TCP, VIP, 80))!
  balancing.addDestination(service, addr('10.0.0.1'), 80, ofWeight(1))
  balancing.addDestination(service, addr('10.0.0.2'), 80, ofWeight(1))
  const dest = service.destination(addr('10.0.0.1'), 80)!
  dest.bind()
  balancing.counters.connectionOf(dest.counters, service.counters)
  balancing.deleteDestination(service, dest)
  t.notOk(dest.available)
  t.equal(
    balancing.addDestination(service, addr('10.0.0.1'), 81, ofWeight(1)),
    undefined,
    'another port is another one',
  )
  t.not(service.destination(addr('10.0.0.1'), 81), dest)
  t.equal(balancing.addDestination(service, addr('10.0.0.1'), 80, ofWeight(9)), undefined)
  t.equal(service.destination(addr('10.0.0.1'), 80), dest)
  t.ok(dest.available)
  t.equal(dest.totalConns, 1)
  t.strictSame(
    list(balancing),
    ['10.0.0.1:80 9', '10.0.0.1:81 1', '10.0.0.2:80 1'],
    'at the front, with the new weight',
  )
  balancing.counters.tick(1)
  t.equal(balancing.counters.shown(dest.counters, Counter.CONNS), 1, 'its service is the same: statistics go on')
})

t.test('another service’s real server of that address is not revived', async t => {
  const { balancing } = make()
  for (const [protocol, port] of [
    [TCP, 80],
    [TCP, 81],
    [UDP, 80],
  ] as const)
    balancing.addService(identity(protocol, VIP, port), plain, 'rr')
  const first = balancing.find(identity(TCP, VIP, 80))!
  balancing.addDestination(first, addr('10.0.0.1'), 80, ofWeight(1))
  const dest = first.destinations[0]!
  dest.bind()
  balancing.deleteDestination(first, dest)
  for (const other of [balancing.find(identity(TCP, VIP, 81))!, balancing.find(identity(UDP, VIP, 80))!]) {
    balancing.addDestination(other, addr('10.0.0.1'), 80, ofWeight(1))
    t.not(other.destinations[0], dest)
    t.equal(other.destinations[0]!.totalConns, 0)
  }
})

t.test('revived by a real server’s address that a new one might not have', async t => {
  const { balancing, broadcasts } = make()
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  const service = balancing.find(identity(TCP, VIP, 80))!
  balancing.addDestination(service, addr('10.0.3.255'), 80, ofWeight(1))
  balancing.deleteDestination(service, service.destinations[0]!)
  broadcasts.add(addr('10.0.3.255'))
  t.equal(balancing.addDestination(service, addr('10.0.3.255'), 81, ofWeight(1)), 'EINVAL', 'a new one')
  t.equal(
    balancing.addDestination(service, addr('10.0.3.255'), 80, ofWeight(1)),
    undefined,
    '§2.7: it is not checked again',
  )
})

t.test('one nobody refers to is forgotten after a sweep has seen it and two minutes more', async t => {
  const { balancing } = make()
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  const service = balancing.find(identity(TCP, VIP, 80))!
  const revivedAfter = (minutes: number): boolean => {
    balancing.addDestination(service, addr('10.0.0.1'), 80, ofWeight(1))
    const dest = service.destinations[0]!
    balancing.deleteDestination(service, dest)
    for (let i = 0; i < minutes; i++) balancing.poll((now += 60_000))
    balancing.addDestination(service, addr('10.0.0.1'), 80, ofWeight(1))
    const revived = service.destinations[0] === dest
    balancing.deleteDestination(service, service.destinations[0]!)
    for (let i = 0; i < 5; i++) balancing.poll((now += 60_000))
    return revived
  }
  let now = 0
  t.strictSame([0, 1, 2, 3, 4].map(revivedAfter), [true, true, true, false, false])
})

t.test(
  'zero hides what the last snapshot showed: of a service with its destinations, or of all with the totals',
  async t => {
    const { balancing } = make()
    balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
    balancing.addService(identity(TCP, VIP, 81), plain, 'rr')
    const [first, second] = [balancing.find(identity(TCP, VIP, 80))!, balancing.find(identity(TCP, VIP, 81))!]
    for (const service of [first, second]) balancing.addDestination(service, addr('10.0.0.1'), 80, ofWeight(1))
    const rows = [
      first.counters,
      first.destinations[0]!.counters,
      second.counters,
      second.destinations[0]!.counters,
      TOTALS,
    ]
    const shown = (): number[] => rows.map(row => balancing.counters.shown(row, Counter.IN_BYTES))
    const count = (octets: number): void => {
      for (const { counters, destinations } of [first, second])
        balancing.counters.inboundOf(destinations[0]!.counters, counters, octets)
    }
    count(100)
    t.strictSame(shown(), [0, 0, 0, 0, 0], 'nothing before a tick')
    balancing.counters.tick(1)
    balancing.zero(first)
    t.strictSame(shown(), [0, 0, 100, 100, 200])
    balancing.zero(undefined)
    t.strictSame(shown(), [0, 0, 0, 0, 0])
    count(7)
    balancing.zero(undefined)
    balancing.counters.tick(1)
    t.strictSame(shown(), [7, 7, 7, 7, 14], 'what had been counted since the snapshot re-appears (§11.2)')
  },
)

t.test('reset forgets services, trash and counters, and lets go of the addresses', async t => {
  const { balancing, ownAddresses } = make()
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  const service = balancing.find(identity(TCP, VIP, 80))!
  balancing.addDestination(service, addr('10.0.0.1'), 80, ofWeight(1))
  const dest = service.destinations[0]!
  dest.bind()
  balancing.counters.inboundOf(dest.counters, service.counters, 5)
  balancing.reset()
  t.equal(balancing.count, 0)
  t.notOk(ownAddresses.has(VIP))
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  const again = balancing.find(identity(TCP, VIP, 80))!
  balancing.addDestination(again, addr('10.0.0.1'), 80, ofWeight(1))
  t.not(again.destinations[0], dest)
  t.equal(again.destinations[0]!.totalConns, 0)
  balancing.counters.tick(1)
  t.equal(balancing.counters.shown(TOTALS, Counter.IN_BYTES), 0)
})

const inTunnel = (type: TunnelType, port = 0, flags = 0): DestinationSettings => ({
  ...ofWeight(1),
  method: Method.TUNNEL,
  tunnel: { type, port, flags },
})
const { IPIP, GUE, GRE } = TunnelType

t.test('a tunnel is known by address, type and port, of whatever service, while the newest one has it', async t => {
  const { balancing } = make()
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  balancing.addService(identity(UDP, VIP, 53), plain, 'rr')
  const [first, second] = [balancing.find(identity(TCP, VIP, 80))!, balancing.find(identity(UDP, VIP, 53))!]
  const [one, two, three] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(addr) as [Ipv4Addr, Ipv4Addr, Ipv4Addr]
  balancing.addDestination(first, one, 80, inTunnel(IPIP))
  balancing.addDestination(first, two, 80, inTunnel(GUE, 6080))
  balancing.addDestination(first, three, 80, ofWeight(1))
  balancing.addDestination(second, one, 53, inTunnel(GRE))
  balancing.addDestination(second, two, 53, inTunnel(GUE, 6081))
  const known = (): string[] =>
    [one, two, three].flatMap((at, i) =>
      [IPIP, GUE, GRE].flatMap(type =>
        [0, 6080, 6081, 6082].flatMap(port =>
          balancing.realServers.hasTunnel(at, type, port) ? [`${i + 1} ${type} ${port}`] : [],
        ),
      ),
    )
  t.strictSame(known(), ['1 2 0', '2 1 6080', '2 1 6081'])
  balancing.editDestination(first, first.destination(two, 80)!, inTunnel(GUE, 6082))
  t.strictSame(known(), ['1 2 0', '2 1 6081', '2 1 6082'])
  balancing.editDestination(first, first.destination(one, 80)!, { ...ofWeight(1), method: Method.DIRECT })
  balancing.editDestination(first, first.destination(three, 80)!, inTunnel(IPIP))
  t.strictSame(known(), ['1 2 0', '2 1 6081', '2 1 6082', '3 0 0'])
  balancing.deleteDestination(first, first.destination(two, 80)!)
  t.strictSame(known(), ['1 2 0', '2 1 6081', '3 0 0'])
  balancing.addDestination(first, two, 80, inTunnel(IPIP))
  t.strictSame(known(), ['1 2 0', '2 0 0', '2 1 6081', '3 0 0'], 'back from the trash, another')
  balancing.deleteService(second)
  t.strictSame(known(), ['2 0 0', '3 0 0'])
  balancing.reset()
  t.strictSame(known(), [])
})

t.test('a tunnel that is not told is plain IPIP, edited too; its columns hold every port and flag', async t => {
  const { balancing } = make()
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  const service = balancing.find(identity(TCP, VIP, 80))!
  const at = addr('10.0.0.1')
  balancing.addDestination(service, at, 80, inTunnel(GUE, 65_535, 3))
  const dest = service.destination(at, 80)!
  t.strictSame(dest.tunnel, { type: GUE, port: 65_535, flags: 3 })
  t.strictSame([dest.tunnelType, dest.tunnelPort, dest.tunnelFlags], [GUE, 65_535, 3])
  balancing.editDestination(service, dest, { ...ofWeight(2), method: Method.TUNNEL })
  t.strictSame([dest.tunnel, dest.weight], [{ type: IPIP, port: 0, flags: 0 }, 2])
})

t.test('a refused edit changes neither method nor tunnel', async t => {
  const { balancing } = make()
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  const service = balancing.find(identity(TCP, VIP, 80))!
  balancing.addDestination(service, addr('10.0.0.1'), 80, inTunnel(GRE, 0, 1))
  const dest = service.destination(addr('10.0.0.1'), 80)!
  const asked = { ...ofWeight(7), upperThreshold: 1, lowerThreshold: 2 }
  t.equal(balancing.editDestination(service, dest, asked), 'ERANGE')
  t.strictSame([dest.method, dest.tunnel, dest.weight], [Method.TUNNEL, { type: GRE, port: 0, flags: 1 }, 1])
})

t.test('only NAT’s real servers answer from address and port; whose method is edited follows', async t => {
  const { balancing } = make()
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  const service = balancing.find(identity(TCP, VIP, 80))!
  const at = addr('10.0.0.1')
  balancing.addDestination(service, at, 80, ofWeight(1))
  const dest = service.destination(at, 80)!
  const is = (): boolean => balancing.realServers.answersFrom(TCP, at, 80)
  t.equal(is(), true)
  for (const method of [Method.DIRECT, Method.TUNNEL, Method.FULLNAT]) {
    balancing.editDestination(service, dest, { ...ofWeight(1), method })
    t.equal(is(), false, `method ${method}`)
  }
  balancing.editDestination(service, dest, ofWeight(1))
  t.equal(is(), true)
  t.equal(balancing.realServers.answersFrom(UDP, at, 80), false)
  t.equal(balancing.realServers.answersFrom(TCP, at, 81), false)
  balancing.deleteDestination(service, dest)
  t.equal(is(), false)
})

t.test('local addresses are ours while a service has them, however it goes', async t => {
  const { balancing, ownAddresses } = make()
  const [lip, other] = [addr('10.0.0.201'), addr('10.0.0.202')]
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  balancing.addService(identity(TCP, VIP, 81), plain, 'rr')
  const [first, second] = [80, 81].map(port => balancing.find(identity(TCP, VIP, port))!)
  const ours = (): boolean[] => [lip, other].map(at => ownAddresses.has(at))
  t.equal(balancing.addLocalAddress(first!, lip), undefined)
  t.equal(balancing.addLocalAddress(first!, lip), 'EEXIST')
  t.equal(balancing.addLocalAddress(second!, lip), undefined, 'two services may share one')
  t.equal(balancing.addLocalAddress(first!, other), undefined)
  for (const text of ['0.1.2.3', '127.0.0.1', '127.255.0.1', '224.0.0.1', '255.255.255.255', '10.0.0.255'])
    t.equal(balancing.addLocalAddress(first!, addr(text)), 'EINVAL', text)
  t.strictSame(ours(), [true, true])
  t.equal(balancing.deleteLocalAddress(second!, other), 'ENOENT')
  t.equal(balancing.deleteLocalAddress(first!, lip), undefined)
  t.equal(balancing.deleteLocalAddress(first!, lip), 'ENOENT')
  t.strictSame(ours(), [true, true], 'the other service has it still')
  balancing.deleteService(second!)
  t.strictSame(ours(), [false, true])
  balancing.reset()
  t.strictSame(ours(), [false, false])
  t.notOk(ownAddresses.has(VIP))
})

t.test('a local address is no service’s address and no real server’s of its service', async t => {
  const { balancing, ownAddresses } = make()
  const [otherVip, server, lip] = [addr('10.99.1.101'), addr('10.0.0.1'), addr('10.0.0.201')]
  balancing.addService(identity(TCP, VIP, 80), plain, 'rr')
  balancing.addService(identity(UDP, otherVip, 53), plain, 'rr')
  const [first, second] = [balancing.find(identity(TCP, VIP, 80))!, balancing.find(identity(UDP, otherVip, 53))!]
  balancing.addDestination(first, server, 80, ofWeight(1))
  for (const bad of [VIP, otherVip, server]) t.equal(balancing.addLocalAddress(first, bad), 'EINVAL', formatIpv4(bad))
  t.equal(balancing.addLocalAddress(second, server), undefined, 'another service’s real server')
  ownAddresses.hold(lip)
  t.equal(balancing.addLocalAddress(first, lip), undefined, 'an address of the director')
  balancing.deleteDestination(first, first.destinations[0]!)
  t.equal(balancing.addLocalAddress(first, server), undefined, 'no real server any more')
  for (const bad of [server, lip])
    t.equal(balancing.addDestination(first, bad, 80, ofWeight(1)), 'EINVAL', 'nor the other way round')
  t.strictSame([first.localAddresses, first.destinations], [[lip, server], []])
  balancing.deleteLocalAddress(first, server)
  t.equal(balancing.addDestination(first, server, 80, ofWeight(1)), undefined)
})
