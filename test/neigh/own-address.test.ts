import t from 'tap'
import { BenchDirector, MAC_C, VIP } from '../support/bench-director.js'
import { icmp4, tcp4 } from '../support/frames.js'

t.test(
  'an answer of our own that waited in vain for its next hop tells nobody: we need no ARP for our own address',
  async t => {
    for (const [what, frame] of [
      ['a RST', tcp4(`10.99.1.77:1 > ${VIP}:81`, { eth: `02:00:00:00:01:77 > ${MAC_C}` })],
      ['an echo reply', icmp4(`10.99.1.77 > ${VIP}`, { type: 8, eth: `02:00:00:00:01:77 > ${MAC_C}` })],
    ] as const) {
      const bench = new BenchDirector({ vips: [VIP] })
      t.equal(bench.receive('c', frame), 'held', what)
      const lines = bench.run(10_000).map(line => line.replace(/^\d+ c (.*) \S+$/, '$1'))
      t.strictSame([...new Set(lines)], ['arp request 10.99.1.77'], what)
    }
  },
)
