import t from 'tap'
import type { Request } from '../../../src/control/protocol/api.js'
import { type Decoded, decodeRequest } from '../../../src/control/protocol/codec.js'
import { encodeRequest } from '../../../src/control/protocol/envelope.js'

const service = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const
const destination = { address: '10.0.0.2', port: 8080 }
const settings = { scheduler: 'wlc', persistence: 0, netmask: '255.255.255.0', onePacket: false, schedFlags: 0 }
const masq = { method: 'masq', weight: 1, upperThreshold: 5, lowerThreshold: 10 } as const
const rule = { protocol: 'sctp', to: '10.0.0.0/24', ports: [{ first: 80, last: 80 }], mark: 4294967295 } as const
const timeouts = { tcp: 0, tcpfin: 1, udp: 2678400 }

const REQUESTS: Request[] = [
  { op: 'add-service', service: { mark: 1 }, settings: { ...settings, persistence: 2678400, onePacket: true } },
  { op: 'services', service: { mark: 4294967295 } },
  { op: 'add-service', service, settings },
  { op: 'edit-service', service, settings },
  { op: 'delete-service', service },
  { op: 'flush' },
  { op: 'add-destination', service, destination, settings: masq },
  { op: 'edit-destination', service, destination, settings: masq },
  { op: 'delete-destination', service, destination },
  { op: 'zero' },
  { op: 'zero', service },
  { op: 'services' },
  { op: 'services', service },
  { op: 'services', from: '511:123456789012345:7' },
  { op: 'services', service, from: '0:1' },
  { op: 'batch', requests: [] },
  { op: 'batch', requests: Array.from({ length: 128 }, () => ({ op: 'delete-service' as const, service })) },
  { op: 'batch', requests: [{ op: 'add-destination', service, destination, settings: masq }] },
  { op: 'connections', from: 0 },
  { op: 'end-connections', service, destination, from: 4096 },
  { op: 'end-connections', service: { mark: 1 }, destination, from: 0 },
  { op: 'verdicts' },
  { op: 'add-vip', cidr: '10.0.0.0/24' },
  { op: 'delete-vip', cidr: '10.0.0.1' },
  { op: 'add-route', to: '10.0.0.0/24', gateway: '10.0.0.1', port: 'vec0', mtu: 68 },
  { op: 'add-route', to: '0.0.0.0/0', gateway: '10.0.0.1' },
  { op: 'delete-route', to: '10.0.0.0/24' },
  { op: 'add-mark', rule: { ...rule, ports: [...rule.ports, { first: 0, last: 65535 }] } },
  { op: 'add-mark', rule: { ...rule, ports: [], mark: 0 } },
  { op: 'clear-marks' },
  { op: 'timeouts' },
  { op: 'set-timeouts', timeouts },
  { op: 'sysctls' },
  { op: 'set-sysctl', name: 'sync_threshold', value: '3\t50' },
  { op: 'set-sysctl', name: 'net.ipv4.ip_forward', value: '' },
  { op: 'reset' },
]

function decode(line: string): Decoded {
  return decodeRequest(Buffer.from(line))
}

/** A request in the envelope, whatever it is. */
function decodeMessage(message: object): Decoded {
  return decode(JSON.stringify({ v: 1, ...message }))
}

t.test('each operation comes out as it went in', async t => {
  for (const request of REQUESTS)
    t.strictSame(decode(encodeRequest(request)), { ok: true, request }, JSON.stringify(request))
})

t.test('fields that a parameter does not have are left out', async t => {
  const line =
    '{"v":1,"op":"zero","service":{"protocol":"tcp","address":"10.0.0.1","port":80,"x":1,"__proto__":{"z":3}}}'
  t.strictSame(decode(line), { ok: true, request: { op: 'zero', service } })
  const both = decodeMessage({ op: 'delete-service', service: { mark: 7, ...service } })
  t.strictSame(both, { ok: true, request: { op: 'delete-service', service: { mark: 7 } } }, 'a mark is all there is')
})

t.test('fields that an operation does not have are refused: a misspelt one must not widen it', async t => {
  const message = 'zero.servise: there is no such field'
  t.strictSame(decodeMessage({ op: 'zero', servise: service }), { ok: false, refusal: 'EPROTO', message })
  for (const name of ['__proto__', 'constructor', 'toString'])
    t.match(decode(`{"v":1,"op":"flush","${name}":{"op":"reset"}}`), {
      message: `flush.${name}: there is no such field`,
    })
})

t.test('the id comes back with whatever comes of the request', async t => {
  for (const id of ['', 'a "quoted" é', 0, -7, 2 ** 53 - 1, 'x'.repeat(128)]) {
    t.strictSame(decode(encodeRequest({ op: 'flush' }, id)), { id, ok: true, request: { op: 'flush' } }, String(id))
    t.match(decodeMessage({ id, op: 'nosuch' }), { id, ok: false, refusal: 'EPROTO' })
    t.match(decode(JSON.stringify({ id, op: 'flush' })), { id, ok: false, message: /^a request without "v"/ })
  }
  for (const id of ['1.5', '1e999', '9007199254740993', 'null', 'true', '[]', '{}', `"${'x'.repeat(129)}"`]) {
    const decoded = decode(`{"v":1,"id":${id},"op":"flush"}`)
    t.match(decoded, { ok: false, refusal: 'EPROTO', message: /^id: not a string of at most 128 characters, or/ }, id)
    t.notOk('id' in decoded)
  }
})

t.test('another version, and none, are told what is spoken', async t => {
  const cases: [v: string, theirs: string][] = [
    ['2', 'version 2'],
    ['"1"', 'version "1"'],
    ['1.5', 'version 1.5'],
    ['null', 'version null'],
    ['{"\u00e9":1}', 'version {"?":1}'],
  ]
  const spoken = 'this director speaks version 1 of the protocol, {"v":1,"op":"services"} for example'
  for (const [v, theirs] of cases)
    t.match(decode(`{"v":${v},"op":"flush"}`), { ok: false, refusal: 'EPROTO', message: `${theirs}: ${spoken}` })
  t.match(decode('{"op":"flush"}'), { refusal: 'EPROTO', message: `a request without "v": ${spoken}` })
  t.match(decode('{"__proto__":{"v":1,"op":"flush"}}'), { refusal: 'EPROTO', message: /^a request without "v"/ })
})

t.test('odd lines have a defined end', async t => {
  const flush = { ok: true, request: { op: 'flush' } } as const
  t.strictSame(decode('  {"v":1,\t"op":"flush"} \r'), flush, 'white space, CRLF')
  t.strictSame(
    decode('{"op":"reset","v":7,"v":1,"op":"flush"}'),
    flush,
    'of a field that is there twice the last counts',
  )
  const deep = '['.repeat(30_000) + ']'.repeat(30_000)
  const cases: [line: string | Buffer, message: RegExp][] = [
    ['', /^an empty line$/],
    ['\r', /^not a line of JSON$/],
    ['{"v":1,"op":"flush"}\0', /^not a line of JSON$/],
    ['\ufeff{"v":1,"op":"flush"}', /^not a line of JSON$/],
    ['{"v":1,"op":"flush"}{"v":1,"op":"flush"}', /^not a line of JSON$/],
    [Buffer.from('{"v":1,"id":"\xe9","op":"flush"}', 'latin1'), /^not a line of UTF-8$/],
    [deep, /^not an object$/],
    [`{"v":1,"op":"connections","from":${deep}}`, /^connections.from: not an integer/],
    [`{"v":1,"op":"connections","from":1e400}`, /^connections.from: not an integer/],
    [`{"v":1,"op":"connections","from":${'9'.repeat(60_000)}}`, /^connections.from: not an integer/],
    ['{"v":1,"op":"x\\ny\u00e9"}', /^no such operation: 'x\?y\?'$/],
  ]
  for (const [line, message] of cases)
    t.match(decodeRequest(Buffer.from(line)), { ok: false, refusal: 'EPROTO', message }, String(line).slice(0, 40))
})

t.test('anything else is EPROTO, with one line that says why', async t => {
  const lines: unknown[] = [
    null,
    [],
    'flush',
    7,
    {},
    { op: 7 },
    { op: 'nosuch' },
    { op: 'constructor' },
    { op: '__proto__' },
    { op: 'add-service' },
    { op: 'add-service', service },
    { op: 'add-service', service, settings: { ...settings, scheduler: '' } },
    { op: 'add-service', service, settings: { ...settings, scheduler: 'r\nr' } },
    { op: 'add-service', service, settings: { ...settings, scheduler: 'r'.repeat(256) } },
    { op: 'delete-service', service: null },
    { op: 'delete-service', service: [service] },
    { op: 'delete-service', service: { ...service, protocol: 'icmp' } },
    { op: 'delete-service', service: { ...service, address: '10.0.0.300' } },
    { op: 'delete-service', service: { ...service, address: 7 } },
    { op: 'delete-service', service: { ...service, port: '80' } },
    { op: 'delete-service', service: { ...service, port: 65536 } },
    { op: 'delete-service', service: { ...service, port: 1.5 } },
    { op: 'add-destination', service, destination, settings: { ...masq, weight: -1 } },
    { op: 'add-destination', service, destination, settings: { ...masq, weight: 2147483648 } },
    { op: 'add-destination', service, destination, settings: { ...masq, method: 'gate' } },
    { op: 'add-destination', service, settings: masq },
    ...[
      { persistence: -1 },
      { persistence: 2678401 },
      { persistence: '360' },
      { netmask: 24 },
      { netmask: '255.255.255' },
      { netmask: '::' },
      { netmask: undefined },
      { onePacket: 1 },
      { onePacket: undefined },
      { schedFlags: 8 },
      { schedFlags: undefined },
    ].map(wrong => ({ op: 'edit-service', service, settings: { ...settings, ...wrong } })),
    ...[
      { upperThreshold: -1 },
      { upperThreshold: 2147483648 },
      { upperThreshold: undefined },
      { lowerThreshold: 0.5 },
      { lowerThreshold: '1' },
      { lowerThreshold: 2147483648 },
    ].map(wrong => ({ op: 'edit-destination', service, destination, settings: { ...masq, ...wrong } })),
    ...[0, 4294967296, '7', null, -1].map(mark => ({ op: 'zero', service: { mark } })),
    ...[0, '', '7', '1:2:3:4', '-1:2', '1000:2', '1:1234567890123456', null].map(from => ({ op: 'services', from })),
    { op: 'batch' },
    { op: 'batch', requests: {} },
    ...[
      null,
      'flush',
      {},
      { op: 'flush' },
      { op: 'zero' },
      { op: 'batch', requests: [] },
      { op: 'delete-service' },
      { op: 'constructor' },
    ].map(wrong => ({ op: 'batch', requests: [{ op: 'delete-service', service }, wrong] })),
    { op: 'batch', requests: Array.from({ length: 129 }, () => ({ op: 'delete-service', service })) },
    { op: 'add-mark' },
    ...[
      { protocol: 'ip' },
      { to: '10.0.0.300' },
      { to: undefined },
      { mark: -1 },
      { mark: 4294967296 },
      { ports: undefined },
      { ports: { length: 0 } },
      { ports: [80] },
      { ports: [{ first: 80 }] },
      { ports: [{ first: 81, last: 80 }] },
      { ports: [{ first: 0, last: 65536 }] },
      { ports: Array.from({ length: 16 }, () => ({ first: 1, last: 1 })) },
    ].map(wrong => ({ op: 'add-mark', rule: { ...rule, ...wrong } })),
    { op: 'set-timeouts' },
    { op: 'set-timeouts', timeouts: { ...timeouts, tcp: -1 } },
    { op: 'set-timeouts', timeouts: { ...timeouts, tcpfin: 2678401 } },
    { op: 'set-timeouts', timeouts: { ...timeouts, udp: undefined } },
    { op: 'set-sysctl', name: 'drop_entry' },
    { op: 'set-sysctl', name: 'drop_entry', value: 1 },
    { op: 'set-sysctl', name: '', value: '1' },
    { op: 'set-sysctl', name: 'a b', value: '1' },
    { op: 'set-sysctl', name: 'drop_entry', value: '1\n2' },
    { op: 'set-sysctl', name: 'drop_entry', value: '1'.repeat(256) },
    { op: 'connections' },
    { op: 'connections', from: -1 },
    { op: 'end-connections', service, destination },
    { op: 'end-connections', service, destination, from: 0.5 },
    { op: 'end-connections', service, from: 0 },
    { op: 'end-connections', destination, from: 0 },
    { op: 'add-vip', cidr: '10.0.0.0/33' },
    { op: 'add-route', port: 'vec0' },
    { op: 'add-route', to: '10.0.0.0/33', port: 'vec0' },
    ...['', 'a b', 'a@b', 'a,mtu=9', 'a'.repeat(16), 7].map(port => ({ op: 'add-route', to: '10.0.0.0/8', port })),
    ...[67, 65536, '1500', 99.5].map(mtu => ({ op: 'add-route', to: '10.0.0.0/8', port: 'vec0', mtu })),
    { op: 'add-route', to: '10.0.0.0/8', gateway: 'x' },
    { op: 'delete-route', to: 'default' },
    { op: 'add-vip', cidr: '10.0.0.0/2/4' },
    { op: 'add-vip', cidr: '10.0.0.0/' },
    { op: 'add-vip', cidr: 7 },
  ]
  const sent = lines.map(line => JSON.stringify(typeof line === 'object' ? { v: 1, ...line } : line))
  for (const line of [...sent, '', 'null', '[]', 'GET / HTTP/1.1', '{"op":', '\0\xff']) {
    const decoded = decode(line)
    t.match(decoded, { ok: false, refusal: 'EPROTO', message: /^[ -~]+$/ }, line)
    t.notMatch(decoded, { message: /"v"/ }, line)
  }
})
