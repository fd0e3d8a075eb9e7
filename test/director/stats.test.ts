import t from 'tap'
import { BenchDirector, fromClient, fromServer, VIP } from '../support/bench-director.js'
import { verdictNames } from '../../src/packet/verdict.js'
import { tcp4 } from '../support/frames.js'

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

t.test('every verdict has its name in the counters from the start, the undecided none', async t => {
  const made = bench()
  const names = Object.keys(made.director.stats.byName())
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
