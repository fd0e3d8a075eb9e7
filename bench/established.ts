import type { Question } from './question.js'
import { benchDirector, Segment, server, VIP } from './bench-director.js'

const CLIENT = '192.0.2.1'
const SYN = 2
const ACK = 16

/** What a packet of an open connection costs, from Director.receive to the device, both ways; a 54-octet copy included. */
export function established(): Question[] {
  const director = benchDirector('wlc', 1)
  const [client, real] = director.ports
  const syn = new Segment(CLIENT, 40_000, VIP, 80, SYN)
  const inbound = new Segment(CLIENT, 40_000, VIP, 80, ACK)
  const outbound = new Segment(server(0), 8080, CLIENT, 40_000, ACK)
  syn.fresh()
  director.receive(client!, syn.slab, syn.at, syn.len)
  return [
    {
      name: 'established packet, inbound',
      run() {
        inbound.fresh()
        director.receive(client!, inbound.slab, inbound.at, inbound.len)
      },
    },
    {
      name: 'established packet, outbound',
      run() {
        outbound.fresh()
        director.receive(real!, outbound.slab, outbound.at, outbound.len)
      },
    },
    { name: 'the copy alone', run: () => inbound.fresh() },
  ]
}
