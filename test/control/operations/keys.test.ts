import t from 'tap'
import {
  addressOf,
  cidrOf,
  destinationSettings,
  findDestination,
  findService,
  markRule,
  methodName,
  portOf,
  protocolName,
  serviceIdentity,
  serviceSettings,
  tunnelInfo,
} from '../../../src/control/operations/keys.js'
import { Refused } from '../../../src/control/protocol/refusal.js'
import { ClientAddress, Method, PLAIN_IPIP } from '../../../src/service/method.js'
import { BenchDirector, VIP } from '../../support/bench-director.js'
import * as support from '../../support/settings.js'

/** With what it is refused, or 'taken'. */
function refusal(read: () => unknown): string {
  try {
    read()
    return 'taken'
  } catch (error) {
    return error instanceof Refused ? error.refusal : String(error)
  }
}

t.test('a service is known by protocol, address and port, or by its mark alone', async t => {
  for (const [protocol, number] of [
    ['tcp', 6],
    ['udp', 17],
    ['sctp', 132],
  ] as const) {
    const identity = serviceIdentity({ protocol, address: '198.51.100.1', port: 80 })
    t.strictSame(identity, { protocol: number, addr: 0xc6336401 | 0, port: 80, mark: 0 })
    t.equal(protocolName(number), protocol)
  }
  t.strictSame(serviceIdentity({ mark: 2 ** 32 - 1 }), { protocol: 6, addr: 0, port: 0, mark: 2 ** 32 - 1 })
})

t.test('marks are 1 to 2^32 − 1, ports 0 to 65535, addresses dotted', async t => {
  for (const mark of [0, -1, 2 ** 32, 1.5, NaN])
    t.equal(
      refusal(() => serviceIdentity({ mark })),
      'EINVAL',
      `${mark}`,
    )
  for (const port of [-1, 65_536, 0.5, NaN, Infinity])
    t.equal(
      refusal(() => portOf(port)),
      'EINVAL',
      `port ${port}`,
    )
  for (const port of [0, 1, 65_535]) t.equal(portOf(port), port)
  for (const text of ['', '10.0.0', '10.0.0.256', 'host', '10.0.0.1/8'])
    t.equal(
      refusal(() => addressOf(text)),
      'EINVAL',
      text,
    )
  t.equal(addressOf('255.255.255.255'), -1)
  t.equal(
    refusal(() => cidrOf('10.0.0.0/33')),
    'EINVAL',
  )
})

t.test('a service’s settings are taken as they are, within their ranges', async t => {
  const given = support.serviceSettings('rr', {
    persistence: 360,
    netmask: '255.255.0.0',
    onePacket: true,
    schedFlags: 5,
    clientAddress: 'proxy-v2',
  })
  const numbers = { persistence: 360, netmask: -65_536, onePacket: true, schedFlags: 5 }
  t.strictSame(serviceSettings(given), { ...numbers, clientAddress: ClientAddress.PROXY_V2 })
  for (const wrong of [
    { persistence: -1 },
    { persistence: 2 ** 31 },
    { schedFlags: 8 },
    { schedFlags: -1 },
    { netmask: 'x' },
  ])
    t.equal(
      refusal(() => serviceSettings({ ...given, ...wrong })),
      'EINVAL',
      JSON.stringify(wrong),
    )
})

t.test('weights and thresholds are 0 to 2^31 − 1: ERANGE and EINVAL otherwise', async t => {
  const most = 2 ** 31 - 1
  const given = support.destinationSettings(most, { upperThreshold: most, lowerThreshold: most })
  const plain = { method: Method.MASQ, tunnel: PLAIN_IPIP, weight: most }
  t.strictSame(destinationSettings(given), { ...plain, upperThreshold: most, lowerThreshold: most })
  for (const [wrong, errno] of [
    [{ weight: -1 }, 'ERANGE'],
    [{ weight: 2 ** 31 }, 'ERANGE'],
    [{ weight: 1.5 }, 'ERANGE'],
    [{ upperThreshold: 2 ** 31 }, 'EINVAL'],
    [{ lowerThreshold: -1 }, 'EINVAL'],
    [{ weight: -1, upperThreshold: -1 }, 'ERANGE'],
  ] as const)
    t.equal(
      refusal(() => destinationSettings({ ...given, ...wrong })),
      errno,
      JSON.stringify(wrong),
    )
})

t.test('methods and tunnels have the kernel’s numbers, and their names back; GUE needs a port', async t => {
  for (const [method, number] of Object.entries({ masq: 0, tunnel: 2, direct: 3, fullnat: 5 } as const)) {
    const settings = support.destinationSettings(1, { method: method as 'masq' })
    t.equal(destinationSettings(settings).method, number)
    t.equal(methodName(number), method)
  }
  const tunnels = [
    [
      { type: 'ipip', port: 0, checksum: 'none' },
      { type: 0, port: 0, flags: 0 },
    ],
    [
      { type: 'gue', port: 6080, checksum: 'remote' },
      { type: 1, port: 6080, flags: 2 },
    ],
    [
      { type: 'gre', port: 0, checksum: 'full' },
      { type: 2, port: 0, flags: 1 },
    ],
  ] as const
  for (const [tunnel, numbers] of tunnels) {
    t.strictSame(destinationSettings(support.destinationSettings(1, { method: 'tunnel', tunnel })).tunnel, numbers)
    t.strictSame(tunnelInfo(numbers), tunnel)
  }
  const portless = support.destinationSettings(1, {
    method: 'tunnel',
    tunnel: { type: 'gue', port: 0, checksum: 'none' },
  })
  t.equal(
    refusal(() => destinationSettings(portless)),
    'EINVAL',
  )
})

const ruleRefusal = (more: object): string =>
  refusal(() => markRule({ protocol: 'tcp', to: '192.0.2.1', ports: [], mark: 1, ...more }))

t.test('a rule of marks has a protocol, a network, ports and a mark, 0 too', async t => {
  const rule = markRule({ protocol: 'sctp', to: '192.0.2.0/24', ports: [{ first: 1, last: 9 }], mark: 0 })
  t.equal(rule.protocol, 132)
  t.strictSame(rule.ports, [{ first: 1, last: 9 }])
  t.strictSame([rule.to.addr, rule.to.mask, rule.mark], [0xc0000200 | 0, -256, 0])
  t.equal(ruleRefusal({}), 'taken')
  t.equal(ruleRefusal({ mark: 2 ** 32 }), 'EINVAL')
  t.equal(ruleRefusal({ mark: -1 }), 'EINVAL')
  t.equal(ruleRefusal({ to: '192.0.2' }), 'EINVAL')
  t.equal(ruleRefusal({ ports: [{ first: 0, last: 65_536 }] }), 'EINVAL')
})

t.test('what is not there: ESRCH for a service, ENOENT for a destination', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  const key = { protocol: 'tcp', address: VIP, port: 80 } as const
  const service = findService(bench.director, key)
  t.equal(service.port, 80)
  t.equal(findDestination(service, { address: '10.99.2.11', port: 80 }), service.destinations[0])
  t.equal(
    refusal(() => findService(bench.director, { ...key, port: 81 })),
    'ESRCH',
  )
  t.equal(
    refusal(() => findService(bench.director, { mark: 1 })),
    'ESRCH',
  )
  t.equal(
    refusal(() => findDestination(service, { address: '10.99.2.11', port: 81 })),
    'ENOENT',
  )
  t.equal(
    refusal(() => findDestination(service, { address: '10.99.2.12', port: 80 })),
    'ENOENT',
  )
})
