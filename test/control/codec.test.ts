import t from 'tap'
import type { Request } from '../../src/control/api.js'
import { decodeRequest, encodeLine, LineSplitter } from '../../src/control/codec.js'

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

t.test('each operation comes out as it went in', async t => {
  for (const request of REQUESTS)
    t.strictSame(decodeRequest(encodeLine(request)), { ok: true, request }, JSON.stringify(request))
})

t.test('fields that an operation does not have are left out', async t => {
  const line =
    '{"op":"zero","service":{"protocol":"tcp","address":"10.0.0.1","port":80,"x":1},"y":2,"__proto__":{"z":3}}'
  const decoded = decodeRequest(line)
  t.strictSame(decoded, { ok: true, request: { op: 'zero', service } })
  const both = decodeRequest(JSON.stringify({ op: 'delete-service', service: { mark: 7, ...service } }))
  t.strictSame(both, { ok: true, request: { op: 'delete-service', service: { mark: 7 } } }, 'a mark is all there is')
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
  for (const line of [...lines.map(line => JSON.stringify(line)), '', 'GET / HTTP/1.1', '{"op":', '\0\xff'])
    t.match(decodeRequest(line), { ok: false, refusal: 'EPROTO', message: /^[ -~]+$/ }, line)
})

t.test('a stream is cut into lines wherever its chunks end', async t => {
  const text = 'one\n\nthree é\nfour'
  for (let size = 1; size <= text.length + 1; size++) {
    const splitter = new LineSplitter(100)
    const bytes = Buffer.from(text)
    const lines: string[] = []
    for (let at = 0; at < bytes.length; at += size)
      lines.push(...(splitter.push(bytes.subarray(at, at + size)) ?? ['?']))
    t.strictSame(lines, ['one', '', 'three é'], `${size} bytes at a time`)
  }
})

function line(length: number): Buffer {
  return Buffer.alloc(length, 'x')
}

t.test('a line that is too long is refused, ended or not', async t => {
  t.strictSame(new LineSplitter(4).push(Buffer.from('1234\n')), ['1234'])
  t.equal(new LineSplitter(4).push(Buffer.from('12345\n')), undefined)
  t.equal(new LineSplitter(4).push(line(5)), undefined)
  const slowly = new LineSplitter(4)
  t.strictSame(slowly.push(line(3)), [])
  t.equal(slowly.push(line(2)), undefined)
})
