import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Control } from '../../../src/control/protocol/api.js'
import { Attempts } from '../../../src/control/dashboard/admin/attempts.js'
import { BenchDirector, fromClient, VIP } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { tempDir } from '../../support/temp.js'
import { post, serveDashboard } from './serve.js'

/* Every method, with every path, with whatever looks like a token but is none: nothing is changed. */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../../..')
const TOKEN = 'a-token-of-22-octets!!'
const BEARER = { authorization: `Bearer ${TOKEN}` }
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'LINK', 'PROPFIND']
const READS = new Set(['services', 'service-sums', 'totals', 'figures', 'drops', 'vrrp', 'announcements', 'timeouts'])
READS.add('sysctls').add('connections').add('network')

/** Those of the dashboard, as its source has them. */
const answered = [
  ...readFileSync(join(ROOT, 'src/control/dashboard/dashboard.ts'), 'utf8').matchAll(/'(GET|POST) (\/api\/[a-z/-]+)'/g),
].map(([, method = '', path = '']) => ({ method, path }))
const PATHS = [...new Set(answered.map(({ path }) => path)), '/api/', '/api/apply/', '/api/../api/apply']

/** What is not a token of the file: in a header, in the query, or as a cookie. */
const NO_TOKENS: { name: string; headers: Record<string, string>; query?: string }[] = [
  { name: 'nothing', headers: {} },
  { name: 'the token in the query', headers: {}, query: `?token=${TOKEN}&access_token=${TOKEN}` },
  { name: 'the token as the cookie', headers: { cookie: `uvs-session=${TOKEN}; token=${TOKEN}` } },
  { name: 'a made-up session', headers: { cookie: `uvs-session=${'A'.repeat(43)}` } },
  { name: 'as a password', headers: { authorization: `Basic ${Buffer.from(`alice:${TOKEN}`).toString('base64')}` } },
  {
    name: 'in other headers',
    headers: { 'x-token': TOKEN, 'proxy-authorization': `Bearer ${TOKEN}`, 'x-uvs-token': TOKEN },
  },
  { name: 'method in a header', headers: { 'x-http-method-override': 'POST' } },
]

t.ok(answered.length > 10, 'the paths are found in the source')

t.test('no method changes anything, at any path, without a token', { timeout: 240_000 }, async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:8000 2', '10.99.2.12:8000 1')
  for (const from of [1024, 1025, 1026])
    bench.turn('c', tcp4(`10.99.1.10:${from} > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  const asked = new Set<string>()
  const control: Control = { call: request => (asked.add(request.op), bench.control.call(request)) }
  const tokens = join(tempDir(t), 'tokens')
  writeFileSync(tokens, `alice ${TOKEN}\n`, { mode: 0o600 })
  const told: string[] = []
  const port = await serveDashboard(t, { control, tokens, told })
  const service = { protocol: 'tcp', address: VIP, port: 80 }
  const server = { address: '10.99.2.11', port: 8000 }
  // What somebody with a token has begun, for those without it to carry out or to stop.
  const drained = { service, server: { address: '10.99.2.12', port: 8000 }, deadlineS: 9000 }
  const { id: drain } = (await post(port, '/api/drain', drained, BEARER)).json as { id: string }
  const { id: plan } = (await post(port, '/api/plan', { lines: [`-D -t ${VIP}:80`] }, BEARER)).json as { id: string }
  const bodies: Record<string, object> = {
    '/api/apply': { id: plan, token: TOKEN },
    '/api/drain': { service, server, deadlineS: 9 },
    '/api/drain/cancel': { id: drain },
    '/api/plan': { lines: [`-D -t ${VIP}:80`] },
    '/api/login': { user: 'alice', password: TOKEN },
    '/api/connections': { op: 'flush' },
  }
  const before = JSON.stringify(bench.services())
  asked.clear()
  told.length = 0
  for (const { name, headers, query = '' } of NO_TOKENS)
    for (const path of PATHS) {
      const body = JSON.stringify(bodies[path] ?? { op: 'delete-service', service })
      const statuses = await Promise.all(
        METHODS.map(method => statusOf(port, `${method} ${path}${query}`, headers, body)),
      )
      const may = answered.filter(each => each.path === path && MAY.has(path)).map(({ method }) => method)
      const strange = METHODS.filter((method, at) => {
        const status = statuses[at]!
        return !may.includes(method) && !REFUSED.has(status) && !(method === 'CONNECT' && status === 0)
      })
      t.strictSame(strange, [], `${name}: ${path} ${statuses.join(' ')}`)
    }
  t.strictSame(
    [...asked].filter(op => !READS.has(op)),
    [],
    'the director was asked to change nothing',
  )
  t.equal(JSON.stringify(bench.services()), before)
  t.strictSame(told, [], 'nobody is told to have done anything')
  t.equal((await post(port, '/api/drain/cancel', { id: drain }, BEARER)).status, 200, 'the drain has gone on')
  t.equal((await post(port, '/api/apply', { id: plan }, BEARER)).status, 200, 'the plan was still to be carried out')
  t.strictSame(bench.services(), [])
})

/** Answered without a token: reading, a plan to look at, and logging out of nothing. */
const MAY = new Set([
  '/api/session',
  '/api/settings',
  '/api/fleet',
  '/api/lint',
  '/api/live',
  '/api/connections',
  '/api/logout',
  '/api/plan',
])
/** Not even tried: Bad Request, Unauthorized, Forbidden, Not Found, Method Not Allowed. */
const REFUSED = new Set([400, 401, 403, 404, 405])

t.test('nor with a wrong one', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:8000 2')
  const tokens = join(tempDir(t), 'tokens')
  writeFileSync(tokens, `alice ${TOKEN}\n`, { mode: 0o600 })
  const port = await serveDashboard(t, { control: bench.control, tokens })
  const wrong = { authorization: `Bearer ${TOKEN.slice(0, -1)}?` }
  const paths = ['/api/apply', '/api/drain', '/api/drain/cancel', '/api/plan', '/api/read']
  const body = JSON.stringify({ lines: [`-D -t ${VIP}:80`], op: 'totals' })
  const statuses = await Promise.all(paths.map(path => statusOf(port, `POST ${path}`, wrong, body)))
  for (const status of statuses) t.ok(status === 403 || status === 429, `${status}`)
  t.match(bench.services(), [{ destinations: [{ weight: 2 }] }])
})

t.test('wrong tokens wait: two of an address, sixteen of all, ever longer', async t => {
  const waits: number[] = []
  const answers: ((value?: unknown) => void)[] = []
  const attempts = new Attempts(ms => (waits.push(ms), new Promise(resolve => answers.push(resolve))))
  const isRefused = (address: string, why: string): void => {
    try {
      attempts.admit(address)
      t.fail(why)
    } catch (error) {
      t.match(error, { status: 429, retryAfter: 8 }, why)
    }
  }
  const wrong = (address: string): Promise<unknown> => {
    attempts.admit(address)
    return attempts.refuse(address, 'a wrong token').catch((error: unknown) => error)
  }
  const first = [wrong('10.0.0.1'), wrong('10.0.0.1')]
  t.strictSame(waits, [250, 500])
  isRefused('10.0.0.1', 'of an address')
  answers.splice(0).forEach(answer => answer())
  t.match(await Promise.all(first), [{ status: 403, message: 'a wrong token' }, { status: 403 }])
  const others = Array.from({ length: 16 }, (_, i) => wrong(`10.0.1.${i >> 1}`))
  isRefused('10.0.0.1', 'of all')
  answers.splice(0).forEach(answer => answer())
  await Promise.all(others)
  waits.length = 0
  for (let i = 0; i < 5; i++) {
    const one = wrong('10.0.0.1')
    answers.splice(0).forEach(answer => answer())
    await one
  }
  t.strictSame(waits, [1000, 2000, 4000, 8000, 8000])
})

/** By hand, so that any method can be sent. 0: the connection was closed without an answer. */
function statusOf(port: number, line: string, headers: Record<string, string>, body: string): Promise<number> {
  const fields = { host: 'localhost', connection: 'close', 'content-type': 'application/json', ...headers }
  const lines = Object.entries({ ...fields, 'content-length': Buffer.byteLength(body) })
  const text = [`${line} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', body].join('\r\n')
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let said = ''
    socket
      .on('data', piece => {
        said += String(piece)
        const status = /^HTTP\/1\.1 (\d+) .*\r\n/.exec(said)?.[1]
        if (status === undefined) return
        socket.destroy()
        resolve(Number(status))
      })
      .on('error', () => {})
      .on('close', () => resolve(0))
  })
}
