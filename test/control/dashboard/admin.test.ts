import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BenchDirector, fromClient, VIP } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { tempDir } from '../../support/temp.js'
import { ask, next, post, serveDashboard, ticks, type Answered } from './serve.js'

type Test = Parameters<typeof tempDir>[0]

const TOKEN = 'a-token-of-22-octets!!'
const BEARER = { authorization: `Bearer ${TOKEN}` }

function tokenFile(t: Test, text = `# who\nalice ${TOKEN}\n`): string {
  const path = join(tempDir(t), 'tokens')
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

interface Served {
  bench: BenchDirector
  port: number
  told: string[]
}

async function serve(t: Test, tokens: string | undefined = tokenFile(t)): Promise<Served> {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:8000 2', '10.99.2.12:8000 1')
  const told: string[] = []
  const port = await serveDashboard(t, { control: bench.control, told, ...(tokens !== '' && { tokens }) })
  return { bench, port, told }
}

const LINES = [`-e -t ${VIP}:80 -r 10.99.2.12:8000 -m -w 5`, `uvsadm -A -u ${VIP}:53 -s rr`]
const message = ({ json }: Answered): string => (json as { message: string }).message

t.test('plan, confirm, apply: the transaction of uvs apply, told with who it was', async t => {
  const { bench, port, told } = await serve(t)
  const { json: plan } = await post(port, '/api/plan', { lines: LINES }, BEARER)
  const { id } = plan as { id: string }
  t.match(plan, {
    text: `~ -e -t ${VIP}:80 -r 10.99.2.12:8000 -m -w 5 (was -w 1)\n+ -A -u ${VIP}:53 -s rr\n2 changes, 0 connections\n`,
    commands: [`uvsadm -e -t ${VIP}:80 -r 10.99.2.12:8000 -m -w 5`, `uvsadm -A -u ${VIP}:53 -s rr`],
    changes: 2,
    connections: 0,
  })
  t.match(bench.services(), { length: 1 }, 'a plan changes nothing')
  t.match(await post(port, '/api/apply', { id }, BEARER), { status: 200, json: { message: '2 changes made' } })
  t.match(bench.services(), [
    { protocol: 'udp', port: 53 },
    { protocol: 'tcp', destinations: [{ weight: 5 }, { weight: 2 }] },
  ])
  t.match(told, [/^dashboard: alice at 127\.0\.0\.1: uvsadm -e .*; uvsadm -A -u .*:53 -s rr$/])
  t.match(await post(port, '/api/apply', { id }, BEARER), { status: 404 }, 'once')
  const { events } = await next(ticks(t, port))
  t.match(events, [{ kind: 'rules', who: 'alice', text: /^uvsadm -e / }])
})

t.test('whole rules, as a file of uvs apply', async t => {
  const { bench, port } = await serve(t)
  const rules = `# all of them\n-A -t ${VIP}:80 -s wlc\n\n-a -t ${VIP}:80 -r 10.99.2.13:8000 -m -w 1\n`
  const { id, text } = (await post(port, '/api/plan', { rules }, BEARER)).json as { id: string; text: string }
  t.match(text, /^~ -E .* -s wlc .*\n\+ -a .*13:8000.*\n- -d .*11:8000\n- -d .*12:8000\n4 changes/)
  t.equal((await post(port, '/api/apply', { id }, BEARER)).status, 200)
  t.match(bench.services(), [{ scheduler: 'wlc', destinations: [{ address: '10.99.2.13' }] }])
})

t.test('only who has a token has a plan made of many rules: packets wait meanwhile', async t => {
  const { port } = await serve(t)
  const rules = Array.from({ length: 2600 }, (_, i) => `-A -t 10.9.${i >> 8}.${i & 255}:80 -s rr`).join('\n')
  t.match(await post(port, '/api/plan', { rules }), { status: 413, json: { message: /more than 65536 octets$/ } })
  let turns = 0
  const turning = setInterval(() => turns++, 1)
  t.match(await post(port, '/api/plan', { rules }, BEARER), { status: 200 })
  clearInterval(turning)
  t.ok(turns > 4, `${turns} timers while it was made`)
})

t.test('a plan of rules that have changed since is refused, and nothing changes', async t => {
  const { bench, port } = await serve(t)
  const { id } = (await post(port, '/api/plan', { lines: LINES }, BEARER)).json as { id: string }
  bench.turn('c', tcp4(`10.99.1.10:1024 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  bench.run(2500)
  const service = { protocol: 'tcp', address: VIP, port: 80 } as const
  bench.ask({ op: 'delete-destination', service, destination: { address: '10.99.2.11', port: 8000 } })
  const reply = await post(port, '/api/apply', { id }, BEARER)
  t.match([reply.status, message(reply)], [409, /^the rules have changed/])
  t.match(bench.services(), [{ destinations: { length: 1 } }])
  const other = (await post(port, '/api/plan', { lines: LINES }, BEARER)).json as { id: string }
  bench.turn('c', tcp4(`10.99.1.10:1025 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  bench.run(2500)
  t.equal((await post(port, '/api/apply', { id: other.id }, BEARER)).status, 200, 'connections are no rules')
})

t.test('a bad line is named, and asks no name server', async t => {
  const { port } = await serve(t)
  const bad: [object, RegExp][] = [
    [
      { lines: ['-A -t 10.0.0.1:80 -s rr', '-a -t 10.0.0.1:81 -r 10.0.0.2 -m'] },
      /^the rules, line 2: .*\(-a -t 10\.0\.0\.1:81/,
    ],
    [{ lines: ['-A -t example.com:80'] }, /^the rules, line 1: /],
    [{ rules: 'rm -rf /' }, /^the rules, line 1: 'rm' is no rule/],
    [{ lines: ['-C'] }, /is no rule/],
    [{}, /^lines: not a list/],
    [{ lines: [1] }, /^lines: not a list/],
    [{ lines: [], rules: '' }, /^lines: not a list/],
  ]
  for (const [body, why] of bad) {
    const answer = await post(port, '/api/plan', body, BEARER)
    t.match([answer.status, message(answer)], [400, why], JSON.stringify(body))
    t.notMatch(message(answer), '\n')
  }
})

t.test('without a token nothing changes, by any method', async t => {
  for (const tokens of [undefined, '']) {
    const { bench, port } = await serve(t, tokens)
    const before = bench.services()
    const status = tokens === '' ? 403 : 401
    const drain = {
      service: { protocol: 'tcp', address: VIP, port: 80 },
      server: { address: '10.99.2.11', port: 8000 },
      deadlineS: 9,
    }
    const { json } = await post(port, '/api/plan', { lines: LINES })
    t.match(
      [(json as { changes: number }).changes, 'id' in (json as object)],
      [2, false],
      'a plan is for everybody, to look at',
    )
    for (const [path, body] of [
      ['apply', { id: 'x' }],
      ['drain', drain],
      ['drain/cancel', { id: '1' }],
    ] as const) {
      t.equal((await post(port, `/api/${path}`, body)).status, status, path)
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
        t.equal((await ask(port, `/api/${path}`, { method, headers: BEARER })).status, 405, `${method} ${path}`)
      const cookie = { cookie: `uvs-session=${'x'.repeat(43)}` }
      t.equal((await post(port, `/api/${path}`, body, cookie)).status, status, `a made-up cookie: ${path}`)
    }
    t.equal((await post(port, '/api/login', { token: TOKEN })).status, tokens === '' ? 403 : 200)
    t.strictSame(bench.services(), before)
  }
})

t.test('a cookie for a token; not from pages of other sites', async t => {
  const tokens = tokenFile(t)
  const { port, told } = await serve(t, tokens)
  t.match((await ask(port, '/api/session')).json, { admin: 'locked', version: /^\d/ })
  const login = await post(port, '/api/login', { token: TOKEN })
  t.match(login.json, { admin: 'open', who: 'alice' })
  const [set = ''] = login.headers['set-cookie'] ?? []
  t.match(set, /^uvs-session=[\w-]{43}; Path=\/api; HttpOnly; SameSite=Strict$/)
  const cookie = { cookie: `other=1; ${set.split(';')[0]}` }
  t.match((await ask(port, '/api/session', { headers: cookie })).json, { admin: 'open', who: 'alice' })
  t.equal((await post(port, '/api/apply', { id: 'x' }, cookie)).status, 404)
  for (const site of ['cross-site', 'same-site'])
    t.equal((await post(port, '/api/apply', { id: 'x' }, { ...cookie, 'sec-fetch-site': site })).status, 403, site)
  t.equal((await post(port, '/api/apply', { id: 'x' }, { ...cookie, origin: 'http://evil.example' })).status, 403)
  t.equal((await post(port, '/api/apply', 'id=x', { ...cookie, 'content-type': 'text/plain' })).status, 415)
  t.equal((await post(port, '/api/apply', { id: 'x' }, { ...cookie, host: 'evil.example' })).status, 403)
  t.match(told, [/^dashboard: alice at 127\.0\.0\.1: logged in$/])
  writeFileSync(tokens, 'bob another-token-of-his-own\n')
  t.match((await ask(port, '/api/session', { headers: cookie })).json, { admin: 'locked' }, 'it ends with its token')
  const again = await post(port, '/api/login', { token: 'another-token-of-his-own' })
  const bob = { cookie: again.headers['set-cookie']![0]!.split(';')[0]! }
  t.match((await post(port, '/api/logout', {}, bob)).headers['set-cookie'], [/Max-Age=0/])
  t.match((await ask(port, '/api/session', { headers: bob })).json, { admin: 'locked' })
  chmodSync(tokens, 0o644)
  t.match((await post(port, '/api/login', { token: 'another-token-of-his-own' })).status, 403)
  t.match(told.at(-2), /others may read .* \(mode 0644\): chmod 600 .*: nobody may change anything$/)
})

t.test('a wrong token is answered late, and told', async t => {
  const { port, told } = await serve(t)
  const took = async (): Promise<number> => {
    const began = performance.now()
    t.match(await post(port, '/api/login', { token: 'wrong-wrong-wrong-wrong' }), {
      status: 403,
      json: { message: 'a wrong token' },
    })
    return performance.now() - began
  }
  t.ok((await took()) >= 240)
  t.ok((await took()) >= 490)
  t.equal(told.filter(line => line === 'dashboard: a wrong token from 127.0.0.1').length, 2)
  t.equal((await post(port, '/api/login', { token: TOKEN })).status, 200, 'the right one is answered at once')
})

t.test('a drain: weight 0, a countdown, and how to put it back', async t => {
  const { bench, port, told } = await serve(t)
  bench.turn('c', tcp4(`10.99.1.10:1024 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  const service = { protocol: 'tcp', address: VIP, port: 80 }
  const [listed] = bench.services() as {
    destinations: { address: string; port: number; activeConns: number; weight: number }[]
  }[]
  const { address, port: at, weight } = listed!.destinations.find(({ activeConns }) => activeConns > 0)!
  const server = { address, port: at }
  t.match(await post(port, '/api/drain', { service, server, deadlineS: 60, afterwards: 'now' }, BEARER), {
    status: 400,
  })
  t.match(await post(port, '/api/drain', { service, server: { address: '10.0.0.9', port: 1 } }, BEARER), {
    status: 422,
    json: { message: /has no real server 10\.0\.0\.9:1/ },
  })
  t.match(await post(port, '/api/drain', { service, server, deadlin: 9 }, BEARER), {
    status: 400,
    json: { message: 'deadlin: there is no such field' },
  })
  const { json } = await post(port, '/api/drain', { service, server, deadlineS: 60 }, BEARER)
  t.equal((await post(port, '/api/drain', { service, server, deadlineS: 60 }, BEARER)).status, 409)
  const stream = ticks(t, port)
  const { drains } = (await next(stream)) as unknown as { drains: object[] }
  t.match(drains.at(-1), {
    who: 'alice',
    service: `-t ${VIP}:80`,
    server: `${address}:${at}`,
    state: 'draining',
    inactive: 0,
    active: 1,
  })
  t.match(bench.services(), [{ destinations: [{}, {}] }])
  t.equal((await post(port, '/api/drain/cancel', json, BEARER)).status, 200)
  // Ticks of before are still to be read.
  let ended: { state: string } | undefined
  do ended = ((await next(stream)) as unknown as { drains: { state: string }[] }).drains.at(-1)
  while (ended?.state === 'draining')
  t.match(ended, {
    state: 'interrupted',
    undo: `uvsadm -e -t ${VIP}:80 -r ${address}:${at} -m -w ${weight}`,
    endedAt: Number,
  })
  t.match(told, [/alice at .*: drain -t/, /alice at .*: stopped the drain of -t/])
})
