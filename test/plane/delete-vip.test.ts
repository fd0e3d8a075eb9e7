import t from 'tap'
import { BenchDirector, DIP_C, fromClient, VIP } from '../support/bench-director.js'
import { icmp4 } from '../support/frames.js'

t.test('delete-vip takes away what add-vip or --vip gave, not the address of a service or an interface', async t => {
  const bench = new BenchDirector({ vips: ['10.99.1.101'] })
  bench.serve('tcp', `${VIP}:80`)
  const answers = (address: string): boolean =>
    bench.turn('c', icmp4(`10.99.1.10 > ${address}`, { type: 8, ...fromClient }))[0] === 'answered'
  for (const address of [VIP, DIP_C]) {
    t.equal(bench.ask({ op: 'delete-vip', cidr: address }), 'ESRCH', `${address} is no --vip`)
    t.ok(answers(address), `${address} is still ours`)
  }
  t.equal(bench.ask({ op: 'delete-vip', cidr: '10.99.1.101' }), null)
  t.equal(bench.ask({ op: 'delete-vip', cidr: '10.99.1.101' }), 'ESRCH', 'twice')
})
