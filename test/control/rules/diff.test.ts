import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  oneof,
  pre,
  record,
} from '../../support/properties.js'
import t from 'tap'
import { allServices } from '../../../src/control/protocol/all-services.js'
import type { Control, RuleChange, ServiceInfo } from '../../../src/control/protocol/api.js'
import { diff } from '../../../src/control/rules/diff.js'
import { BenchDirector, fromClient } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'

const VIPS = ['10.99.1.100', '10.99.1.101', '10.99.1.102', '10.99.1.103']
const service = oneof(
  record({
    protocol: constantFrom('tcp' as const, 'udp' as const),
    address: constantFrom(...VIPS),
    port: constantFrom(80, 81),
  }),
  record({ mark: constantFrom(1, 2) }),
)
const settings = record({
  scheduler: constantFrom('rr', 'wrr', 'mh', 'sh'),
  persistence: constantFrom(0, 300),
  netmask: constantFrom('255.255.255.255', '255.255.255.0'),
  onePacket: boolean(),
  schedFlags: constantFrom(0, 1),
})
const destination = record({
  address: constantFrom('10.99.2.11', '10.99.2.12', '10.99.2.13'),
  port: constantFrom(80, 81),
})
const serverSettings = record({
  method: constantFrom('masq' as const, 'direct' as const, 'tunnel' as const, 'fullnat' as const),
  weight: constantFrom(0, 1, 3),
  upperThreshold: constantFrom(0, 5),
  lowerThreshold: constantFrom(0, 5, 6),
})
/** Local addresses among those that are also services' and real servers'. */
const address = constantFrom('10.99.2.11', '10.99.2.12', '10.99.2.200', ...VIPS.slice(2))
const change: Arbitrary<RuleChange> = oneof(
  record({ op: constant('add-service' as const), service, settings }),
  record({ op: constant('edit-service' as const), service, settings }),
  record({ op: constant('delete-service' as const), service }),
  record({ op: constant('add-destination' as const), service, destination, settings: serverSettings }),
  record({ op: constant('edit-destination' as const), service, destination, settings: serverSettings }),
  record({ op: constant('delete-destination' as const), service, destination }),
  record({ op: constant('add-local-address' as const), service, address }),
  record({ op: constant('delete-local-address' as const), service, address }),
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
  await assert(
    asyncProperty(array(change, { maxLength: 60 }), array(change, { maxLength: 60 }), async (a, b) => {
      const [current, desired] = [new BenchDirector(), new BenchDirector()]
      for (const request of a) current.ask(request)
      for (const request of b) desired.ask(request)
      const wanted = await services(desired.control)
      pre(isSound(wanted))
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
