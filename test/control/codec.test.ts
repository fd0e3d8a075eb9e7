import t from 'tap'
import type { Request } from '../../src/control/api.js'
import { decodeRequest, encodeLine, LineSplitter } from '../../src/control/codec.js'

const service = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const
const destination = { address: '10.0.0.2', port: 8080 }
const settings = { scheduler: 'wlc' }
const masq = { method: 'masq', weight: 1 } as const

const REQUESTS: Request[] = [
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
  { op: 'verdicts' },
  { op: 'add-vip', cidr: '10.0.0.0/24' },
  { op: 'delete-vip', cidr: '10.0.0.1' },
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
    { op: 'add-service', service, settings: { scheduler: '' } },
    { op: 'add-service', service, settings: { scheduler: 'r\nr' } },
    { op: 'add-service', service, settings: { scheduler: 'r'.repeat(256) } },
    { op: 'delete-service', service: null },
    { op: 'delete-service', service: [service] },
    { op: 'delete-service', service: { ...service, protocol: 'icmp' } },
    { op: 'delete-service', service: { ...service, address: '10.0.0.300' } },
    { op: 'delete-service', service: { ...service, address: 7 } },
    { op: 'delete-service', service: { ...service, port: '80' } },
    { op: 'delete-service', service: { ...service, port: 65536 } },
    { op: 'delete-service', service: { ...service, port: 1.5 } },
    { op: 'add-destination', service, destination, settings: { method: 'masq', weight: -1 } },
    { op: 'add-destination', service, destination, settings: { method: 'masq', weight: 2147483648 } },
    { op: 'add-destination', service, destination, settings: { method: 'gate', weight: 1 } },
    { op: 'add-destination', service, settings: masq },
    { op: 'connections' },
    { op: 'connections', from: -1 },
    { op: 'add-vip', cidr: '10.0.0.0/33' },
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
