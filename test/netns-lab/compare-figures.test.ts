import t from 'tap'
import type { LabMode } from '../../native-free/lab-plan.js'
import { comparisonTable, type ModeFigures, orderSentence, summariseModes } from '../../netns-lab/compare-figures.js'
import { alike, PLANS } from '../../netns-lab/plans.js'

const round = (requestsPerSecond: number, more: Partial<ModeFigures> = {}): ModeFigures => {
  return { requestsPerSecond, gbitPerSecond: 10, microsecondsPerPacket: 2.5, microsecondsPerRequest: 5, ...more }
}

const SAME: Record<LabMode, number> = { nat: 5, dr: 5, tun: 5, fullnat: 5 }
const as = (figures: Record<LabMode, number[]>, cpu = SAME): string => {
  const rounds = Object.entries(figures).map(([mode, values]) => {
    const microsecondsPerRequest = cpu[mode as LabMode]
    return [mode as LabMode, values.map(value => round(value, { microsecondsPerRequest }))] as const
  })
  return orderSentence(summariseModes(new Map(rounds)))
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

t.test('the order that is taught is recognised, and only that', async t => {
  const modes = { nat: [100, 101], dr: [120, 121], tun: [110, 111], fullnat: [90, 91] }
  t.equal(
    as(modes),
    "Here it is DR > TUN > NAT > FULLNAT by requests/s, FULLNAT 10 % behind NAT, and NAT ≈ DR ≈ TUN ≈ FULLNAT by the director's " +
      'CPU a request: the order usually taught, DR > TUN > NAT > FULLNAT with FULLNAT 10 % behind NAT, only the first shows.',
  )
  t.match(as(modes, { dr: 4, tun: 5, nat: 6, fullnat: 7 }), /and DR > TUN > NAT > FULLNAT by the .*, both show\.$/)
  t.match(as({ ...modes, tun: [110, 125] }), /^Here it is DR ≈ TUN > NAT > FULLNAT by .*, neither shows\.$/)
  const other = as({ nat: [100], dr: [80], tun: [70], fullnat: [110] }, { dr: 4, tun: 5, nat: 6, fullnat: 7 })
  t.match(other, /is FULLNAT > NAT > DR > TUN by requests\/s, FULLNAT 10 % before NAT, .*, only the second shows\.$/)
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
