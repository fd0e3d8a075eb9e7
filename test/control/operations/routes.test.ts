import t from 'tap'
import { formatIpv4, parseIpv4 } from '../../../src/wire/addr.js'
import { BenchDirector } from '../../support/bench-director.js'

t.test('add-route is --route while the director runs, delete-route takes it away', async t => {
  const bench = new BenchDirector()
  const way = (address: string): string => {
    const route = bench.director.routes.lookup(parseIpv4(address)!)
    return route ? `${route.link.name} ${formatIpv4(route.gateway)} ${route.mtu}` : 'none'
  }
  t.equal(way('10.99.2.11'), 'r 0.0.0.0 1500')
  bench.must({ op: 'add-route', to: '10.99.2.11/32', port: 'r', mtu: 1400 })
  t.equal(way('10.99.2.11'), 'r 0.0.0.0 1400')
  t.equal(way('10.99.2.12'), 'r 0.0.0.0 1500')
  bench.must({ op: 'add-route', to: '10.99.2.11/32', port: 'r', mtu: 1300 })
  t.equal(way('10.99.2.11'), 'r 0.0.0.0 1300', 'instead of the other')
  bench.must({ op: 'delete-route', to: '10.99.2.11/32' })
  t.equal(way('10.99.2.11'), 'r 0.0.0.0 1500')
  t.equal(bench.ask({ op: 'delete-route', to: '10.99.2.11/32' }), 'ESRCH', 'twice')
  bench.must({ op: 'add-route', to: '198.51.100.0/24', gateway: '10.99.2.14' })
  t.equal(way('198.51.100.1'), 'r 10.99.2.14 1500', 'by the interface on whose network the gateway is')
  bench.must({ op: 'add-route', to: '0.0.0.0/0', gateway: '10.99.2.14', port: 'c', mtu: 1280 })
  t.equal(way('203.0.113.1'), 'c 10.99.2.14 1280')
  t.equal(way('10.99.2.11'), 'r 0.0.0.0 1500')
})
