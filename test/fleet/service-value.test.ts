import t from 'tap'
import type { FleetKv } from '../../src/fleet/fleet-rules.js'
import { FleetKeys } from '../../src/fleet/fleet-keys.js'
import { fleetRules, serviceIdentity } from '../../src/fleet/fleet-rules.js'
import { serviceRequests } from '../../src/fleet/service-requests.js'
import { noteText } from '../../src/fleet/write/write-note.js'
import { decodeService, encodeService, type FleetService } from '../../src/fleet/service-value.js'

const KEY = '/uvs/site1/services/web'
const WEB = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const
const SETTINGS = { scheduler: 'wlc', persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }
const SERVER = {
  address: '10.0.1.1',
  port: 80,
  method: 'direct',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
} as const

const decoded = (service: object, version = 1): FleetService => decodeService(KEY, JSON.stringify({ version, service }))

const kv = (key: string, value: string): FleetKv => ({ key, value, modRevision: 3 })
const value = (service: object): string => JSON.stringify({ version: 1, service })

t.test('what is left out is as ipvsadm has it', async t => {
  t.strictSame(decoded(WEB), { ...WEB, ...SETTINGS, destinations: [] })
  t.strictSame(decoded({ ...WEB, destinations: [{ address: '10.0.1.1', port: 80 }] }).destinations, [SERVER])
  t.equal(decoded({ protocol: 'udp', address: '2001:db8::1', port: 53 }).netmask, '128')
  t.equal(decoded({ mark: 7, family: 6 }).netmask, '128')
})

t.test('what is written is read again, counts of a listing are passed over', async t => {
  const all = {
    ...WEB,
    ...SETTINGS,
    clientAddress: 'toa',
    engine: 'sip',
    localAddresses: ['10.0.0.9'],
    destinations: [
      SERVER,
      { ...SERVER, port: 81, method: 'tunnel', tunnel: { type: 'gue', port: 6080, checksum: 'full' } },
    ],
  }
  const text = encodeService(decoded(all))
  t.strictSame(decodeService(KEY, text), all)
  t.equal(encodeService(decodeService(KEY, text)), text)
  t.equal(text.split('\n').length, 4, 'a real server a line')
  const counted = {
    ...all,
    stats: {},
    rates: {},
    destinations: all.destinations.map(each => ({
      ...each,
      activeConns: 3,
      inactConns: 1,
      persistConns: 0,
      stats: {},
      rates: {},
    })),
  }
  t.equal(encodeService(counted as never), text)
  t.strictSame(decoded(counted), all)
})

t.test('what is wrong is named with the key and the word', async t => {
  const cases: [string, RegExp][] = [
    ['', /no JSON/],
    ['{"version":1,"service":{"protocol":"tc', /no JSON/],
    ['[]', /not an object/],
    ['{"service":{"mark":1}}', /version: not 1/],
    ['{"version":2,"service":{"mark":1}}', /version: 2 is of a newer uvs, this one knows 1/],
    ['{"version":1}', /service: not an object/],
    ['{"version":1,"service":{"mark":1},"x":1}', /x: there is no such field; those there are: version service/],
    ['{"version":1,"service":{"mark":0}}', /service\.mark: not an integer from 1/],
    ['{"version":1,"service":{"mark":1,"schedular":"rr"}}', /service\.schedular: there is no such field.* scheduler /],
    ['{"version":1,"service":{"mark":1,"scheduler":7}}', /service\.scheduler: not a name/],
    ['{"version":1,"service":{"mark":1,"destinations":{}}}', /service\.destinations: not a list/],
    [
      '{"version":1,"service":{"mark":1,"destinations":[{"address":"10.0.0.1","port":80},{"address":"x","port":80}]}}',
      /service\.destinations\[1\]\.address: not an address/,
    ],
    [
      '{"version":1,"service":{"mark":1,"destinations":[{"address":"10.0.0.1","port":80,"wait":1}]}}',
      /destinations\[0\]\.wait: there is no such field/,
    ],
    [
      '{"version":1,"service":{"mark":1,"destinations":[{"address":"10.0.0.1","port":80,"weight":-1}]}}',
      /destinations\[0\]\.weight: not an integer/,
    ],
    ['{"version":1,"service":{"mark":1,"localAddresses":["x"]}}', /localAddresses\[0\]: not an address/],
    ['{"version":1,"service":{"mark":1,"__proto__":{}}}', /__proto__: there is no such field/],
  ]
  for (const [text, message] of cases) {
    t.throws(() => decodeService(KEY, text), { key: KEY, message }, text)
    t.throws(() => decodeService(KEY, text), { message: /^\/uvs\/site1\/services\/web: [^\n]*$/ }, text)
  }
})

t.test('the requests that add a service, so that a listing shows it again', async t => {
  const service = decoded({ ...WEB, localAddresses: ['10.0.0.9'], destinations: [SERVER, { ...SERVER, port: 81 }] })
  t.match(serviceRequests(service), [
    { op: 'add-service', service: WEB, settings: SETTINGS },
    { op: 'add-local-address', service: WEB, address: '10.0.0.9' },
    { op: 'add-destination', service: WEB, destination: { port: 81 } },
    { op: 'add-destination', service: WEB, destination: { address: '10.0.1.1', port: 80 }, settings: { weight: 1 } },
  ])
})

const NOTE = noteText({
  version: 1,
  id: '0123456789abcdef',
  by: 'root@a',
  at: '2026-11-30T05:00:00Z',
  command: 'uvs fleet apply',
  changes: 2,
  unfinished: { done: 1, of: 2 },
})

t.test('the keys of a prefix', async t => {
  const keys = new FleetKeys('/uvs/site1/')
  t.equal(keys.service('web'), KEY)
  for (const prefix of ['', '/', 'uvs', '/a b', '/a//', '/ä'])
    t.throws(() => new FleetKeys(prefix), /is no prefix/, prefix)
  const { services, rules, isUnfinished, errors } = fleetRules(keys, [
    kv('/uvs/site1/revision', NOTE),
    kv('/uvs/site1/directors/lb1', '{}'),
    kv('/uvs/site1/rules', '-A -f 9'),
    kv('/uvs/site1/services/a b', value({ mark: 1 })),
    kv('/uvs/site1/services/again', value({ mark: 7 })),
    kv('/uvs/site1/services/mark7', value({ mark: 7 })),
    kv('/uvs/site1/services/rubbish', 'x'),
    kv(KEY, value(WEB)),
    kv('/uvs/site1/unknown', 'x'),
  ])
  t.strictSame(
    [...services].map(([identity, { name }]) => `${identity}: ${name}`),
    ['mark 7: again', 'tcp 10.0.0.1:80: web'],
  )
  t.equal(rules?.value, '-A -f 9')
  t.ok(isUnfinished)
  t.match(
    errors.map(({ message }) => message),
    [
      /services\/a b: the name is not 1 to 128/,
      '/uvs/site1/services/mark7: mark 7 is the service of /uvs/site1/services/again already',
      /services\/rubbish: no JSON/,
    ],
  )
  t.strictSame(
    [
      '/uvs/site1/services/x',
      '/uvs/site1/rules',
      '/uvs/site1/revision',
      '/uvs/site1/directors/x',
      '/uvs/site1/rulesx',
    ].map(key => keys.isOfRules(key)),
    [true, true, true, false, false],
  )
})

t.test('what a service is known by', async t => {
  t.equal(serviceIdentity(WEB), 'tcp 10.0.0.1:80')
  t.equal(serviceIdentity({ protocol: 'udp', address: '2001:db8::1', port: 53 }), 'udp [2001:db8::1]:53')
  t.equal(serviceIdentity({ mark: 7, family: 6 }), 'mark 7 of IPv6')
})
