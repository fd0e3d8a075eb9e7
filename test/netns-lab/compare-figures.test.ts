import t from 'tap'
import type { LabMode } from '../../native-free/lab-plan.js'
import { comparisonTable, type ModeFigures, orderSentence, summariseModes } from '../../netns-lab/compare-figures.js'
import { alike, PLANS } from '../../netns-lab/plans.js'

const round = (requestsPerSecond: number, more: Partial<ModeFigures> = {}): ModeFigures => {
  return { requestsPerSecond, gbitPerSecond: 10, microsecondsPerPacket: 2.5, microsecondsPerRequest: 5, ...more }
}

const rounds = (figures: Record<LabMode, number[]>): Map<LabMode, ModeFigures[]> => {
  return new Map(Object.entries(figures).map(([mode, values]) => [mode as LabMode, values.map(value => round(value))]))
}

t.test('the table has a line a mode, medians and ranges', async t => {
  const modes = summariseModes(
    new Map<LabMode, ModeFigures[]>([
      ['nat', [round(100, { connectionsPerSecond: 7 }), round(300), round(200)]],
      ['dr', [round(90_000)]],
    ]),
  )
  t.strictSame(comparisonTable(modes), [
    'mode           requests/s  connections/s               Gbit/s  director µs/packet     µs/request',
    'nat         200 [100–300]        7 [7–7]  10.00 [10.00–10.00]    2.50 [2.50–2.50]  5.0 [5.0–5.0]',
    'dr    90000 [90000–90000]              -  10.00 [10.00–10.00]    2.50 [2.50–2.50]  5.0 [5.0–5.0]',
  ])
})

const as = (figures: Record<LabMode, number[]>): string => orderSentence(summariseModes(rounds(figures)))

t.test('the order that is taught is recognised, and only that', async t => {
  const taught = as({ nat: [100, 101], dr: [120, 121], tun: [110, 111], fullnat: [90, 91] })
  t.match(taught, /^By requests\/s the order here is DR > TUN > NAT > FULLNAT, FULLNAT 10 % behind NAT: .* is what was/)
  const close = as({ nat: [100, 101], dr: [120, 121], tun: [110, 125], fullnat: [90, 91] })
  t.match(close, /is TUN > DR|is DR ≈ TUN|is TUN ≈ DR/)
  t.match(close, /is not what was measured\.$/)
  const other = as({ nat: [100], dr: [80], tun: [70], fullnat: [110] })
  t.match(other, /is FULLNAT > NAT > DR > TUN, FULLNAT 10 % before NAT: .* is not what/)
})

t.test('plans made alike have their real servers beside the director', async t => {
  const tun = alike(PLANS.tun)
  t.strictSame([tun.routers, tun.routes, tun.client.gateway], [[], [], undefined])
  t.strictSame(
    tun.servers.map(({ segment, address, gateway }) => [segment, address, gateway]),
    [
      ['lan', '192.168.159.32/24', undefined],
      ['lan', '192.168.159.33/24', undefined],
    ],
  )
  t.equal(alike(PLANS.fullnat).servers[0]?.address, '192.168.100.32/24')
  t.match(alike(PLANS.nat), { scheduler: 'rr', servers: [{ gateway: '172.16.20.150', weight: 1 }, { weight: 1 }] })
})
