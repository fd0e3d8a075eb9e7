import t from 'tap'
import type { LabMode } from '../../native-free/lab-plan.js'
import { comparisonTable, type ModeFigures, orderLines, summariseModes } from '../../netns-lab/compare-figures.js'
import { alike, PLANS } from '../../netns-lab/plans.js'

const round = (requestsPerSecond: number, more: Partial<ModeFigures> = {}): ModeFigures => {
  return { requestsPerSecond, gbitPerSecond: 10, microsecondsPerPacket: 2.5, microsecondsPerRequest: 5, ...more }
}

const SAME: Record<LabMode, number> = { nat: 5, dr: 5, tun: 5, fullnat: 5 }
const as = (figures: Record<LabMode, number[]>, cpu = SAME): string[] => {
  const rounds = Object.entries(figures).map(([mode, values]) => {
    const microsecondsPerRequest = cpu[mode as LabMode]
    return [mode as LabMode, values.map(value => round(value, { microsecondsPerRequest }))] as const
  })
  return orderLines(summariseModes(new Map(rounds)))
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

const taught = (requests: string, cpu: string): string =>
  `Usually taught: DR > TUN > NAT > FULLNAT, FULLNAT 10 % behind NAT. By requests/s that order ${requests}; ` +
  `by the director's CPU it ${cpu}. (≈: the rounds overlap.)`

t.test('the order that is taught is recognised, and only that', async t => {
  const modes = { nat: [100, 101], dr: [120, 121], tun: [110, 111], fullnat: [90, 91] }
  t.strictSame(as(modes), [
    'By requests/s: DR > TUN > NAT > FULLNAT. FULLNAT is 10 % behind NAT.',
    "By the director's CPU a request, least first: NAT ≈ DR ≈ TUN ≈ FULLNAT.",
    taught('holds', 'cannot be judged: no two modes are told apart'),
  ])
  t.equal(as(modes, { dr: 4, tun: 5, nat: 6, fullnat: 7 })[2], taught('holds', 'holds'))
})

t.test('modes whose rounds overlap contradict nothing', async t => {
  const modes = { nat: [100, 104], dr: [120, 121], tun: [110, 125], fullnat: [90, 101] }
  const [rates, , verdict] = as(modes, { dr: 4, tun: 5, nat: 6, fullnat: 7 })
  t.equal(rates, 'By requests/s: DR ≈ TUN > NAT ≈ FULLNAT. FULLNAT and NAT are not told apart.')
  t.equal(verdict, taught('holds as far as modes are told apart', 'holds'))
})

t.test('what is the other way round is named', async t => {
  const modes = { nat: [100], dr: [80], tun: [80], fullnat: [110] }
  const [rates, , verdict] = as(modes, { dr: 4, tun: 3, nat: 6, fullnat: 7 })
  t.equal(rates, 'By requests/s: FULLNAT > NAT > DR ≈ TUN. FULLNAT is 10 % before NAT.')
  const wrong = 'NAT > DR, FULLNAT > DR, NAT > TUN, FULLNAT > TUN, FULLNAT > NAT'
  t.equal(verdict, taught(`does not hold: ${wrong}`, 'does not hold: TUN > DR'))
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
