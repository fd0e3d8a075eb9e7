import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import type { Control } from '../../../src/control/protocol/api.js'
import { serveHttp, type HttpLimits } from '../../../src/control/metrics/http.js'
import { Metrics } from '../../../src/control/metrics/metrics.js'
import { RequestCounts } from '../../../src/control/metrics/request-counts.js'
import { RulesLoads } from '../../../src/control/metrics/rules-loads.js'
import { BenchDirector } from '../../support/bench-director.js'

type Test = Pick<typeof import('tap').t, 'teardown'>

const { control } = new BenchDirector()

async function serve(t: Test, of: Control = control, limits: HttpLimits = {}): Promise<number> {
  const metrics = new Metrics({ control: of, requests: new RequestCounts(), rules: new RulesLoads() })
  const server = await serveHttp({ host: '127.0.0.1', port: 0 }, of, metrics, limits)
  t.teardown(() => server.close())
  return server.port
}

/** A connection that has said no more than `text`. */
async function client(t: Test, port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  if (text !== '') socket.write(text)
  return socket
}

async function ended(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', chunk => (text += String(chunk)))
  if (!socket.closed) await once(socket, 'close')
  return text
}

t.test('/metrics and /healthz, to GET and HEAD', async t => {
  const base = `http://127.0.0.1:${await serve(t)}`
  const metrics = await fetch(`${base}/metrics`)
  t.equal(metrics.status, 200)
  t.match(metrics.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  t.match(await metrics.text(), /^uvs_build_info\{version="\d+\.\d+\.\d+",nodejs="v\d+/m)
  const head = await fetch(`${base}/metrics?collect[]=x`, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(await head.text(), '')
  const health = await fetch(`${base}/healthz`)
  t.equal(health.status, 200)
  t.equal(await health.text(), 'ok\n')
})

t.test('all else is not there, and nothing can be sent', async t => {
  const port = await serve(t)
  for (const path of ['/', '/metric', '/metrics/', '/metrics/x', '/healthz/..']) {
    const response = await new Promise<import('node:http').IncomingMessage>(resolve =>
      request({ port, path, host: '127.0.0.1' }, resolve).end(),
    )
    t.equal(response.statusCode, 404, path)
    response.resume()
  }
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST', body: 'x' })
  t.equal(response.status, 405)
  t.equal(response.headers.get('allow'), 'GET, HEAD')
})

t.test('who closes its side after the request, as nc -N, is answered, and the connection ends', async t => {
  const port = await serve(t)
  for (const requests of [1, 3]) {
    const socket = connect(port, '127.0.0.1')
    let got = ''
    socket.setEncoding('utf8').on('data', piece => (got += piece))
    socket.end('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(requests))
    await once(socket, 'close')
    t.equal(got.match(/HTTP\/1\.1 200 OK/g)?.length, requests)
  }
})

t.test('below them there is no page: a probe of /healthz/ would get 200, whatever the director does', async t => {
  const metrics = new Metrics({ control, requests: new RequestCounts(), rules: new RulesLoads() })
  const site = {
    answer: async (_: IncomingMessage, response: ServerResponse) => void response.end('a page'),
    close() {},
  }
  const server = await serveHttp({ host: '127.0.0.1', port: 0 }, control, metrics, {}, site)
  t.teardown(() => server.close())
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`)
  for (const path of ['/healthz/', '/metrics/', '/metrics/x?y']) t.equal((await get(path)).status, 404, path)
  for (const path of ['/', '/services/', '/healthzz']) t.equal(await (await get(path)).text(), 'a page', path)
})

t.test('a data plane that does not answer, or refuses, is unwell', async t => {
  const mute: Control = { call: () => new Promise(() => {}) }
  const health = await fetch(`http://127.0.0.1:${await serve(t, mute)}/healthz`)
  t.equal(health.status, 503)
  t.equal(await health.text(), 'the data plane has not answered for 1 s\n')
  const stopped: Control = { call: async () => ({ ok: false, refusal: 'EPROTO', message: 'the director has stopped' }) }
  const port = await serve(t, stopped)
  for (const path of ['healthz', 'metrics']) {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`)
    t.equal(response.status, 503, path)
    t.equal(await response.text(), 'the director has stopped\n')
  }
})

t.test('clients that say nothing, or half of it, are hung up on, and take nobody else the place', async t => {
  const port = await serve(t, control, { headersMs: 1000 })
  const halves = []
  for (let i = 0; i < 40; i++)
    halves.push(await client(t, port, ['', 'GET /met', 'GET /metrics HTTP/1.1\r\nHost: x\r\n'][i % 3]!))
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(10_000) })
  t.equal(response.status, 200)
  await response.text()
  await Promise.all(halves.map(ended))
  t.pass('all of them are gone')
})

t.test('who keeps connections open takes nobody else the place', async t => {
  const port = await serve(t)
  for (let i = 0; i < 40; i++) {
    const kept = await client(t, port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(kept, 'data')
  }
  const response = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(10_000) })
  t.equal(response.status, 200)
  await response.text()
})

t.test('a head that is too long, and what is no HTTP, is refused', async t => {
  const port = await serve(t)
  const long = await client(t, port, `GET /metrics HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
  t.match(await ended(long), /^HTTP\/1\.1 431 /)
  t.match(await ended(await client(t, port, '{"op":"flush"}\n\n')), /^HTTP\/1\.1 400 /)
})

t.test('who does not read the answer is hung up on', async t => {
  const REQUESTS = 30
  const bench = new BenchDirector()
  for (let i = 0; i < 6000; i++) {
    const service = { protocol: 'tcp', address: `10.9.${i >> 8}.${i & 255}`, port: 80 } as const
    const settings = { scheduler: 'rr', persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }
    bench.must({ op: 'add-service', service, settings })
  }
  const port = await serve(t, bench.control, { silentMs: 500 })
  const one = (await (await fetch(`http://127.0.0.1:${port}/metrics`)).arrayBuffer()).byteLength
  const slow = await client(t, port, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(REQUESTS))
  slow.pause()
  await new Promise(resolve => setTimeout(resolve, 2000))
  let received = 0
  slow.on('data', chunk => (received += chunk.length)).resume()
  if (!slow.closed) await once(slow, 'close')
  t.ok(received < (REQUESTS * one) / 2, `${received} of ${REQUESTS * one} bytes, what the kernel held`)
  t.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200, 'others are served')
})

t.test('a port in use is one line', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as { port: number }
  const metrics = new Metrics({ control, requests: new RequestCounts(), rules: new RulesLoads() })
  await t.rejects(serveHttp({ host: '127.0.0.1', port }, control, metrics), {
    message: `--http: cannot listen on 127.0.0.1:${port}: address already in use`,
  })
})

t.test('close ends the connections that are kept open', async t => {
  const metrics = new Metrics({ control, requests: new RequestCounts(), rules: new RulesLoads() })
  const server = await serveHttp({ host: '127.0.0.1', port: 0 }, control, metrics)
  await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text()
  await server.close()
  await t.rejects(fetch(`http://127.0.0.1:${server.port}/metrics`))
})
