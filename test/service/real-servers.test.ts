import t from 'tap'
import { Counters } from '../../src/service/counters.js'
import { DestinationTable } from '../../src/service/destination.js'
import { Method, TunnelType } from '../../src/service/method.js'
import { RealServers } from '../../src/service/real-servers.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { identity } from '../support/identity.js'

t.test('a destination is there by its address and port for as long as it is added, others there or not', async t => {
  const table = new DestinationTable(new Counters())
  const service = identity(6, 1 as Ipv4Addr, 80)
  const rs = 7 as Ipv4Addr
  const [a, b, c] = [80, 80, 81].map(port => table.create(service, rs, port))
  c!.method = Method.TUNNEL
  const known = new RealServers()
  const seen = () => [known.answersFrom(6, rs, 80), known.answersFrom(17, rs, 80), known.hasTunnel(rs, 0, 0)]
  t.strictSame(seen(), [false, false, false])
  for (const dest of [a!, b!, c!]) known.add(dest, false)
  t.strictSame(seen(), [true, false, true])
  t.notOk(known.answersFrom(6, rs, 81), 'a tunnel’s')
  known.delete(a!)
  t.strictSame(seen(), [true, false, true])
  known.delete(b!)
  t.strictSame(seen(), [false, false, true])
  known.delete(c!)
  t.strictSame(seen(), [false, false, false])
})

t.test('of several tunnels to an address by one port the newest decides what type is known', async t => {
  const table = new DestinationTable(new Counters())
  const rs = 7 as Ipv4Addr
  const { IPIP, GUE, GRE } = TunnelType
  const known = new RealServers()
  const [first, second, gue] = [80, 81, 82].map(port => table.create(identity(6, 1 as Ipv4Addr, port), rs, port))
  const tunnel = (dest: typeof first, type: TunnelType, port = 0, flags = 0) =>
    known.edit(dest!, Method.TUNNEL, { type, port, flags })
  const types = () => [IPIP, GRE].filter(type => known.hasTunnel(rs, type, 0))
  for (const dest of [first!, second!, gue!]) known.add(dest, false)
  tunnel(gue, GUE, 6080)
  tunnel(first, IPIP)
  tunnel(second, GRE)
  t.strictSame(types(), [GRE])
  t.ok(known.hasTunnel(rs, GUE, 6080), 'by another port, another')
  tunnel(first, IPIP, 0, 1)
  t.strictSame(types(), [GRE], 'an edit of the flags does not make the older one newer')
  known.edit(second!, Method.DIRECT, { type: GRE, port: 0, flags: 0 })
  t.strictSame(types(), [IPIP], 'the newer one is a tunnel no more')
  tunnel(second, GRE)
  t.strictSame(types(), [GRE], 'its method was edited')
  tunnel(first, GUE, 6080)
  tunnel(first, IPIP)
  t.strictSame(types(), [IPIP], 'its type was edited')
  known.delete(first!)
  t.strictSame(types(), [GRE])
  known.add(first!, false)
  t.strictSame(types(), [IPIP], 'added again')
})

t.test(
  'all destinations of an address believe TOA where one is told so; who asks hears whether others changed',
  async t => {
    const table = new DestinationTable(new Counters())
    const [rs, other] = [7 as Ipv4Addr, 8 as Ipv4Addr]
    const known = new RealServers()
    const [plain, told, third] = [80, 81, 82].map(port => table.create(identity(6, 1 as Ipv4Addr, port), rs, port))
    const elsewhere = table.create(identity(6, 1 as Ipv4Addr, 81), other, 81)
    const believing = () => [plain, told, third, elsewhere].map(dest => dest!.believesToa)
    t.equal(known.add(elsewhere, true), false)
    t.equal(known.add(plain!, false), false)
    t.strictSame(believing(), [false, false, false, true])
    t.equal(known.add(told!, true), true)
    t.equal(known.add(third!, false), false)
    t.strictSame(believing(), [true, true, true, true])
    t.equal(known.tell(third!, true), false)
    t.equal(known.tell(told!, false), false, 'one is left that is told')
    t.strictSame(believing(), [true, true, true, true])
    t.equal(known.delete(third!), true)
    t.strictSame(believing(), [false, false, true, true], 'who is gone stays as it was')
    t.equal(known.tell(plain!, true), true)
    t.equal(known.tell(plain!, true), false)
    t.equal(known.tell(plain!, false), true)
    t.strictSame(believing(), [false, false, true, true])
  },
)
