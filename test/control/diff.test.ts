import fc from 'fast-check'
import t from 'tap'
import { allServices } from '../../src/control/all-services.js'
import type { Control, RuleChange, ServiceInfo } from '../../src/control/api.js'
import { diff } from '../../src/control/diff.js'
import { BenchDirector, fromClient } from '../support/bench-director.js'
import { tcp4 } from '../support/frames.js'

const VIPS = ['10.99.1.100', '10.99.1.101', '10.99.1.102', '10.99.1.103']
const service = fc.oneof(
  fc.record({
    protocol: fc.constantFrom('tcp' as const, 'udp' as const),
    address: fc.constantFrom(...VIPS),
    port: fc.constantFrom(80, 81),
  }),
  fc.record({ mark: fc.constantFrom(1, 2) }),
)
const settings = fc.record({
  scheduler: fc.constantFrom('rr', 'wrr', 'mh', 'sh'),
  persistence: fc.constantFrom(0, 300),
  netmask: fc.constantFrom('255.255.255.255', '255.255.255.0'),
  onePacket: fc.boolean(),
  schedFlags: fc.constantFrom(0, 1),
})
const destination = fc.record({
  address: fc.constantFrom('10.99.2.11', '10.99.2.12', '10.99.2.13'),
  port: fc.constantFrom(80, 81),
})
const serverSettings = fc.record({
  method: fc.constantFrom('masq' as const, 'direct' as const, 'tunnel' as const, 'fullnat' as const),
  weight: fc.constantFrom(0, 1, 3),
  upperThreshold: fc.constantFrom(0, 5),
  lowerThreshold: fc.constantFrom(0, 5, 6),
})
/** Local addresses among those that are also services' and real servers'. */
const address = fc.constantFrom('10.99.2.11', '10.99.2.12', '10.99.2.200', ...VIPS.slice(2))
const change: fc.Arbitrary<RuleChange> = fc.oneof(
  fc.record({ op: fc.constant('add-service' as const), service, settings }),
  fc.record({ op: fc.constant('edit-service' as const), service, settings }),
  fc.record({ op: fc.constant('delete-service' as const), service }),
  fc.record({ op: fc.constant('add-destination' as const), service, destination, settings: serverSettings }),
  fc.record({ op: fc.constant('edit-destination' as const), service, destination, settings: serverSettings }),
  fc.record({ op: fc.constant('delete-destination' as const), service, destination }),
  fc.record({ op: fc.constant('add-local-address' as const), service, address }),
  fc.record({ op: fc.constant('delete-local-address' as const), service, address }),
)

async function services(control: Control): Promise<ServiceInfo[]> {
  const reply = await allServices(control)
  if (!reply.ok) throw new Error(reply.message)
  return reply.value
}

/** Rules as they count: no order, and no mask without persistence. */
const rules = (list: readonly ServiceInfo[]): string[] =>
  list
    .map(info => ({
      ...info,
      netmask: info.persistence === 0 ? '' : info.netmask,
      localAddresses: info.localAddresses?.toSorted(),
      destinations: info.destinations.map(dest => JSON.stringify(dest)).toSorted(),
    }))
    .map(info => JSON.stringify(info))
    .toSorted()

/** No service at an address that is some service's local address: no order of adding them would do. */
const isSound = (list: readonly ServiceInfo[]): boolean =>
  list.every(info => !list.some(other => 'address' in info && other.localAddresses?.includes(info.address)))

t.test('what the difference of two rule sets asks for is done whole, and makes the one the other', async t => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 60 }), fc.array(change, { maxLength: 60 }), async (a, b) => {
      const [current, desired] = [new BenchDirector(), new BenchDirector()]
      for (const request of a) current.ask(request)
      for (const request of b) desired.ask(request)
      const wanted = await services(desired.control)
      fc.pre(isSound(wanted))
      for (const { request } of diff(await services(current.control), wanted).flat())
        t.equal(current.ask(request), null, JSON.stringify(request))
      const made = await services(current.control)
      t.strictSame(rules(made), rules(wanted))
      t.strictSame(diff(made, wanted), [], 'and then there is nothing to do')
    }),
    { numRuns: 300 },
  )
})

t.test(
  'additions come before deletions, edits to weight 0 behind others, and each tells its live connections',
  async t => {
    const bench = new BenchDirector()
    bench.serve('tcp', '10.99.1.100:80', '10.99.2.11:80', '10.99.2.12:80 3', '10.99.2.13:80')
    bench.serve('tcp', '10.99.1.101:80', '10.99.2.11:80')
    for (let port = 1; port < 9; port++) bench.receive('c', tcp4(`10.99.1.10:${port} > 10.99.1.100:80`, fromClient))
    bench.receive('c', tcp4('10.99.1.10:1 > 10.99.1.101:80', fromClient))
    bench.take()
    const desired = new BenchDirector()
    desired.serve('tcp', '10.99.1.100:80', '10.99.2.12:80 0', '10.99.2.13:80 2', '10.99.2.14:80')
    const changes = diff(bench.services() as ServiceInfo[], desired.services() as ServiceInfo[]).flat()
    t.strictSame(
      changes.map(({ request, connections }) => [
        request.op,
        'destination' in request ? request.destination.address : '',
        connections,
      ]),
      [
        ['add-destination', '10.99.2.14', 0],
        ['edit-destination', '10.99.2.13', 3],
        ['edit-destination', '10.99.2.12', 3],
        ['delete-destination', '10.99.2.11', 2],
        ['delete-service', '', 1],
      ],
    )
    t.match(changes[1]!.was, { weight: 1 })
  },
)
