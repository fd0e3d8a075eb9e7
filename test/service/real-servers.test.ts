import t from 'tap'
import { Counters } from '../../src/service/counters.js'
import { DestinationTable } from '../../src/service/destination.js'
import { Method } from '../../src/service/method.js'
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
