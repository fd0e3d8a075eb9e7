import t from 'tap'
import { BenchDirector, fromClient, VIP } from '../support/bench-director.js'
import { tcp4 } from '../support/frames.js'

t.test('a service deleted and made again counts its revived destinations anew (§2.7)', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  bench.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, fromClient))
  bench.poll(2000)
  bench.must({ op: 'delete-service', service: { protocol: 'tcp', address: VIP, port: 80 } })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  bench.poll(2000)
  const none = { conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 }
  t.match(bench.services(), [{ stats: none, destinations: [{ activeConns: 1, inactConns: 0, stats: none }] }])
})
