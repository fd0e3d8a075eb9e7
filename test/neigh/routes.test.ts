import t from 'tap'
import { ON_LINK, Routes } from '../../src/neigh/routes.js'
import type { Link } from '../../src/packet/link.js'
import { formatIpv4, parseCidr, parseIpv4, parseMac, type Ipv4Addr } from '../../src/wire/addr.js'

const linkAt = (index: number, name: string, mtu = 1500): Link => ({
  index,
  name,
  mtu,
  mac: parseMac('02:00:00:00:00:01')!,
  isBeside: false,
  claims: true,
})
const a = linkAt(0, 'a')
const b = linkAt(1, 'b', 9000)
const addr = (text: string) => parseIpv4(text)!
const cidr = (text: string) => parseCidr(text)!

/** 'link gateway mtu' */
function lookup(routes: Routes, dst: string): string {
  const route = routes.lookup(addr(dst))
  if (!route) return 'none'
  const gateway = route.gateway === ON_LINK ? 'link' : formatIpv4(route.gateway)
  return `${route.link.name} ${gateway} ${route.mtu}`
}

t.test('the longest prefix wins, in whatever order the routes came', async t => {
  const given: [to: string, at: Link, gateway: string | undefined, mtu?: number][] = [
    ['0.0.0.0/0', a, '10.0.0.254'],
    ['192.0.2.0/24', b, '10.1.0.1'],
    ['192.0.2.128/25', a, '10.0.0.9', 1400],
    ['192.0.2.129/32', b, undefined, 576],
    ['128.0.0.0/1', a, '10.0.0.7'],
  ]
  for (const order of [given, given.toReversed(), [...given.slice(2), ...given.slice(0, 2)]]) {
    const routes = new Routes()
    for (const [to, at, gateway, mtu] of order) routes.add(cidr(to), at, gateway ? addr(gateway) : undefined, mtu)
    t.strictSame(
      ['10.9.9.9', '192.0.2.1', '192.0.2.200', '192.0.2.129', '255.255.255.255', '0.0.0.0', '203.0.113.1'].map(dst =>
        lookup(routes, dst),
      ),
      [
        'a 10.0.0.254 1500',
        'b 10.1.0.1 9000',
        'a 10.0.0.9 1400',
        'b link 576',
        'a 10.0.0.7 1500',
        'a 10.0.0.254 1500',
        'a 10.0.0.7 1500',
      ],
      order.map(([to]) => to).join(' '),
    )
  }
})

t.test('without a default there are addresses without a route', async t => {
  const routes = new Routes()
  t.equal(lookup(routes, '10.0.0.1'), 'none', 'an empty table')
  routes.addAddress({ ...cidr('10.0.0.1/24'), link: a })
  t.equal(lookup(routes, '10.0.0.77'), 'a link 1500')
  t.equal(lookup(routes, '10.0.1.1'), 'none')
})

t.test('an address connects its network, a /32 nothing', async t => {
  const routes = new Routes()
  routes.addAddress({ ...cidr('192.0.2.1/31'), link: a })
  routes.addAddress({ ...cidr('198.51.100.1/32'), link: b })
  t.strictSame(
    ['192.0.2.0', '192.0.2.1', '192.0.2.2', '198.51.100.1'].map(dst => lookup(routes, dst)),
    ['a link 1500', 'a link 1500', 'none', 'none'],
  )
})

t.test('the later of two routes to one block stands, however its host part is written', async t => {
  const routes = new Routes()
  routes.add(cidr('192.0.2.0/24'), a, addr('10.0.0.1'))
  routes.add(cidr('192.0.2.77/24'), b, addr('10.1.0.1'), 1280)
  t.equal(lookup(routes, '192.0.2.1'), 'b 10.1.0.1 1280')
  routes.delete(cidr('192.0.2.1/24'))
  t.equal(lookup(routes, '192.0.2.1'), 'none', 'there was but one')
  routes.delete(cidr('192.0.2.0/24'))
  routes.add(cidr('192.0.2.0/25'), a, undefined)
  routes.delete(cidr('192.0.2.0/24'))
  t.equal(lookup(routes, '192.0.2.1'), 'a link 1500', 'another length is another route')
})

t.test('the source for a peer is our address in its network, else the link’s first, else any of ours', async t => {
  const routes = new Routes()
  routes.addAddress({ ...cidr('10.0.0.1/24'), link: a })
  routes.addAddress({ ...cidr('10.0.1.1/24'), link: a })
  routes.addAddress({ ...cidr('10.0.2.1/24'), link: b })
  const cases: [Link, string, string][] = [
    [a, '10.0.0.9', '10.0.0.1'],
    [a, '10.0.1.9', '10.0.1.1'],
    [a, '10.0.2.9', '10.0.0.1'],
    [b, '10.0.2.9', '10.0.2.1'],
    [b, '8.8.8.8', '10.0.2.1'],
    [linkAt(2, 'c'), '10.0.0.9', '10.0.0.1'],
  ]
  for (const [at, peer, source] of cases)
    t.equal(formatIpv4(routes.sourceFor(at, addr(peer))), source, `${peer} by ${at.name}`)
})

t.test('a connected network’s last address is its broadcast address, its first is a host', async t => {
  const routes = new Routes()
  routes.addAddress({ ...cidr('10.0.0.1/24'), link: a })
  routes.addAddress({ ...cidr('192.0.2.9/30'), link: b })
  routes.addAddress({ ...cidr('198.51.100.0/31'), link: b })
  routes.addAddress({ ...cidr('203.0.113.1/32'), link: b })
  const broadcast = ['10.0.0.255', '192.0.2.11']
  const hosts = ['10.0.0.0', '10.0.0.254', '192.0.2.8', '192.0.2.255', '198.51.100.1', '203.0.113.1', '10.0.1.255']
  for (const text of broadcast) t.ok(routes.isBroadcast(addr(text)), text)
  for (const text of hosts) t.notOk(routes.isBroadcast(addr(text)), text)
})

t.test('an address is on the link whose network it is in', async t => {
  const routes = new Routes()
  routes.addAddress({ ...cidr('10.0.0.1/24'), link: a })
  routes.addAddress({ ...cidr('192.0.2.9/30'), link: b })
  routes.add(cidr('0.0.0.0/0'), a, addr('10.0.0.254'))
  t.strictSame(
    ['10.0.0.200', '192.0.2.10', '192.0.2.12', '8.8.8.8'].map(text => routes.linkTo(addr(text))?.name),
    ['a', 'b', undefined, undefined],
  )
})

/** The MTU on the way to an address, by its route. */
const mtuTo = (routes: Routes, dst: Ipv4Addr): number => routes.pathMtu(dst, routes.lookup(dst)!)
function connected(mtu = 1500): Routes {
  const routes = new Routes()
  routes.add(cidr('0.0.0.0/0'), linkAt(0, 'a', mtu), addr('10.0.0.254'))
  return routes
}

t.test(
  'a path’s MTU that was learnt counts for that destination only, 552 at the least; more than was known is not believed',
  async t => {
    const routes = connected()
    const [here, there] = [addr('192.0.2.1'), addr('192.0.2.2')]
    t.equal(mtuTo(routes, here), 1500)
    for (const [told, counts] of [
      [9000, 1500],
      [1500, 1500],
      [1499, 1499],
      [1400, 1400],
      [1401, 1400],
      [552, 552],
      [551, 552],
      [68, 552],
      [0, 552],
    ] as const) {
      routes.learnMtu(here, told, 0)
      t.equal(mtuTo(routes, here), counts, `${told}`)
      t.equal(mtuTo(routes, there), 1500)
    }
    const narrow = connected(500)
    narrow.learnMtu(here, 552, 0)
    t.equal(mtuTo(narrow, here), 500, 'never more than the route’s own')
  },
)

t.test('it is forgotten after 600 s; told again, it has its time again', async t => {
  const routes = connected()
  const [here, there] = [addr('192.0.2.1'), addr('192.0.2.2')]
  routes.learnMtu(here, 1400, 1000)
  routes.learnMtu(there, 1300, 2000)
  routes.learnMtu(here, 1200, 300_000)
  routes.poll(601_999)
  t.strictSame([mtuTo(routes, here), mtuTo(routes, there)], [1200, 1300])
  routes.poll(602_000)
  t.strictSame([mtuTo(routes, here), mtuTo(routes, there)], [1200, 1500])
  routes.poll(899_999)
  t.equal(mtuTo(routes, here), 1200)
  routes.poll(900_000)
  t.equal(mtuTo(routes, here), 1500)
})

const nth = (n: number): Ipv4Addr => (addr('198.18.0.0') + n) as Ipv4Addr

t.test('1024 paths are remembered: the one told longest ago goes', async t => {
  const routes = connected()
  for (let n = 0; n < 1024; n++) routes.learnMtu(nth(n), 1400, n)
  routes.learnMtu(nth(0), 1400, 2000)
  t.equal(mtuTo(routes, nth(1)), 1400, 'one that was known already pushes nobody out')
  routes.learnMtu(nth(1024), 1400, 2001)
  t.strictSame(
    [0, 1, 2, 1023, 1024].map(n => mtuTo(routes, nth(n))),
    [1400, 1500, 1400, 1400, 1400],
  )
  for (let n = 2000; n < 10_000; n++) routes.learnMtu(nth(n), 1400, n)
  const known = Array.from({ length: 10_000 }, (_, n) => mtuTo(routes, nth(n))).filter(mtu => mtu === 1400).length
  t.equal(known, 1024)
})
