import t from 'tap'
import { BenchDirector, fromClient, VIP } from '../support/bench-director.js'
import { udp4 } from '../support/frames.js'

t.test('after a reset the counters of ICMP errors, too, are as freshly started', async t => {
  const bench = new BenchDirector({ vips: [VIP], icmpRatelimit: 1000 })
  for (let i = 0; i < 10; i++) bench.receive('c', udp4(`10.99.1.10:1 > ${VIP}:9`, fromClient))
  t.match(bench.director.verdictCounters.byName(), { refused: 10, 'icmp-errors-sent': 6, 'icmp-errors-limited': 4 })
  bench.must({ op: 'reset' })
  t.match(bench.director.verdictCounters.byName(), { refused: 0, 'icmp-errors-sent': 0, 'icmp-errors-limited': 0 })
})
