import * as fc from '../support/properties.js'
import t from 'tap'
import { ConnFlag, FLAGS, RECORD_WORDS, TIMER_AT, TIMER_NEXT, TIMER_PREV } from '../../src/conn/record.js'
import { VIP, type BenchDirector } from '../support/bench-director.js'
import { records } from '../support/records.js'
import { destinationSettings } from '../support/settings.js'
import { SimulatedFlows } from '../support/simulated-flows.js'
import { begun, drawn, made, type Drawn } from './odd-frames.js'

/*
 * Odd frames through two directors: a program forwards the flows of one, from their first packet on, the other sees every packet.
 * Frames, counters, states and timers must be the same.
 */

/** All that can be seen of a director, but which packets came up. */
function seen(director: BenchDirector): string {
  const { conns, flows, verdictCounters } = director.director
  flows?.settleAll()
  const words = records(conns).map(conn => {
    const record = conns.table.words.slice(conn, conn + RECORD_WORDS)
    for (const field of [TIMER_AT, TIMER_NEXT, TIMER_PREV]) record[field] = 0 // where the wheel will look, not when it ends
    record[FLAGS]! &= ~ConnFlag.HAD_FLOW
    return record.join()
  })
  const verdicts = verdictCounters.byName()
  verdicts['balanced'] = (verdicts['balanced'] ?? 0) + (director.program?.forwarded ?? 0)
  return JSON.stringify([words, conns.fullnatKeys.words.join(), director.services(), verdicts])
}

type Upset = (typeof UPSETS)[number]
const UPSETS = [
  'none',
  'weight',
  'delete',
  'add',
  'zero',
  'timeouts',
  'route',
  'vip',
  'no vip',
  'tunnel',
  'pmtu',
] as const

/** Most frames plain, as on a wire; between them, now and then, what changes rules or the network. */
const story = fc.record({
  all: drawn,
  plain: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 40, maxLength: 40 }),
  upsets: fc.array(fc.constantFrom<Upset>(...UPSETS), { minLength: 40, maxLength: 40 }),
  isUpset: fc.boolean(),
  slots: fc.constantFrom(3, 256),
})
type Story = typeof story extends fc.Arbitrary<infer Value> ? Value : never
const plainly = { flags: 'A', changed: [], cut: 0, ttl: 64, options: '', isUnsummed: false }

function upset(director: BenchDirector, what: Upset, isTcp: boolean, { method }: Drawn): void {
  const port = isTcp ? 80 : 53
  const service = { protocol: isTcp ? 'tcp' : 'udp', address: VIP, port } as const
  const destination = { address: '10.99.2.11', port: method === 'direct' || method === 'tunnel' ? port : 8000 + port }
  const settings = destinationSettings(what === 'weight' ? 0 : 1, { method })
  if (what === 'weight') director.ask({ op: 'edit-destination', service, destination, settings })
  if (what === 'delete') director.ask({ op: 'delete-destination', service, destination })
  if (what === 'add') director.ask({ op: 'add-destination', service, destination, settings })
  if (what === 'zero') director.ask({ op: 'zero', service })
  if (what === 'timeouts') director.ask({ op: 'set-timeouts', timeouts: { tcp: 100, tcpfin: 0, udp: 20 } })
  if (what === 'route') director.ask({ op: 'add-route', to: '10.99.1.10/32', port: 'c', mtu: 600 })
  if (what === 'tunnel') {
    const tunnel = isTcp
      ? { type: 'gre' as const, port: 0, checksum: 'none' as const }
      : { type: 'gue' as const, port: 6080, checksum: 'none' as const }
    director.ask({ op: 'edit-destination', service, destination, settings: { ...settings, tunnel } })
  }
  if (what === 'pmtu') director.ask({ op: 'set-sysctl', name: 'pmtu_disc', value: isTcp ? '0' : '1' })
  if (what === 'vip') director.ask({ op: 'add-vip', cidr: '10.99.1.10/32' })
  if (what === 'no vip') director.ask({ op: 'delete-vip', cidr: '10.99.1.10/32' })
}

let [forwarded, wrapped] = [0, 0]

t.test('frames that the program forwards count as if they had come up', async t => {
  const holds = ({ all, plain, upsets, isUpset, slots }: Story): void => {
    const program = new SimulatedFlows(slots)
    const [offloaded, whole] = [begun(all, { offload: program }), begun(all, { isWholePath: true })]
    for (const [i, drawnFrame] of all.frames.entries()) {
      const each = plain[i] === 0 ? drawnFrame : { ...drawnFrame, ...plainly }
      const given = made(whole, each)
      if (given === undefined) continue
      const [first, second] = [offloaded, whole].map(director => {
        director.poll(each.ms)
        if (isUpset && plain[i] === 1) upset(director, upsets[i]!, each.isTcp, all)
        const link = each.isAnswer ? 'r' : 'c'
        const place = director.place(link, Uint8Array.from(given.frame), Uint8Array.from(given.header))
        // Mostly nobody asks: what the program has counted is then taken by the tick, or when a timer fires.
        return `${place.verdict} ${director.out().join()} ${plain[i] === 2 ? seen(director) : ''}`
      })
      if (first !== second) throw new Error(`${JSON.stringify(each)}\noffloaded: ${first}\nwhole:     ${second}`)
    }
    const [first, second] = [offloaded, whole].map(seen)
    if (first !== second) throw new Error(`in the end\noffloaded: ${first}\nwhole:     ${second}`)
    forwarded += program.forwarded
    wrapped += program.wrapped
  }
  fc.assert(fc.property(story, holds), { numRuns: 400, interruptAfterTimeLimit: 60_000 })
  t.ok(forwarded > 300, `${forwarded} were forwarded`)
  t.ok(wrapped > 15, `${wrapped} into a tunnel`)
})
