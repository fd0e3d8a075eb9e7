import { createServer } from 'node:http'
import t from 'tap'
import type { Control } from '../../src/control/api.js'
import { serveMetrics } from '../../src/control/metrics.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../support/bench-director.js'
import { tcp4 } from '../support/frames.js'

async function serve(t: Pick<typeof import('tap').t, 'teardown'>, control: Control): Promise<string> {
  const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, control)
  t.teardown(() => server.close())
  return `http://127.0.0.1:${server.port}`
}

t.test('/metrics has verdicts by name and figures of every real server, as of now', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:8080 7')
  const base = await serve(t, bench.control)
  bench.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, fromClient))
  bench.receive('r', tcp4('10.99.2.11:8080 > 10.99.1.10:1', { ...fromServer(), flags: 'SA', payload: 60 }))
  bench.receive('c', new Uint8Array(4))
  bench.poll(2000)
  const response = await fetch(`${base}/metrics`)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  const lines = (await response.text()).split('\n')
  const server = `protocol="tcp",address="${VIP}:80",real="10.99.2.11:8080"`
  for (const line of [
    '# TYPE uvs_frames gauge',
    'uvs_frames{verdict="balanced"} 2',
    'uvs_frames{verdict="drop-ethernet-short"} 1',
    'uvs_frames{verdict="drop-ttl"} 0',
    `uvs_real_server{${server},figure="weight"} 7`,
    `uvs_real_server{${server},figure="activeConns"} 1`,
    `uvs_real_server{${server},figure="inactConns"} 0`,
    `uvs_real_server{${server},figure="conns"} 1`,
    `uvs_real_server{${server},figure="inPkts"} 1`,
    `uvs_real_server{${server},figure="outPkts"} 1`,
    `uvs_real_server{${server},figure="inBytes"} 40`,
    `uvs_real_server{${server},figure="outBytes"} 100`,
  ])
    t.ok(lines.includes(line), line)
  bench.must({ op: 'flush' })
  t.notMatch(await (await fetch(`${base}/metrics`)).text(), /10\.99\.2\.11/, 'a real server that is gone is gone')
})

t.test('anything but /metrics is not there', async t => {
  const base = await serve(t, new BenchDirector().control)
  for (const path of ['/', '/metric', '/metrics/x']) {
    const response = await fetch(base + path)
    t.equal(response.status, 404, path)
    t.equal(await response.text(), 'only /metrics is here\n')
  }
})

t.test('a director that refuses to say leaves the figures out', async t => {
  const silent: Control = { call: async () => ({ ok: false, refusal: 'EPROTO', message: 'stopped' }) }
  const response = await fetch(`${await serve(t, silent)}/metrics`)
  t.equal(response.status, 200)
  t.notMatch(await response.text(), /^uvs_\w+\{/m)
})

t.test('a port in use is one line', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => taken.once('listening', resolve))
  t.teardown(() => taken.close())
  const { port } = taken.address() as { port: number }
  const { control } = new BenchDirector()
  await t.rejects(serveMetrics({ host: '127.0.0.1', port }, control), {
    message: `--http: cannot listen on 127.0.0.1:${port}: EADDRINUSE`,
  })
})

t.test('close ends the connections that are kept open', async t => {
  const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, new BenchDirector().control)
  await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text()
  await server.close()
  await t.rejects(fetch(`http://127.0.0.1:${server.port}/metrics`))
})
