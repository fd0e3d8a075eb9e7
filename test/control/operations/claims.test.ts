import t from 'tap'
import { claims as operation } from '../../../src/control/operations/claims.js'
import { arp, hex } from '../../support/frames.js'
import { BenchDirector, BROADCAST, DIP_C, MAC_C, MAC_R, serverMac, VIP } from '../../support/bench-director.js'

const OTHER = '02:00:00:00:01:77'
const says = (senderMac: string, senderAddr: string): Uint8Array =>
  arp({ operation: 'reply', senderMac, senderAddr, targetMac: MAC_C, targetAddr: DIP_C })

t.test(
  'with ask the director asks who has its VIPs; who answers is told, with the addresses known at its MAC',
  async t => {
    const bench = new BenchDirector()
    bench.serve('tcp', `${VIP}:80`, '10.99.1.50:80')
    bench.run(100)
    bench.turn('c', says(OTHER, VIP))
    t.match(bench.ask({ op: 'claims' }), [{ address: VIP, mac: OTHER, link: 'c', count: 1, hosts: [] }])
    bench.take()
    t.strictSame(bench.ask({ op: 'claims', ask: true }), [], 'what was said before is forgotten')
    const asked = bench.take()
    const request = arp({ operation: 'request', senderMac: MAC_C, senderAddr: DIP_C, targetAddr: VIP })
    t.ok(
      asked.some(({ link, frame }) => link === 'c' && hex(frame) === hex(request)),
      `a request from ${DIP_C} for the VIP, to ${BROADCAST}`,
    )
    bench.turn('c', says(OTHER, VIP))
    bench.turn('c', says(OTHER, VIP))
    t.match(bench.ask({ op: 'claims' }), [{ address: VIP, mac: OTHER, link: 'c', count: 2 }])
  },
)

t.test('a static neighbour is known by its MAC; no more than 64 are kept', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`)
  bench.turn(
    'r',
    arp({ operation: 'reply', senderMac: serverMac(11), senderAddr: VIP, targetMac: MAC_R, targetAddr: DIP_C }),
  )
  t.match(bench.ask({ op: 'claims' }), [{ link: 'r', hosts: ['10.99.2.11'] }])
  for (let i = 0; i < 200; i++) bench.turn('c', says(`02:00:00:00:77:${(i % 100) + 100}`.slice(0, 17), VIP))
  t.ok((bench.ask({ op: 'claims' }) as unknown[]).length <= 64)
})

t.test('of several workers each has heard some', async t => {
  const one = { address: VIP, mac: OTHER, link: 'c', count: 1, hosts: ['10.99.1.77'] }
  t.strictSame(operation.claims.merge([[one], [{ ...one, count: 2, hosts: [] }], []]), [{ ...one, count: 3 }])
})
