import { schedulers } from '../src/sched/index.js'
import type { Question } from './question.js'
import { benchDirector, Segment, VIP } from './bench-director.js'

const SYN = 2
const SERVERS = 64

/** What a SYN costs that opens a connection, with 64 real servers of weights 1 to 64; the table stays at 2^16. */
export function newConnection(): Question[] {
  return [...schedulers.keys()].map(scheduler => {
    const director = benchDirector(scheduler, SERVERS, 2 ** 17)
    const syn = new Segment('192.0.2.1', 1, VIP, 80, SYN)
    const client = director.ports[0]!
    let flow = 0
    let now = 1
    return {
      name: `new connection, ${scheduler}, ${SERVERS} servers`,
      run() {
        // After 2^16 flows, a jump of time past SYN_RECV's 60 s ends them all; its cost is spread over them.
        if ((flow++ & 0xffff) === 0) {
          now += 61_000
          for (let i = 0; i < 16; i++) director.poll(now)
        }
        syn.freshFrom(0x0b000000 | (flow & 0xff), (flow >>> 8) & 0xffff)
        director.receive(client, syn.slab, syn.at, syn.len)
      },
    }
  })
}
