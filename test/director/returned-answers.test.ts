import t from 'tap'
import { BenchDirector, fromClient, fromServer, VIP } from '../support/bench-director.js'
import { icmp4, tcp4, udp4 } from '../support/frames.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const LINE = (vip: string): string =>
  `answers of real servers from ${vip} come back to the director and are dropped (drop-source-is-ours): real servers of -g and -i need another default gateway than the director`

function rig(): { bench: BenchDirector; said: string[] } {
  const said: string[] = []
  return { bench: new BenchDirector({ notice: line => said.push(line) }), said }
}
function serve(bench: BenchDirector, method: 'direct' | 'tunnel' | 'masq', address: string, onePacket = false): void {
  const protocol = onePacket ? 'udp' : 'tcp'
  const service = { protocol, address, port: 80 } as const
  bench.must({ op: 'add-service', service, settings: { ...serviceSettings('rr'), onePacket } })
  const destination = { address: '10.99.2.11', port: 80 }
  bench.must({ op: 'add-destination', service, destination, settings: destinationSettings(1, { method }) })
  bench.poll()
}
const request = (vip = VIP): Uint8Array => tcp4(`10.99.1.10:40000 > ${vip}:80`, fromClient)
const answer = (vip = VIP, cport = 40000): Uint8Array =>
  tcp4(`${vip}:80 > 10.99.1.10:${cport}`, { ...fromServer(), flags: 'SA' })

for (const method of ['direct', 'tunnel'] as const)
  t.test(`an answer by ${method} that comes to the director is dropped, and spoken of once a VIP`, async t => {
    const { bench, said } = rig()
    serve(bench, method, VIP)
    serve(bench, method, '10.99.1.101')
    for (const vip of [VIP, '10.99.1.101', VIP]) {
      bench.receive('c', request(vip))
      for (let again = 0; again < 3; again++) {
        t.equal(bench.receive('r', answer(vip)), 'drop-source-is-ours')
        bench.poll()
      }
    }
    t.strictSame(said, [LINE(VIP), LINE('10.99.1.101')])
    bench.must({ op: 'reset' })
    serve(bench, method, VIP)
    bench.receive('c', request())
    bench.receive('r', answer())
    bench.poll()
    t.equal(said.length, 3, 'begun anew')
  })

t.test('with one-packet scheduling there is no connection to go by', async t => {
  const { bench, said } = rig()
  serve(bench, 'direct', VIP, true)
  bench.receive('r', udp4(`${VIP}:81 > 10.99.1.10:40000`, fromServer()))
  bench.poll()
  t.strictSame(said, [])
  bench.receive('r', udp4(`${VIP}:80 > 10.99.1.10:40000`, fromServer()))
  bench.poll()
  t.strictSame(said, [LINE(VIP)])
})

t.test('whatever else has one of our addresses is dropped without a word', async t => {
  const { bench, said } = rig()
  serve(bench, 'masq', '10.99.1.101')
  serve(bench, 'direct', VIP)
  for (const vip of [VIP, '10.99.1.101']) bench.receive('c', request(vip))
  for (const frame of [
    answer(VIP, 40001),
    answer('10.99.1.101'),
    icmp4(`${VIP} > 10.99.1.10`, { ...fromServer(), type: 0 }),
    tcp4(`${VIP}:80 > 10.99.1.10:40000`, { ...fromServer(), fragment: 8 }),
  ]) {
    t.equal(bench.receive('r', frame), 'drop-source-is-ours')
    bench.poll()
  }
  t.strictSame(said, [])
})
