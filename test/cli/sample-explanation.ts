import { BenchDirector, fromClient, VIP } from '../support/bench-director.js'
import { tcp4 } from '../support/frames.js'
import type { ConnectionInfo, Control } from '../../src/control/protocol/api.js'
import type { Explanation } from '../../src/control/protocol/explain.js'

const connection: ConnectionInfo = {
  protocol: 'tcp',
  state: 'TIME_WAIT',
  expires: 100,
  caddr: '10.0.0.7',
  cport: 40_000,
  vaddr: '10.0.1.100',
  vport: 80,
  daddr: '10.0.2.11',
  dport: 80,
}

/** Every step there is, and every field. */
export function sampleExplanation(): Explanation & { whyNot: string } {
  return {
    at: 1_796_017_616_532,
    link: 'eth0',
    packet: 'TCP 10.0.0.7:40000 > 10.0.1.100:80 S, ttl 64, 74 octets',
    fields: [['ip.dst', '10.0.1.100']],
    octets: '4ee91f8411a4',
    length: 74,
    steps: [
      { step: 'connection', by: 'inbound', connection },
      { step: 'set-aside', why: 'replaced' },
      { step: 'service', mark: 0, service: 'TCP 10.0.1.100:80', scheduler: 'wlc', persistent: 300 },
      { step: 'template' },
      {
        step: 'scheduler',
        scheduler: 'wlc',
        rule: 'the least (256 × active + inactive) ÷ weight',
        chosen: '10.0.2.12:80',
        candidates: [
          { server: '10.0.2.11:80', weight: 0, active: 1, inactive: 0, refused: 'weight-0' },
          { server: '10.0.2.12:80', weight: 2, active: 1, inactive: 1, view: '257 ÷ 2 = 128.5' },
        ],
        more: 0,
      },
      { step: 'route', to: '10.0.2.12', link: 'eth1', nextHop: '10.0.2.12', mtu: 1500 },
      {
        step: 'sent',
        link: 'eth1',
        toKernel: false,
        taken: true,
        octets: 74,
        changed: [['ip.dst', '10.0.1.100', '10.0.2.12']],
      },
      { step: 'offload', way: 'inbound', standing: 'young', after: 8, packets: 1 },
    ],
    verdict: 'balanced',
    connection: { ...connection, state: 'SYN_RECV', expires: 60, daddr: '10.0.2.12' },
    whyNot: 'its weight is 0, which takes no new connections',
  }
}

/** Of a director that has dropped a packet to a service without real servers. */
export function droppingOne(): Control {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`)
  bench.turn('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  return bench.control
}
