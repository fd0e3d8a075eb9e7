import t from 'tap'
import { BenchDirector, fromClient, fromServer, VIP } from '../support/bench-director.js'
import { verdictNames } from '../../src/packet/verdict.js'
import type { ServicePage } from '../../src/control/protocol/api.js'
import { tcp4 } from '../support/frames.js'
import { destinationSettings } from '../support/settings.js'

const service = { protocol: 'tcp', address: VIP, port: 80 } as const
const inbound = (flags = 'A', payload = 0): Uint8Array =>
  tcp4(`10.99.1.10:1 > ${VIP}:80`, { ...fromClient, flags, payload })
const outbound = (payload = 0): Uint8Array =>
  tcp4('10.99.2.11:80 > 10.99.1.10:1', { ...fromServer(), flags: 'A', payload })

function bench(): BenchDirector {
  const made = new BenchDirector()
  made.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  return made
}
const shown = (made: BenchDirector): unknown => (made.services(service) as { stats: unknown }[])[0]?.stats
const stats = (conns: number, inPkts: number, inBytes: number, outPkts: number, outBytes: number) => ({
  conns,
  inPkts,
  outPkts,
  inBytes,
  outBytes,
})
const none = stats(0, 0, 0, 0, 0)

t.test('totals stand still between two ticks of 2 s, and then show all', async t => {
  const made = bench()
  made.receive('c', inbound('S'))
  made.receive('r', outbound(100))
  t.strictSame(shown(made), none)
  made.poll(1990)
  t.strictSame(shown(made), none)
  made.poll(10)
  t.strictSame(shown(made), stats(1, 1, 40, 1, 140))
  made.receive('c', inbound('A', 10))
  t.strictSame(shown(made), stats(1, 1, 40, 1, 140))
  made.poll(2000)
  t.strictSame(shown(made), stats(1, 2, 90, 1, 140))
})

t.test('ticks keep their own time, however late they are looked at', async t => {
  const made = bench()
  made.poll(7300)
  made.receive('c', inbound('S'))
  made.poll(600)
  t.strictSame(shown(made), none, 'at 7.9 s')
  made.poll(100)
  t.strictSame(shown(made), stats(1, 1, 40, 0, 0), 'at 8 s')
})

t.test('zero hides what the last tick showed; what came since re-appears', async t => {
  const made = bench()
  made.receive('c', inbound('S'))
  made.poll(2000)
  made.receive('c', inbound())
  made.must({ op: 'zero', service })
  t.strictSame(shown(made), none)
  made.poll(2000)
  t.strictSame(shown(made), stats(0, 1, 40, 0, 0))
})

t.test('service and destination count alike; connection counts are not zeroed', async t => {
  const made = bench()
  made.receive('c', inbound('S'))
  made.poll(2000)
  t.match(made.services(), [{ destinations: [{ stats: stats(1, 1, 40, 0, 0), activeConns: 1 }] }])
  made.must({ op: 'zero' })
  t.match(made.services(), [{ stats: none, destinations: [{ stats: none, activeConns: 1 }] }])
})

t.test('octets are those of the IP packet as it came in: no padding, no Ethernet', async t => {
  const made = bench()
  made.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, { ...fromClient, padTo: 60 }))
  made.poll(2000)
  t.strictSame(shown(made), stats(1, 1, 40, 0, 0))
})

/** Of the service: cps, inPps, outPps, inBps, outBps. */
const rates = (made: BenchDirector): number[] => {
  const { rows } = made.ask({ op: 'services', service }) as ServicePage
  const { cps, inPps, outPps, inBps, outBps } = rows[0]!.rates
  return [cps, inPps, outPps, inBps, outBps]
}
/** Packets of 1040 octets from the client, of 140 from the real server. */
function traffic(made: BenchDirector, packets: number): void {
  for (let i = 0; i < packets; i++) {
    made.receive('c', inbound('A', 1000))
    made.receive('r', outbound(100))
  }
}

t.test('rates come nearer with every tick, and fall when nothing comes', async t => {
  const made = bench()
  made.receive('c', inbound('S'))
  for (let i = 2; i <= 20; i++)
    made.receive('c', tcp4(`10.99.1.10:${100 + i} > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  t.strictSame(rates(made), [0, 0, 0, 0, 0], 'before the first')
  made.poll(2000)
  t.strictSame(rates(made), [2, 2, 0, 100, 0])
  traffic(made, 20)
  t.strictSame(rates(made), [2, 2, 0, 100, 0], 'they stand still between two')
  made.poll(2000)
  t.strictSame(rates(made), [2, 4, 2, 2675, 350])
  t.match(made.ask({ op: 'totals' }), { rates: { cps: 2, inPps: 4, outPps: 2, inBps: 2675, outBps: 350 } })
  made.poll(2000)
  t.strictSame(rates(made), [1, 3, 2, 2006, 262])
})

t.test('a director that has slept shows what one shows that has not', async t => {
  for (const seconds of [2, 3, 5, 9, 60, 3601]) {
    const [awake, asleep] = [bench(), bench()]
    for (const made of [awake, asleep]) {
      made.receive('c', inbound('S'))
      made.poll(1500)
      traffic(made, 1000)
    }
    for (let ms = 0; ms < seconds * 1000; ms += 100) awake.poll(100)
    asleep.poll(seconds * 1000)
    t.strictSame(asleep.ask({ op: 'services' }), awake.ask({ op: 'services' }), `${seconds} s`)
    for (const made of [awake, asleep]) {
      traffic(made, 10)
      made.poll(2000)
    }
    t.strictSame(asleep.ask({ op: 'services' }), awake.ask({ op: 'services' }), `${seconds} s, and again traffic`)
  }
})

t.test('run_estimation = 0 stops rates and totals; 1 has them take all that has come', async t => {
  const made = bench()
  made.receive('c', inbound('S'))
  traffic(made, 100)
  made.poll(2000)
  const before = [shown(made), rates(made)]
  made.must({ op: 'set-sysctl', name: 'run_estimation', value: '0' })
  traffic(made, 100)
  made.poll(10_000)
  t.strictSame([shown(made), rates(made)], before)
  t.match(made.ask({ op: 'totals' }), { live: { inPkts: 201, outPkts: 200 } })
  made.must({ op: 'set-sysctl', name: 'run_estimation', value: '1' })
  made.poll(2000)
  t.strictSame(shown(made), stats(1, 201, 40 + 200 * 1040, 200, 200 * 140))
  t.strictSame(rates(made), [0, 22, 22, 22_754, 3062])
})

t.test('a real server that is deleted keeps its rates until it comes back; one that is new begins with 0', async t => {
  const made = bench()
  const server = { address: '10.99.2.11', port: 80 }
  const of = (): unknown => made.ask({ op: 'services', service })
  made.receive('c', inbound('S'))
  traffic(made, 100)
  made.poll(2000)
  made.must({ op: 'delete-destination', service, destination: server })
  made.poll(8000)
  made.must({ op: 'add-destination', service, destination: server, settings: destinationSettings(1) })
  t.match(of(), {
    rows: [{ rates: { inPps: 4, inBps: 4115 }, destinations: [{ rates: { inPps: 13, inBps: 13_005 } }] }],
  })
  made.poll(2000)
  t.match(of(), { rows: [{ destinations: [{ rates: { inPps: 9, inBps: 9754 } }] }] })
  made.must({
    op: 'add-destination',
    service,
    destination: { address: '10.99.2.12', port: 80 },
    settings: destinationSettings(1),
  })
  t.match(of(), { rows: [{ destinations: [{ rates: { inPps: 0, inBps: 0 } }, {}] }] })
})

t.test('every verdict has its name in the counters from the start, the undecided none', async t => {
  const made = bench()
  const names = Object.keys(made.director.verdictCounters.byName())
  const expected = [...verdictNames.values()].filter(name => name !== 'pass')
  const besides = ['icmp-errors-limited', 'icmp-errors-sent', 'toa-options-full', 'toa-too-big']
  t.strictSame(names.sort(), [...expected, ...besides].sort())
})

t.test('every frame counts for one verdict', async t => {
  const made = bench()
  for (let i = 0; i < 5; i++) made.receive('c', inbound(i === 0 ? 'S' : 'A'))
  for (let i = 0; i < 3; i++) made.receive('c', new Uint8Array(3))
  t.strictSame(made.changes(), { balanced: 5, 'drop-ethernet-short': 3 })
})
