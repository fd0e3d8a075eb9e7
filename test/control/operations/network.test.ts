import t from 'tap'
import { OPERATIONS } from '../../../src/control/operations/index.js'
import type { NeighbourShown, NetworkInfo } from '../../../src/control/protocol/api.js'
import { DeadEnd } from '../../../src/neigh/routes.js'
import { maskOf, parseIpv4, type Cidr } from '../../../src/wire/addr.js'
import { BenchDirector, fromClient, VIP } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'

const cidr = (addr: string, prefix: number): Cidr => ({ addr: parseIpv4(addr)!, prefix, mask: maskOf(prefix) })
const networkOf = (bench: BenchDirector): NetworkInfo => bench.ask({ op: 'network' }) as NetworkInfo

t.test('addresses, routes and neighbours as they are now', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.99:80')
  bench.must({ op: 'add-route', to: '0.0.0.0/0', gateway: '10.99.1.254' })
  const { routes, links } = bench.director
  const [c, r] = links
  const ofKernel = [
    { to: cidr('192.0.2.0', 24), way: { link: r!, gateway: undefined }, mtu: 1400 },
    { to: cidr('198.51.100.0', 24), way: DeadEnd.BLACKHOLE },
    { to: cidr('203.0.113.0', 24), way: DeadEnd.ELSEWHERE },
  ]
  routes.setKernels([{ ...cidr('192.0.2.7', 24), link: r! }], ofKernel)
  bench.receive('c', tcp4(`10.99.1.10:1024 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  const now = networkOf(bench)
  t.strictSame(now.addresses, [
    { cidr: '10.99.1.1/24', link: 'c' },
    { cidr: '10.99.2.1/24', link: 'r' },
    { cidr: '192.0.2.7/24', link: 'r' },
  ])
  t.strictSame(now.routes.rows[0], { to: '0.0.0.0/0', gateway: '10.99.1.254', link: c!.name, mtu: 1500 })
  t.strictSame(
    now.routes.rows.filter(({ isKernels }) => isKernels).toSorted((a, b) => (a.to < b.to ? -1 : 1)),
    [
      { to: '192.0.2.0/24', link: 'r', mtu: 1400, isKernels: true },
      { to: '198.51.100.0/24', deadEnd: 'blackhole', isKernels: true },
      { to: '203.0.113.0/24', deadEnd: 'elsewhere', isKernels: true },
    ],
  )
  const { rows } = now.neighbours
  t.strictSame(
    rows.find(({ address }) => address === '10.99.2.99'),
    {
      address: '10.99.2.99',
      link: 'r',
      state: 'incomplete',
    },
  )
  t.match(
    rows.find(({ address }) => address === '10.99.2.11'),
    { link: 'r', mac: /^02:|^[0-9a-f]{2}:/, state: 'permanent' },
  )
})

t.test('of many routes two hundred, the widest first, and how many more there are', async t => {
  const bench = new BenchDirector()
  const { routes, links } = bench.director
  const before = networkOf(bench).routes.rows
  for (let at = 0; at < 300; at++) routes.add(cidr(`10.200.${at >> 8}.${at & 255}`, 32), links[0]!, undefined)
  const after = networkOf(bench).routes
  t.equal(after.rows.length, 200)
  t.equal(after.more, before.length + 300 - 200)
  t.strictSame(after.rows.slice(0, before.length), before)
})

const [link, mac] = ['c', '02:00:00:00:00:01']
function of(...rows: NeighbourShown[]): NetworkInfo {
  return { addresses: [], routes: { rows: [], more: 3 }, neighbours: { rows, more: 0 } }
}

t.test('of several workers each neighbour once, as the one says who knows most', async t => {
  const asked = { address: '10.0.0.10', link, state: 'incomplete' } as const
  const known = { address: '10.0.0.10', link, mac, state: 'reachable' } as const
  const other = { address: '10.0.0.9', link, mac, state: 'probing' } as const
  const { merge } = OPERATIONS.network
  const orders = [
    [of(asked), of(known, other)],
    [of(known, other), of(asked)],
  ]
  for (const all of orders) t.strictSame(merge(all), { ...of(other, known) })
  t.equal(merge([of(known), of({ ...asked, link: 's' })]).neighbours.rows.length, 2, 'on another link: another one')
  const many = (from: number): NeighbourShown[] =>
    Array.from({ length: 150 }, (_, at) => ({ ...known, address: `10.0.1.${from + at}` }))
  const { rows, more } = merge([of(...many(0)), of(...many(100))]).neighbours
  t.strictSame([rows.length, more, rows[199]?.address], [200, 50, '10.0.1.199'])
})
