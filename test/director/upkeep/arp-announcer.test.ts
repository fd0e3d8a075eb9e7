import t from 'tap'
import { BenchDirector, DIP_C, DIP_R, MAC_C, MAC_R, on, VIP } from '../../support/bench-director.js'
import { arp } from '../../support/frames.js'
import { Director } from '../../../src/director/director.js'
import { serviceSettings } from '../../support/settings.js'

const onC = (addr: string): string =>
  on('c', arp({ operation: 'request', senderMac: MAC_C, senderAddr: addr, targetAddr: addr }))
const onR = (addr: string): string =>
  on('r', arp({ operation: 'request', senderMac: MAC_R, senderAddr: addr, targetAddr: addr }))

/** Asks for the service without taking its announcement away. */
function add(bench: BenchDirector, address: string, port = 80): void {
  bench.must({ op: 'add-service', service: { protocol: 'tcp', address, port }, settings: serviceSettings('rr') })
}
function remove(bench: BenchDirector, address: string, port = 80): void {
  bench.must({ op: 'delete-service', service: { protocol: 'tcp', address, port } })
}

t.test('at start every single address is announced, on the link of its network', async t => {
  const sent: string[] = []
  const director = new Director({
    links: [
      { name: 'c', mac: { hi: 0x0200, lo: 0x0101 }, mtu: 1500 },
      { name: 'r', mac: { hi: 0x0200, lo: 0x0201 }, mtu: 1500 },
    ],
    egress: {
      transmit: (link, slab, at, len) => sent.push(on(link.name, slab.bytes.slice(at, at + len))) > 0,
    },
    addresses: [`${DIP_C}/24@c`, `${DIP_R}/24@r`],
    vips: ['10.99.2.9', '198.51.100.0/28'],
    seed: 1,
    now: 5000,
  })
  t.strictSame(sent, [], 'not before the first turn')
  director.poll(5000)
  t.strictSame(sent, [onC(DIP_C), onR(DIP_R), onR('10.99.2.9')], 'blocks are not')
  director.poll(6000)
  t.equal(sent.length, 3, 'once')
})

t.test('a service that brings a new VIP announces it; a second one on the VIP does not', async t => {
  const bench = new BenchDirector()
  add(bench, VIP)
  t.strictSame(bench.take(), [], 'with the next turn')
  bench.poll(10)
  t.strictSame(bench.out(), [onC(VIP)])
  add(bench, VIP, 443)
  bench.poll(10)
  t.strictSame(bench.out(), [])
  remove(bench, VIP)
  bench.poll(10)
  t.strictSame(bench.out(), [])
})

t.test('a VIP of no connected network is announced on every link', async t => {
  const bench = new BenchDirector()
  add(bench, '203.0.113.5')
  bench.poll(10)
  t.strictSame(bench.out(), [onC('203.0.113.5'), onR('203.0.113.5')])
})

t.test('a VIP that went and came back is announced again', async t => {
  const bench = new BenchDirector()
  for (let round = 0; round < 3; round++) {
    add(bench, VIP)
    bench.poll(10)
    t.strictSame(bench.out(), [onC(VIP)], `round ${round}`)
    remove(bench, VIP)
    bench.poll(10)
    t.strictSame(bench.out(), [])
  }
  bench.must({ op: 'add-vip', cidr: VIP })
  bench.poll(10)
  t.strictSame(bench.out(), [onC(VIP)], 'by --vip, too')
})

t.test('32 in a turn at the most, all in the end', async t => {
  const bench = new BenchDirector()
  const vips = Array.from({ length: 100 }, (_, i) => `10.99.1.${101 + i}`)
  for (const vip of vips) add(bench, vip)
  const turns = Array.from({ length: 5 }, () => {
    bench.poll(10)
    return bench.out()
  })
  t.strictSame(
    turns.map(({ length }) => length),
    [32, 32, 32, 4, 0],
  )
  t.strictSame(turns.flat(), vips.map(onC))
})
