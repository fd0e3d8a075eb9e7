import t, { type Test } from 'tap'
import { EtcdClient } from '../../src/etcd/etcd-client.js'
import type { EtcdOptions } from '../../src/etcd/gateway.js'
import { fakeGateway, refuse, type FakeAsked } from '../support/fake-gateway.js'

const b64 = (text: string): string => Buffer.from(text).toString('base64')
const text = (value: unknown): string => Buffer.from(String(value), 'base64').toString()
const HEADER = { cluster_id: '1', revision: '7' }

function client(t: Test, options: EtcdOptions): EtcdClient {
  const made = new EtcdClient({ connectMs: 500, answerMs: 500, ...options })
  t.teardown(() => made.close())
  return made
}

/** What it is rejected with. */
function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'it was done',
    (error: unknown) => error,
  )
}

t.test('a range is read in pages, all as of the first one', async t => {
  const keys = ['/u/a', '/u/b', '/u/c']
  const gateway = await fakeGateway(t, ({ body }) => {
    const from = keys.findIndex(key => key >= text(body.key).replace('\0', '~'))
    const kvs = keys
      .slice(from, from + 1)
      .map(key => ({ key: b64(key), value: b64('v'), mod_revision: '5', lease: '9' }))
    return { header: { revision: String(7 + gateway.asked.length) }, kvs, more: from < 2, count: '3' }
  })
  const { revision, kvs } = await client(t, { endpoints: [gateway.endpoint] }).range({ prefix: '/u/' })
  t.equal(revision, 8)
  t.strictSame(
    kvs.map(({ key }) => key),
    keys,
  )
  t.match(kvs[0], { value: 'v', modRevision: 5, lease: '9' })
  t.strictSame(
    gateway.asked.map(({ body }) => body.revision),
    [undefined, '8', '8'],
  )
  t.equal(text(gateway.asked[0]!.body.range_end), '/u0')
})

t.test('an answer that is too large for the gateway is asked for in smaller ones', async t => {
  const gateway = await fakeGateway(t, ({ body, answer }) => {
    if (Number(body.limit) > 100) return refuse(answer, 429, 8, 'grpc: received message larger than max (5 vs. 4)')
    return { header: HEADER, kvs: [{ key: b64('/u/a'), value: b64('x') }] }
  })
  t.equal((await client(t, { endpoints: [gateway.endpoint] }).range({ prefix: '/u/' })).kvs.length, 1)
  t.strictSame(
    gateway.asked.map(({ body }) => body.limit),
    ['1000', '250', '63'],
  )
})

t.test('failures, each by its kind', async t => {
  const say = (how: (asked: FakeAsked) => unknown) => fakeGateway(t, how)
  const cases: [string, (asked: FakeAsked) => unknown, object][] = [
    [
      'a refusal',
      ({ answer }) => refuse(answer, 403, 7, 'etcdserver: permission denied'),
      { kind: 'refused', message: /: permission denied: etcd has users, and none is given \(--etcd-user\)$/ },
    ],
    [
      'a revision that is gone',
      ({ answer }) => refuse(answer, 400, 11, 'etcdserver: mvcc: required revision has been compacted'),
      { kind: 'compacted' },
    ],
    [
      'no leader',
      ({ answer }) => refuse(answer, 503, 14, 'etcdserver: no leader'),
      { kind: 'unreachable', mayBeDone: false },
    ],
    [
      'a request that timed out',
      ({ answer }) => refuse(answer, 503, 14, 'etcdserver: request timed out'),
      { kind: 'unreachable', mayBeDone: true },
    ],
    [
      'a new form of error',
      ({ answer }) =>
        void answer.writeHead(400).end('{"code":3,"message":"etcdserver: key is not provided","details":[]}'),
      { kind: 'refused', message: /key is not provided/ },
    ],
    [
      'another server',
      ({ answer }) => void answer.writeHead(404).end('<html>'),
      { kind: 'malformed', message: /not etcd's JSON gateway.*404/ },
    ],
    [
      'the gateway of an etcd with users, for a certificate with a CN',
      ({ answer }) =>
        void answer
          .writeHead(400, { 'content-type': 'text/plain' })
          .end('CommonName of client sending a request against gateway will be ignored and not used as expected\n'),
      { kind: 'refused', message: /refuses a certificate of ours that has a CN: one without is needed$/ },
    ],
    ['half a JSON', ({ answer }) => void answer.end('{"header":{"rev'), { kind: 'malformed' }],
    [
      'a number that is none',
      () => ({ header: { revision: 'x' } }),
      { kind: 'malformed', message: /the revision of an answer is 'x'/ },
    ],
    ['silence', () => undefined, { kind: 'unreachable', message: /no answer within 500 ms/, mayBeDone: true }],
    [
      'an answer that does not end',
      ({ answer }) => void answer.write('{'),
      { kind: 'unreachable', message: /did not end within 500 ms/ },
    ],
    [
      'an answer that breaks off',
      ({ answer }) => {
        answer.write('{')
        setTimeout(() => answer.destroy(), 20)
      },
      { kind: 'unreachable' },
    ],
  ]
  for (const [what, how, expected] of cases) {
    const { endpoint } = await say(how)
    t.match(await failureOf(client(t, { endpoints: [endpoint] }).put('/u/a', 'x')), expected, what)
  }
})

t.test('a read goes on at the next endpoint; a change only where it cannot have been done', async t => {
  const lost = await fakeGateway(t, ({ answer }) => void answer.destroy())
  const leaderless = await fakeGateway(t, ({ answer }) => refuse(answer, 503, 14, 'etcdserver: no leader'))
  const dead = { isTls: false, host: '127.0.0.1', port: 1 }
  const good = await fakeGateway(t, () => ({ header: HEADER }))
  const read = client(t, { endpoints: [lost.endpoint, dead, leaderless.endpoint, good.endpoint] })
  t.equal((await read.range({ key: 'a' })).revision, 7)
  t.equal((await read.range({ key: 'a' })).revision, 7)
  t.equal(lost.asked.length, 1, 'it stays with the one that answers')
  t.equal(await client(t, { endpoints: [dead, leaderless.endpoint, good.endpoint] }).put('a', 'x'), 7)
  t.match(await failureOf(client(t, { endpoints: [lost.endpoint, good.endpoint] }).put('a', 'x')), { mayBeDone: true })
})

t.test('a transaction compares revisions; the lists say what was done', async t => {
  const gateway = await fakeGateway(t, () => ({
    header: HEADER,
    succeeded: true,
    responses: [
      { response_put: {} },
      { response_delete_range: { deleted: '2' } },
      { response_range: { kvs: [{ key: b64('k'), value: b64('v') }] } },
    ],
  }))
  const result = await client(t, { endpoints: [gateway.endpoint] }).txn({
    compare: [{ key: 'a', modRevision: 3 }],
    success: [{ put: { key: 'a', value: 'ü', lease: '5' } }, { delete: { prefix: 'b/' } }, { range: { key: 'k' } }],
  })
  t.match(result, { succeeded: true, revision: 7 })
  t.strictSame(
    result.results.map(({ deleted, kvs }) => [deleted, kvs.length]),
    [
      [0, 0],
      [2, 0],
      [0, 1],
    ],
  )
  t.strictSame(gateway.asked[0]!.body, {
    compare: [{ key: b64('a'), target: 'MOD', result: 'EQUAL', mod_revision: '3' }],
    success: [
      { request_put: { key: b64('a'), value: b64('ü'), lease: '5' } },
      { request_delete_range: { key: b64('b/'), range_end: b64('b0') } },
      { request_range: { key: b64('k') } },
    ],
    failure: [],
  })
})

t.test('a user has a token; one that is no longer good is asked for anew', async t => {
  let tokens = 0
  const gateway = await fakeGateway(t, ({ path, headers, answer }) => {
    if (path.endsWith('authenticate')) return { header: HEADER, token: `t${++tokens}` }
    if (headers.authorization !== 't2') return refuse(answer, 401, 16, 'etcdserver: invalid auth token')
    return { header: HEADER }
  })
  const user = { name: 'director', password: 'secret' }
  const etcd = client(t, { endpoints: [gateway.endpoint], user })
  t.equal((await etcd.range({ key: 'a' })).revision, 7)
  t.equal((await etcd.range({ key: 'a' })).revision, 7)
  t.equal(tokens, 2)
  t.strictSame(gateway.asked[0]!.body, user)
})

t.test('a wrong password is said', async t => {
  const gateway = await fakeGateway(t, ({ answer }) =>
    refuse(answer, 400, 3, 'etcdserver: authentication failed, invalid user ID or password'),
  )
  const etcd = client(t, { endpoints: [gateway.endpoint], user: { name: 'a', password: 'b' } })
  t.match(await failureOf(etcd.range({ key: 'a' })), { kind: 'refused', message: /invalid user ID or password/ })
})

t.test('whoever closes it waits for no answer', async t => {
  const gateway = await fakeGateway(t, () => undefined)
  const etcd = client(t, { endpoints: [gateway.endpoint], answerMs: 60_000 })
  const asked = failureOf(etcd.get('/u/a'))
  while (gateway.asked.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  etcd.close()
  t.match(await asked, { kind: 'unreachable' })
  t.equal(gateway.asked.length, 1, 'and it is not asked for again')
})
