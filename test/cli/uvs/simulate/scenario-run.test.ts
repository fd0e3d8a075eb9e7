import t from 'tap'
import type { SimulationResult } from '../../../../native-free/simulate/result.js'
import { simulationText } from '../../../../src/cli/uvs/simulate/simulation-text.js'
import { localScenario } from './local-scenario.js'

/* Small scenarios whose results can be reasoned out. */

const VIP = '10.0.0.100:80'
const web = { name: 'web', from: '10.1.0.0/16', to: VIP, arrivals: { constant: '50/s' }, connections: 200 }
const servers = [1, 2].map(i => ({ name: `rs${i}`, address: `10.0.1.${i}`, service: '10ms' }))
const rules = (how: string, ...more: string[]): string[] => [
  `-A -t ${VIP} -s rr`,
  ...more,
  ...servers.map(({ address }) => `-a -t ${VIP} -r ${address}:80 ${how}`),
]
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
const real = (i: number): string => `real_server 10.0.1.${i} 80 {\n TCP_CHECK {\n connect_timeout 1\n retry 0\n }\n }`
const base = { duration: '8s', step: '1s', clients: [web], servers, rules: rules('-m') }
const shares = ({ realServers }: SimulationResult) => realServers.map(({ connections }) => connections)

t.test('every way of forwarding: all answered, half each, in the time that it takes', async t => {
  const lan = '--add-laddr -t 10.0.0.100:80 -z 198.51.100.1'
  const [gre, gue] = ['-i --tun-type gre --tun-csum', '-i --tun-type gue --tun-port 6080 --tun-remcsum']
  for (const [how, more] of [['-m'], ['-g'], ['-i'], [gre], [gue], ['-b', lan]] as const) {
    const result = await localScenario({ ...base, rules: rules(how, ...(more ? [more] : [])) })
    const { requests } = result
    t.match(requests, { started: 200, answered: 200, broken: 0, refused: 0, timedOut: 0, unfinished: 0 }, how)
    t.strictSame(shares(result), [100, 100], how)
    // Two round trips by 5.2 ms each way, and 10 ms of work; direct answers go the same links. The router is asked for once.
    t.equal(requests.latencyMs.p50, 30.8, how)
    t.strictSame(result.drops, [], how)
  }
})

const DNS = '10.0.0.100:53'
const dns = {
  name: 'dns',
  protocol: 'udp',
  from: '10.1.0.0/16',
  to: DNS,
  arrivals: { constant: '50/s' },
  connections: 200,
}
const udpRules = (how: string, ...more: string[]): string[] => [
  `-A -u ${DNS} -s rr`,
  ...more,
  ...servers.map(({ address }) => `-a -u ${DNS} -r ${address}:53 ${how}`),
]

t.test('UDP by every way of forwarding: all answered, half each, a round trip and the work', async t => {
  const lan = '--add-laddr -u 10.0.0.100:53 -z 198.51.100.1'
  const [gre, gue] = ['-i --tun-type gre', '-i --tun-type gue --tun-port 6080']
  for (const [how, more] of [['-m'], ['-g'], ['-i'], [gre], [gue], ['-b', lan]] as const) {
    const clients = [{ ...dns, size: '4k' }]
    const result = await localScenario({ ...base, clients, rules: udpRules(how, ...(more ? [more] : [])) })
    t.match(result.requests, { started: 200, answered: 200, moved: 0, latencyMs: { p50: 20.4 } }, how)
    t.strictSame(shares(result), [100, 100], how)
    t.strictSame(result.drops, [], how)
  }
})

const thinking = (udpTimeout: number): Promise<SimulationResult> =>
  localScenario({
    ...base,
    duration: '60s',
    clients: [{ ...dns, connections: 101, 'requests per connection': 3, think: '15s' }],
    rules: [`--set 900 120 ${udpTimeout}`, ...udpRules('-m')],
    assert: ['no request moved', 'at most 120 connections in the table'],
  })

t.test('UDP: who thinks longer than the UDP timeout is somebody new to the director', async t => {
  const kept = await thinking(30)
  t.match(kept.requests, { started: 303, answered: 303, moved: 0 })
  t.strictSame(kept.directors[0]!.series.connections.at(-1), 101, 'the last request was less than 30 s ago')
  t.strictSame(shares(kept), [50, 51], 'rr begins with the one added last')
  const forgotten = await thinking(5)
  t.match(forgotten.requests, { started: 303, answered: 303 })
  // One more than by twos: after each round of 101 rr is one further, so every one comes to the other real server.
  t.equal(forgotten.requests.moved, 202)
  t.equal(forgotten.directors[0]!.series.connections.at(-1), 0)
  t.strictSame(
    [kept, forgotten].map(({ assertions }) => assertions.map(({ ok }) => ok)),
    [
      [true, true],
      [false, true],
    ],
  )
})

t.test('UDP: what is lost, refused, or too much for a queue', async t => {
  const run = async (more: object) => {
    const { requests, realServers, drops } = await localScenario({
      ...base,
      clients: [{ ...dns, timeout: '1s' }],
      rules: udpRules('-m'),
      ...more,
    })
    return {
      requests,
      overflowed: sum(realServers.map(each => each.overflowed)),
      lost: drops.map(({ reason }) => reason),
    }
  }
  const lossy = await run({ clients: [{ ...dns, timeout: '1s', link: { loss: '10 %' } }] })
  t.equal(lossy.requests.timedOut + lossy.requests.answered, 200)
  t.ok(lossy.requests.timedOut > 20 && lossy.requests.timedOut < 60, `${lossy.requests.timedOut} of 200: about 38`)
  t.strictSame(lossy.lost, ['link-loss'])
  const at = '1s'
  for (const how of ['-m', '-g', '-b']) {
    const rules = udpRules(how, ...(how === '-b' ? ['--add-laddr -u 10.0.0.100:53 -z 198.51.100.1'] : []))
    const refused = await run({ rules, changes: [{ at, fail: 'rs2', how: 'refuses' }] })
    t.match(refused.requests, { refused: 75, answered: 125, timedOut: 0 }, `${how}: half of 150 learn it by ICMP`)
  }
  const gone = await run({ changes: [{ at, fail: 'rs2' }] })
  t.match(gone.requests, { timedOut: 75, answered: 125, refused: 0 })
  const slow = servers.map(server => ({ ...server, concurrent: 1, service: '200ms', queue: 2 }))
  const full = await run({ servers: slow })
  t.ok(full.overflowed > 100 && full.requests.timedOut === full.overflowed, `${full.overflowed}: nobody is told`)
  const open = await run({
    clients: [{ ...dns, timeout: '1s', 'requests per connection': 5, think: '500ms' }],
    changes: [{ at: '2s', fail: 'rs2' }],
  })
  t.ok(open.requests.broken > 10, `${open.requests.broken} had had an answer before`)
})

t.test('the same seed gives the same octets, another one another result', async t => {
  const scenario = {
    ...base,
    clients: [
      { ...web, arrivals: { poisson: '50/s' }, link: { delay: '20ms', jitter: '5ms', loss: '2 %', reorder: '2 %' } },
    ],
    changes: [{ at: '2s', fail: 'rs2', how: 'refuses' }],
  }
  const [one, again, other] = await Promise.all([
    localScenario(scenario),
    localScenario(scenario),
    localScenario({ ...scenario, seed: 2 }),
  ])
  t.equal(JSON.stringify(one), JSON.stringify(again))
  t.not(JSON.stringify(one.series), JSON.stringify(other.series))
  t.ok(one.drops.some(({ reason }) => reason === 'link-loss'))
})

t.test('it says how far it is, however few events an interval has', async t => {
  const seen: number[] = []
  await localScenario({ ...base, duration: '300s', step: '500ms' }, ms => seen.push(ms))
  t.ok(seen.length > 1, `${seen.length} times`)
  t.strictSame(
    seen,
    seen.toSorted((a, b) => a - b),
  )
  t.ok(seen.every(ms => ms > 0 && ms <= 300_000))
})

t.test('requests add up, and so do the series', async t => {
  const result = await localScenario({
    ...base,
    clients: [{ ...web, 'requests per connection': 3, think: '300ms', timeout: '1s' }],
    changes: [
      { at: '2s', fail: 'rs1' },
      { at: '4s', recover: 'rs1' },
    ],
    assert: ['no connection broken', 'recover within 3s', 'rs1 at most 99 %', 'drain within 9s'],
  })
  const { requests, series, realServers, drops } = result
  const { started, answered, broken, refused, timedOut, unfinished } = requests
  t.equal(started, answered + broken + refused + timedOut + unfinished)
  t.ok(broken > 10 && timedOut > 20, `${broken} broken, ${timedOut} timed out`)
  t.strictSame(
    [sum(series.started), sum(series.answered), sum(series.failed), sum(series.broken)],
    [started, answered, broken + refused + timedOut, broken],
  )
  t.equal(sum(realServers.map(each => each.answered)), answered)
  t.match(realServers[0], { broken, series: { up: [1, 1, 0, 0, 1, 1, 1, 1] } })
  for (const { count, series: each, reason } of drops) t.equal(sum(each), count, reason)
  t.strictSame(
    result.assertions.map(({ ok, found }) => [ok, found.replace(/\d+/g, 'N')]),
    [
      [false, 'N connections broke'],
      [true, 'rsN fails: N.N s'],
      [true, 'rsN had N.N %'],
      [false, 'nothing was drained'],
    ],
  )
  t.equal(result.ok, false)
})

t.test('a queue that is full refuses; nothing breaks', async t => {
  const slow = servers.map(server => ({ ...server, concurrent: 1, service: '200ms', queue: 2 }))
  const result = await localScenario({ ...base, servers: slow, assert: ['queue at most 2', 'no connection broken'] })
  const { requests, realServers, ok } = result
  t.ok(ok)
  t.equal(requests.refused, realServers[0]!.overflowed + realServers[1]!.overflowed)
  t.ok(requests.refused > 100, `${requests.refused} refused`)
  t.match(realServers, [{ queueMost: 2 }, { queueMost: 2 }])
})

t.test('a drain: weight 0, no new connections, its end; at the deadline what is left is ended', async t => {
  const long = { ...web, 'requests per connection': 4, think: '500ms' }
  const run = (more: object) =>
    localScenario({
      ...base,
      duration: '30s',
      clients: [long],
      rules: ['--set 900 1 300', ...rules('-g')],
      changes: [{ at: '2s', drain: 'rs1', deadline: '20s', ...more }],
    })
  const whole = await run({})
  t.match(whole.requests, { broken: 0, answered: 800 })
  t.match(whole.realServers[0]!.series.weight.slice(0, 4), [1, 1, 0, 0])
  t.strictSame(
    whole.realServers[0]!.series.connections.slice(3),
    Array.from({ length: 27 }, () => 0),
  )
  const { tookMs } = whole.drains[0]!
  t.ok(tookMs !== null && tookMs > 1500 && tookMs < 10_000, `${tookMs} ms`)
  const cut = await run({ deadline: '500ms', afterwards: 'reset' })
  t.ok(cut.drains[0]!.cut > 10, `${cut.drains[0]!.cut} ended`)
  t.equal(cut.drains[0]!.tookMs, null)
  t.ok(cut.requests.broken > 10, `${cut.requests.broken} broken`)
})

t.test('health checks take a real server out and put it in again', async t => {
  const keepalived = `virtual_server 10.0.0.100 80 {\n delay_loop 1\n lb_algo rr\n lb_kind NAT\n protocol TCP\n ${real(1)}\n ${real(2)}\n}\n`
  const result = await localScenario({
    ...base,
    duration: '20s',
    clients: [{ ...web, connections: 2000, timeout: '2s' }],
    rules: [],
    directors: [{ keepalived }],
    changes: [
      { at: '5s', fail: 'rs2' },
      { at: '12s', recover: 'rs2' },
    ],
    assert: ['recover within 3s'],
  })
  t.ok(result.ok, JSON.stringify(result.assertions))
  const { weight } = result.realServers[1]!.series
  t.strictSame([weight[3], weight[9], weight.at(-1)], [1, -1, 1])
  t.match(
    result.events.filter(({ kind, atMs }) => kind === 'check' && atMs > 100).map(({ text }) => text),
    [/^lb1: 10\.0\.1\.2:80 .* is taken out$/, /^lb1: 10\.0\.1\.2:80 .* is put in, weight 1$/],
  )
})

t.test('mh: no other real server’s clients move beyond what its table must', async t => {
  const ten = Array.from({ length: 10 }, (_, i) => ({ name: `rs${i + 1}`, address: `10.0.1.${i + 1}` }))
  const result = await localScenario({
    ...base,
    duration: '10s',
    clients: [{ ...web, arrivals: { constant: '300/s' }, connections: 3000 }],
    servers: ten,
    rules: [`-A -t ${VIP} -s mh`, ...ten.map(({ address }) => `-a -t ${VIP} -r ${address}:80 -m`)],
    changes: [{ at: '5s', run: `-d -t ${VIP} -r 10.0.1.4:80` }],
    assert: ['no real server above 14 %', 'at most 3 % of requests failed'],
  })
  t.ok(result.ok, JSON.stringify(result.assertions))
  const { connections } = result.realServers[3]!.series
  t.strictSame(connections.slice(6), [0, 0, 0, 0])
})

t.test('a line of rules that is refused is named', async t => {
  await t.rejects(localScenario({ ...base, rules: ['-A -t 10.0.0.1:80 -s best'] }), {
    name: 'ScenarioError',
    message: /^rules\[0\]: -A -t 10\.0\.0\.1:80 -s best: /,
  })
  await t.rejects(localScenario({ ...base, changes: [{ at: '1s', run: 'sleep 3' }] }), {
    message: 'changes[0].run: sleep 3: no sleep here: write a change with its own time',
  })
  await t.rejects(
    localScenario({ ...base, directors: [{ keepalived: 'vrrp_script a {\n script "/bin/true"\n}\n' }] }),
    {
      message: 'directors[0].keepalived: vrrp_script a: not simulated; only interfaces are tracked',
    },
  )
})

t.test('what a scenario is called does not steer the terminal', async t => {
  const name = 'a\x1b[2J\u202eb\u2069'
  t.match(simulationText(await localScenario({ ...base, name })), /^a\ufffd\[2J\ufffdb\ufffd: 8 s/)
})
