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
  for (const dest of [a!, b!, c!]) known.add(dest)
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
  for (const dest of [first!, second!, gue!]) known.add(dest)
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
  known.add(first!)
  t.strictSame(types(), [IPIP], 'added again')
})
