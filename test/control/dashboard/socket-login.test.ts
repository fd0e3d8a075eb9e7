import type { IncomingMessage, ServerResponse } from 'node:http'
import { userInfo } from 'node:os'
import t from 'tap'
import { CODE_MS, LoginCodes } from '../../../src/control/dashboard/admin/login-codes.js'
import { Sessions } from '../../../src/control/dashboard/admin/sessions.js'
import { Transactions } from '../../../src/control/rules/transactions.js'
import { connectControl } from '../../../src/control/socket/client.js'
import { serveControl } from '../../../src/control/socket/server.js'
import { DashboardLogins, dashboardUrl } from '../../../src/cli/uvs/director/dashboard-login.js'
import { login } from '../../../src/cli/uvs/dashboard/dashboard.js'
import * as peers from '../../../src/linux/socket-peer.js'
import { BenchDirector, VIP } from '../../support/bench-director.js'
import { tempDir } from '../../support/temp.js'
import { ask, post, serveDashboard, type Answered } from './serve.js'

type Test = Parameters<typeof tempDir>[0]

const LINES = [`-A -u ${VIP}:53 -s rr`]
const CHANGES = { plan: { lines: LINES }, apply: { id: 'x' }, drain: {}, 'drain/cancel': { id: '1' } }
const WRONG = 'a wrong token, or a code that was used or is older than two minutes'

/** A director whose control socket gives out codes, and what it has been told. */
async function serve(t: Test) {
  const bench = new BenchDirector()
  const told: string[] = []
  const logins = new DashboardLogins(peers)
  const transactions = new Transactions(bench.control, () => new BenchDirector().director)
  const path = `${tempDir(t)}/uvs.sock`
  const socket = await serveControl(path, logins.over(transactions))
  t.teardown(() => socket.close())
  const control = connectControl(path)
  t.teardown(() => control.close())
  const port = await serveDashboard(t, { control: bench.control, codes: logins.codes, told })
  return { bench, port, told, control, logins }
}

const cookieOf = ({ headers }: Answered): string => headers['set-cookie']![0]!.split(';')[0]!

t.test('who may ask the control socket has a link, and is told as the user that he is', async t => {
  const { bench, port, told, control, logins } = await serve(t)
  t.match(await control.call({ op: 'dashboard-login' }), { ok: false, message: /is starting/ })
  await t.rejects(login(control), /is starting/)
  logins.servedAt(dashboardUrl('127.0.0.1', port))
  const { out } = await login(control)
  const [, code = ''] = /^http:\/\/127\.0\.0\.1:\d+\/#login=([\w-]{32})\ngood once, for 2 minutes; .*: \1\n$/.exec(out)!
  t.match((await ask(port, '/api/session')).json, { admin: 'locked', hasCodes: true })
  const answer = await post(port, '/api/login', { token: code })
  const who = userInfo().username
  t.match(answer, { status: 200, json: { admin: 'open', who } })
  t.match(answer.headers['set-cookie'], [/^uvs-session=[\w-]{43}; Path=\/api; HttpOnly; SameSite=Strict$/])
  const cookie = { cookie: cookieOf(answer) }
  const { id } = (await post(port, '/api/plan', { lines: LINES }, cookie)).json as { id: string }
  t.equal((await post(port, '/api/apply', { id }, cookie)).status, 200)
  t.match(bench.services(), [{ protocol: 'udp', port: 53 }])
  t.same(told, [
    `dashboard: ${who} at 127.0.0.1: logged in`,
    `dashboard: ${who} at 127.0.0.1: uvsadm -A -u ${VIP}:53 -s rr`,
  ])
  t.ok((await control.call({ op: 'services' })).ok, 'other requests go on to the director')
})

t.test('a code is good once, as no bearer, and from our own page', async t => {
  const { port, logins } = await serve(t)
  const code = logins.codes.issue('alice')
  const bearer = { authorization: `Bearer ${code}` }
  t.match(await post(port, '/api/apply', { id: 'x' }, bearer), { status: 403, json: { message: WRONG } })
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://evil.example' },
    { origin: `http://127.0.0.1:${port + 1}` },
    { host: 'evil.example' },
    { 'content-type': 'text/plain' },
  ]) {
    const { status } = await post(port, '/api/login', { token: code }, headers)
    t.equal(status, 'content-type' in headers ? 415 : 403, JSON.stringify(headers))
  }
  const answer = await post(port, '/api/login', { token: code })
  t.equal(answer.status, 200, 'none of them has used it up')
  t.match(await post(port, '/api/login', { token: code }), { status: 403, json: { message: WRONG } }, 'twice')
})

t.test('without a login nothing changes, by any method; a session is of its site', async t => {
  const { bench, port, logins } = await serve(t)
  const made = { cookie: `uvs-session=${'x'.repeat(43)}` }
  for (const [path, body] of Object.entries(CHANGES)) {
    if (path !== 'plan')
      for (const headers of [{}, made]) t.equal((await post(port, `/api/${path}`, body, headers)).status, 401, path)
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      t.equal((await ask(port, `/api/${path}`, { method, headers: made })).status, 405, `${method} ${path}`)
  }
  const cookie = cookieOf(await post(port, '/api/login', { token: logins.codes.issue('alice') }))
  const { id } = (await post(port, '/api/plan', { lines: LINES }, { cookie })).json as { id: string }
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://evil.example' },
    { host: 'evil.example' },
  ])
    t.equal((await post(port, '/api/apply', { id }, { cookie, ...headers })).status, 403, JSON.stringify(headers))
  const elsewhere = { cookie, host: `localhost:${port}` }
  t.equal((await post(port, '/api/apply', { id }, elsewhere)).status, 401, 'by another name of this host')
  t.same(bench.services(), [])
  t.match(await post(port, '/api/logout', {}, { cookie }), { status: 200 })
  t.equal((await post(port, '/api/apply', { id }, { cookie })).status, 401, 'after Lock')
  t.same(bench.services(), [])
})

t.test('codes end after two minutes, and eight wait at most', async t => {
  let now = 0
  const codes = new LoginCodes(() => now)
  const old = codes.issue('old')
  now = CODE_MS
  t.equal(codes.take(old), undefined, 'expired')
  const [first = '', second = ''] = Array.from({ length: 9 }, (_, i) => codes.issue(`user${i}`))
  t.equal(codes.take(first), undefined, 'the ninth took its place')
  t.equal(codes.take(second), 'user1')
  t.equal(codes.take(second), undefined, 'twice')
})

function request(cookie: string): IncomingMessage {
  return {
    headers: { host: 'localhost', cookie },
    socket: { remoteAddress: '127.0.0.1' },
  } as unknown as IncomingMessage
}

t.test('a session of a code ends after twelve hours, used or not', async t => {
  let now = 0
  const codes = new LoginCodes(() => now)
  const sessions = new Sessions({ tokens: undefined, codes }, () => now)
  let cookie = ''
  const response = { setHeader: (_: string, value: string) => (cookie = value.split(';')[0]!) }
  t.equal(await sessions.begin(request(''), response as unknown as ServerResponse, { token: codes.issue('a') }), 'a')
  now = 12 * 3_600_000 - 1
  t.equal(await sessions.whoAsks(request(cookie)), 'a')
  now++
  t.equal(await sessions.whoAsks(request(cookie)), undefined)
})

t.test('guessing codes is as slow as guessing tokens', async t => {
  const { port, told } = await serve(t)
  const began = performance.now()
  const guesses = Array.from({ length: 10 }, (_, i) => post(port, '/api/login', { token: `guess-number-${i}-guess` }))
  const statuses = (await Promise.all(guesses)).map(({ status }) => status)
  t.same(statuses.sort(), [403, 403, ...Array.from({ length: 8 }, () => 429)])
  t.ok(performance.now() - began >= 240)
  t.same(told, ['dashboard: a wrong token from 127.0.0.1', 'dashboard: a wrong token from 127.0.0.1'])
})

t.test('the address that a browser of this host reaches it by', async t => {
  t.equal(dashboardUrl('0.0.0.0', 9100), 'http://127.0.0.1:9100/')
  t.equal(dashboardUrl('::', 9100), 'http://[::1]:9100/')
  t.equal(dashboardUrl('192.0.2.1', 80), 'http://192.0.2.1:80/')
})
