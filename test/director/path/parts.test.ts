import t from 'tap'
import { countInbound, countOutbound } from '../../../src/director/path/parts.js'
import { Counter, Counters, TOTALS } from '../../../src/service/counters.js'
import { DestinationTable } from '../../../src/service/destination.js'
import { parseIpv4 } from '../../../src/wire/addr.js'
import { identity } from '../../support/identity.js'

const addr = (text: string) => parseIpv4(text)!

t.test('a packet counts for the destination, its service and the totals, unless the destination is gone', async t => {
  const counters = new Counters()
  const dest = new DestinationTable(counters).create(identity(6, addr('10.0.0.1'), 80), addr('10.0.0.2'), 80)
  dest.serviceCounters = counters.allocate()
  const rows = [dest.counters, dest.serviceCounters, TOTALS]
  const shown = (): number[][] => {
    counters.tick(1)
    const fields = [Counter.CONNS, Counter.IN_PKTS, Counter.IN_BYTES, Counter.OUT_PKTS, Counter.OUT_BYTES]
    return rows.map(row => fields.map(field => counters.shown(row, field)))
  }
  countInbound(counters, dest, 40)
  countOutbound(counters, dest, 60)
  t.strictSame(
    shown(),
    rows.map(() => [0, 0, 0, 0, 0]),
    'not available: not even in the totals',
  )
  dest.available = true
  countInbound(counters, dest, 40)
  countInbound(counters, dest, 1500)
  countOutbound(counters, dest, 60)
  t.strictSame(
    shown(),
    rows.map(() => [0, 2, 1540, 1, 60]),
  )
})
