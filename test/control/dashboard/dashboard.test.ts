import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { SHAPES } from '../../../src/control/protocol/operations.js'
import type { ConnectionInfo, Control, Request } from '../../../src/control/protocol/api.js'
import { BenchDirector, fromClient } from '../../support/bench-director.js'
import { tcp4, udp4 } from '../../support/frames.js'
import { ask, PAGE, post, SCRIPT, serveDashboard } from './serve.js'

const ROUTES = fileURLToPath(new URL('../../../../src/web/src/pure/routes.ts', import.meta.url))
const { control } = new BenchDirector()

t.test('every view has a URL; files have their type, are compressed and kept', async t => {
  const port = await serveDashboard(t, { control })
  for (const path of ['/', '/services', '/services/', '/service?of=tcp/10.0.0.1:80', '/index.html', '/?theme=dark']) {
    const page = await ask(port, path)
    t.match(page, { status: 200, text: PAGE, headers: { 'content-type': 'text/html; charset=utf-8' } }, path)
    t.equal(page.headers['cache-control'], 'no-cache')
  }
  const { PAGES } = /PAGES = (?<PAGES>\[.*\])/.exec(readFileSync(ROUTES, 'utf8'))!.groups as { PAGES: string }
  for (const view of JSON.parse(PAGES.replaceAll("'", '"')) as string[])
    t.equal((await ask(port, `/${view === 'overview' ? '' : view}`)).status, 200, view)
  for (const path of ['/nothing', '/overview', '/services/x', '/services/tcp/10.0.0.1:80', '//services/x'])
    t.match(await ask(port, path), { status: 404, text: PAGE }, `${path}: the page says so, too`)
  const script = await ask(port, '/assets/index-B3hx0aZ_.js', { headers: { 'accept-encoding': 'gzip, br' } })
  t.match(script.headers, {
    'content-type': 'text/javascript; charset=utf-8',
    'content-encoding': 'gzip',
    'cache-control': /immutable/,
  })
  t.equal(gunzipSync(Buffer.from(script.text, 'latin1')).toString(), SCRIPT)
  t.equal((await ask(port, '/assets/index-B3hx0aZ_.js')).text, SCRIPT)
  const etag = String(script.headers['etag'])
  const again = await ask(port, '/assets/index-B3hx0aZ_.js', {
    headers: { 'accept-encoding': 'gzip', 'if-none-match': etag },
  })
  t.match(again, { status: 304, text: '' })
  const head = await ask(port, '/', { method: 'HEAD' })
  t.match(head, { status: 200, text: '', headers: { 'content-length': String(PAGE.length) } })
})

t.test('settings: what was given, timeouts and sysctls; nothing where it is not known', async t => {
  const none = { options: [], interfaces: [], addresses: ['10.0.0.1/24'], routes: [], neighbours: [], changes: [] }
  const [sure, bare] = [await serveDashboard(t, { control, given: () => none }), await serveDashboard(t, { control })]
  const { json } = await ask(sure, '/api/settings')
  t.match(json, { ...none, timeouts: { tcp: 900 } })
  t.ok((json as { sysctls: string[][] }).sysctls.some(([name]) => name === 'drop_entry'))
  t.strictSame(Object.keys((await ask(bare, '/api/settings')).json as object), ['timeouts', 'sysctls', 'network'])
  t.equal((await post(sure, '/api/settings', {})).status, 405)
  t.equal((await ask(sure, '/api/settings', { headers: { 'sec-fetch-site': 'cross-site' } })).status, 403)
})

t.test('there is nothing else', async t => {
  const port = await serveDashboard(t, { control })
  for (const path of ['/secret.map', '/..%2f..%2fpackage.json', '/../../package.json', '/assets/../index.htm', '/x.js'])
    t.equal((await ask(port, path)).status, 404, path)
  t.equal((await ask(port, '/api/none')).status, 404)
  t.equal((await ask(port, '/metrics')).status, 200)
  t.equal((await ask(port, '/healthz')).text, 'ok\n')
  t.match(await ask(await serveDashboard(t, { control, folder: '/nonexistent' }), '/'), {
    status: 503,
    text: /not in dist\/web/,
  })
})

t.test('every answer forbids what is of another site', async t => {
  const port = await serveDashboard(t, { control })
  const bad = { headers: { host: 'evil.example' } }
  for (const [path, asked] of [
    ['/'],
    ['/x.js'],
    ['/api/none'],
    ['/api/session'],
    ['/', bad],
    ['/', { method: 'DELETE' }],
    ['/api/read', { method: 'POST', body: '{' }],
    ['/api/live?sort=x'],
  ] as const) {
    const { headers } = await ask(port, path, asked)
    t.match(
      headers['content-security-policy'],
      /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/,
      path,
    )
    t.match(headers, {
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
  }
})

t.test('it is asked for by addresses, localhost, and names that it was given', async t => {
  const port = await serveDashboard(t, { control, names: ['LB1.example.net'] })
  const hosts: [string, number][] = [
    ['127.0.0.1', 200],
    [`127.0.0.1:${port}`, 200],
    [`[::1]:${port}`, 200],
    ['192.0.2.7:9100', 200],
    ['LocalHost:9100', 200],
    ['lb1.EXAMPLE.net:80', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example:9100', 403],
    ['127.0.0.1@evil.example', 403],
    ['[evil]', 403],
    ['2130706433', 403],
  ]
  for (const [host, status] of hosts)
    for (const path of ['/', '/api/session'])
      t.equal((await ask(port, path, { headers: { host } })).status, status, `${host} ${path}`)
  t.match((await ask(port, '/', { headers: { host: 'evil.example' } })).json, {
    message: /^Host 'evil.example' is not served: .*--http-host NAME$/,
  })
})

t.test('pages of other sites get nothing but the page itself', async t => {
  const port = await serveDashboard(t, { control })
  const own = `http://127.0.0.1:${port}`
  const headers: [Record<string, string>, number][] = [
    [{}, 200],
    [{ 'sec-fetch-site': 'same-origin', origin: own }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: `http://127.0.0.1:${port + 1}` }, 403],
    [{ origin: 'null' }, 403],
  ]
  for (const [sent, status] of headers) {
    const name = JSON.stringify(sent)
    t.equal((await post(port, '/api/read', { op: 'totals' }, sent)).status, status, name)
    t.equal((await ask(port, '/api/session', { headers: sent })).status, status, name)
    t.equal((await ask(port, '/assets/index-B3hx0aZ_.js', { headers: sent })).status, status, name)
    t.equal((await ask(port, '/services', { headers: sent })).status, 200, name)
  }
})

t.test('a request is answered as on the control socket', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', '10.99.1.100:80', '10.99.2.11:8000')
  const port = await serveDashboard(t, { control: bench.control })
  const reads: Request[] = [
    { op: 'services' },
    { op: 'totals' },
    { op: 'connections', from: 0 },
    { op: 'sysctls' },
    { op: 'drops' },
  ]
  for (const request of reads)
    t.same((await post(port, '/api/read', request)).json, await bench.control.call(request), request.op)
  t.match((await post(port, '/api/read', { op: 'health' })).json, { ok: false, refusal: 'EOPNOTSUPP' })
  t.match(await post(port, '/api/read', { op: 'totals', x: 1 }), {
    status: 400,
    json: { message: 'totals.x: there is no such field' },
  })
  t.match(await post(port, '/api/read', '[]'), { status: 400 })
  t.match(await post(port, '/api/read', `{"op":"totals","x":"${'x'.repeat(70_000)}"}`), { status: 413 })
  t.match(await post(port, '/api/read', { op: 'totals' }, { 'content-type': 'text/plain' }), { status: 415 })
})

t.test('a search passes the table until it has found enough', async t => {
  const bench = new BenchDirector()
  bench.serve('udp', '10.99.1.100:53', '10.99.2.11:53')
  for (let client = 1; client <= 200; client++)
    bench.turn('c', udp4(`10.99.1.10:${1024 + client} > 10.99.1.100:53`, fromClient))
  const port = await serveDashboard(t, { control: bench.control })
  const found = async (body: object): Promise<{ rows: ConnectionInfo[]; next: number | null }> =>
    (await post(port, '/api/connections', body)).json as never
  t.match(await found({ cport: 1100 }), { rows: [{ cport: 1100, daddr: '10.99.2.11' }], next: null })
  t.equal((await found({ caddr: '10.99.1.0/24' })).rows.length, 200)
  const first = await found({ count: 1 })
  t.ok(first.rows.length < 200 && first.next !== null)
  t.equal(first.rows.length + (await found({ from: first.next })).rows.length, 200)
  for (const body of [{ count: 501 }, { count: 0 }, { caddr: 'x' }, { op: 'reset', x: 1 }, { from: -1 }])
    t.equal((await post(port, '/api/connections', body)).status, 400, JSON.stringify(body))
})

t.test('no request that changes anything is answered, whatever its method', async t => {
  const asked: string[] = []
  const spy: Control = {
    call: async request => ({ ok: false, refusal: (asked.push(request.op), 'EPROTO'), message: '' }),
  }
  const port = await serveDashboard(t, { control: spy })
  const free = new Set<string>()
  for (const op of Object.keys(SHAPES))
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const body = method === 'GET' ? undefined : { op, ...EXAMPLES[op] }
      const { status, json } = await ask(port, '/api/read', { method, body })
      if (method !== 'POST') t.equal(status, 405, `${method} ${op}`)
      else if (status === 200) free.add(op)
      else if (op.includes('watch')) t.equal(status, 400, 'it belongs to nobody')
      else t.match([status, (json as { message: string }).message], [403, `${op} is not for readers`], op)
    }
  const reads = ['announcements', 'connections', 'drops', 'figures', 'health', 'network', 'offload', 'service-figures']
  reads.push('service-sums', 'services', 'sysctls', 'timeouts', 'totals', 'verdicts', 'vrrp')
  t.same([...free].sort(), reads)
  t.same([...new Set(asked)].sort(), reads)
})

const service = { protocol: 'tcp', address: '10.0.0.1', port: 80 }
const destination = { address: '10.0.0.2', port: 80 }
const settings = { method: 'masq', weight: 1, upperThreshold: 0, lowerThreshold: 0 }
const scheduled = { scheduler: 'rr', persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }
/** Parameters that each operation takes. */
const EXAMPLES: Record<string, object> = {
  record: { from: 0 },
  'add-service': { service, settings: scheduled },
  'edit-service': { service, settings: scheduled },
  'delete-service': { service },
  'add-destination': { service, destination, settings },
  'edit-destination': { service, destination, settings },
  'delete-destination': { service, destination },
  'add-local-address': { service, address: '10.0.0.3' },
  'delete-local-address': { service, address: '10.0.0.3' },
  'end-connections': { service, destination, from: 0 },
  connections: { from: 0 },
  plan: { from: 0 },
  batch: { requests: [] },
  stage: { requests: [] },
  'add-route': { to: '0.0.0.0/0' },
  'delete-route': { to: '0.0.0.0/0' },
  'add-vip': { cidr: '10.0.0.1' },
  'delete-vip': { cidr: '10.0.0.1' },
  'add-mark': { rule: { protocol: 'tcp', to: '10.0.0.1', ports: [], mark: 1 } },
  'set-timeouts': { timeouts: { tcp: 1, tcpfin: 1, udp: 1 } },
  'set-sysctl': { name: 'drop_entry', value: '1' },
  'plan-reload': { file: '/etc/shadow', from: 0 },
  'drain-director': { deadline: 1 },
}
EXAMPLES['watch'] = { filter: '', count: 1 }

t.test('a watch belongs to who began it, and shows no payload', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', '10.99.1.100:80', '10.99.2.11:8000')
  const port = await serveDashboard(t, { control: bench.control })
  const as = (client: string, op: object): Promise<unknown> =>
    post(port, '/api/read', op, { 'x-uvs-client': client.repeat(16) }).then(({ json }) => json)
  t.match(await as('a', { op: 'watch', filter: 'tcp', count: 5 }), { ok: true })
  const syn = tcp4('10.99.1.10:1025 > 10.99.1.100:80', { ...fromClient, flags: 'S', payload: 8 })
  bench.receive('c', syn)
  t.strictSame(await as('b', { op: 'watched' }), { ok: true, value: { explanations: [], isOver: true } })
  t.strictSame(await as('b', { op: 'unwatch' }), { ok: true, value: null })
  const mine = (await as('a', { op: 'watched' })) as {
    value: { explanations: { octets: string; length: number }[]; isOver: boolean }
  }
  t.equal(mine.value.isOver, false)
  const [explained] = mine.value.explanations
  t.equal(explained?.octets.length, 2 * (14 + 20 + 20))
  t.equal(explained?.length, syn.length)
  t.match(await as('a', { op: 'unwatch' }), { ok: true })
  t.match(await as('a', { op: 'watched' }), { value: { isOver: true } })
})

t.test('a request with two Hosts is refused, whatever they are', async t => {
  const port = await serveDashboard(t, { control })
  for (const [first, second] of [
    ['localhost', 'evil.example'],
    ['evil.example', 'localhost'],
    ['localhost', 'localhost'],
  ]) {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    t.teardown(() => socket.destroy())
    socket.end(`GET /api/session HTTP/1.1\r\nHost: ${first}\r\nhOST: ${second}\r\nConnection: close\r\n\r\n`)
    let text = ''
    for await (const piece of socket) text += String(piece)
    t.match(text, /^HTTP\/1\.1 400 [^]*"message":"more than one Host"/, `${first} ${second}`)
  }
})

t.test('a request that does not end harms nobody', async t => {
  const port = await serveDashboard(t, { control })
  const halves = [
    'GET / HT',
    'POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"op"',
  ]
  const sockets = Array.from({ length: 300 }, (_, i) => {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    socket.write(halves[i % 2]!)
    t.teardown(() => socket.destroy())
    return socket
  })
  await Promise.all(sockets.map(socket => (socket.connecting ? once(socket, 'connect') : undefined)))
  t.equal((await ask(port, '/')).status, 200)
  t.equal((await post(port, '/api/read', { op: 'totals' })).status, 200)
  t.ok(
    sockets.some(socket => !socket.closed),
    'nothing has waited for them to end',
  )
})
