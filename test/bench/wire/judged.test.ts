import t from 'tap'
import { type Figures, summarise } from '../../../bench/wire/figures.js'
import { judge, judgedLine, judgedRows } from '../../../bench/wire/judged.js'

const rounds: [string, Figures[]][] = [
  [
    'no-balancer',
    [
      { wrk: 1000, 'half-p99': 100 },
      { wrk: 1000, 'half-p99': 100 },
    ],
  ],
  ['nftables', [{ wrk: 1000 }, { wrk: 800 }]],
  [
    'uvs-raw-nat',
    [
      { wrk: 810, 'half-p99': 131 },
      { wrk: 810, 'half-p99': 129 },
    ],
  ],
]
const judged = judge(summarise(new Map(rounds)))
const find = (what: string, over: string) => judged.find(line => line.what === what && line.over === over)!

t.test('at least, at most, and the bound itself', async t => {
  t.match(find('NAT, wrk requests/s', 'nftables'), { seen: 0.9, wanted: 1.15, ok: false, range: [0.81, 1.0125] })
  t.match(find('NAT, wrk requests/s', 'no-balancer'), { seen: 0.81, wanted: 1.05, ok: false })
  t.match(find('NAT, p99 at half load, paced', 'no-balancer'), { seen: 1.3, wanted: 1.3, ok: true })
  const slower = judge(summarise(new Map([...rounds.slice(0, 1), ['uvs-raw-nat', [{ 'half-p99': 131 }]]])))
  t.match(
    slower.find(({ seen }) => seen !== undefined),
    { seen: 1.31, ok: false, range: undefined },
  )
})

t.test('what was not measured is neither ok nor missed', async t => {
  const line = find('NAT, wrk requests/s', 'haproxy')
  t.notOk('ok' in line)
  t.equal(judgedLine(line), '-       NAT, wrk requests/s             not measured of haproxy, at least 1.6')
})

t.test('every ratio of the issue is there, and half load by our own client', async t => {
  t.strictSame(
    judged.map(({ what, over, wanted, atMost }) => `${what}: ${atMost ? '<' : '>'}${wanted} ${over}`),
    [
      'NAT, wrk requests/s: >1.15 nftables',
      'NAT, wrk requests/s: >1.6 haproxy',
      'NAT, wrk requests/s: >1.2 nginx-stream',
      'NAT, wrk requests/s: >1.05 no-balancer',
      'NAT, CPU a request: <1 nftables',
      'NAT, CPU a request: <1 no-balancer',
      'NAT, ab new connections/s: >1.2 nftables',
      'NAT, ab new connections/s: >1.5 haproxy',
      'NAT, ab new connections/s: >1.7 nginx-stream',
      'NAT, ab of 20 requests each: >1.1 no-balancer',
      'NAT, download: >1 nftables',
      'NAT, upload: >1 nftables',
      'NAT, wrk p99 at half load: <1.1 no-balancer',
      'NAT, p99 at half load, paced: <1.3 no-balancer',
      'NAT, UDP 64-byte packets/s: >1.5 nftables',
      'beside, NAT, wrk requests/s: >0.97 uvs-raw-nat',
      'beside, NAT, ab new connections/s: >0.97 uvs-raw-nat',
      'FULLNAT, wrk requests/s: >1.1 nftables',
      'DR, wrk requests/s: >1.1 nftables',
      'TUN, wrk requests/s: >1.1 nftables',
      'tap NAT, wrk requests/s: >1 haproxy',
      'tap NAT, wrk requests/s: >0.75 nftables',
      'tap NAT, ab new connections/s: >1 haproxy',
      'tap NAT, ab new connections/s: >0.75 nftables',
    ],
  )
})

t.test('as text and as a table', async t => {
  t.equal(
    judgedLine(find('NAT, wrk requests/s', 'no-balancer')),
    'missed  NAT, wrk requests/s             0.81 [0.81–0.81] of no-balancer, at least 1.05',
  )
  t.ok(judgedRows(judged).includes('| NAT, p99 at half load, paced | ≤ 1.3 × no-balancer | 1.30 [1.29–1.31] | ok |'))
  t.ok(judgedRows(judged).includes('| NAT, wrk requests/s | ≥ 1.6 × haproxy | – | – |'))
})
