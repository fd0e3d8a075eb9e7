import t from 'tap'
import type { Hop } from '../../native-free/lab-path.js'
import { hostPart, type LabMode } from '../../native-free/lab-plan.js'
import { checkLine, type LabReport, succeeded } from '../../native-free/lab-report.js'
import { cpuTicks } from '../../netns-lab/director-counters.js'
import { type Evidence, modeChecks } from '../../netns-lab/mode-checks.js'
import { PLANS } from '../../netns-lab/plans.js'

const MB = 1_000_000

const hop = (what: Hop['what'], from: string, to: string, over: Partial<Hop>): Hop => ({
  what,
  microseconds: 0,
  from: { space: from, interface: 'eth0' },
  to: { space: to, interface: 'eth0' },
  macs: { src: from, dst: to },
  src: '',
  dst: '',
  sport: 4000,
  dport: 80,
  ttl: 64,
  payload: 78,
  ...over,
})

/** What is seen of each mode when all is well. */
function good(mode: LabMode): Evidence {
  const plan = PLANS[mode]
  const client = { src: hostPart(plan.client.address), dst: plan.vip }
  const rip = hostPart(plan.servers[0]!.address)
  const outer = { src: '192.168.159.34', dst: rip, protocol: 4, ttl: 64 }
  const rewritten = {
    nat: { ...client, dst: rip },
    dr: client,
    tun: { ...client, outer },
    fullnat: { src: plan.localAddresses[0]!, dst: rip, sport: 6000 },
  }[mode]
  const back = mode === 'nat' || mode === 'fullnat'
  return {
    plan,
    hops: [
      hop('request', 'client', 'director', client),
      hop('request', 'director', 'rs1', rewritten),
      ...(back
        ? [hop('reply', 'rs1', 'director', {}), hop('reply', 'director', 'client', {})]
        : [hop('reply', 'rs1', 'client', {})]),
    ],
    download: { octets: 20 * MB, received: back ? 20.2 * MB : 0.07 * MB, sent: back ? 20.2 * MB : 0.07 * MB },
    gateways: new Map(plan.servers.map(({ name, gateway }) => [name, gateway])),
  }
}

const failing = (evidence: Evidence): string[] =>
  modeChecks(evidence).flatMap(({ name, holds }) => (holds ? [] : [name]))

t.test('each mode is what it is', async t => {
  for (const mode of ['nat', 'dr', 'tun', 'fullnat'] as const) t.strictSame(failing(good(mode)), [], mode)
})

t.test('no mode is another', async t => {
  const modes = ['nat', 'dr', 'tun', 'fullnat'] as const
  for (const mode of modes) {
    for (const other of modes) {
      if (other === mode) continue
      t.not(failing({ ...good(other), plan: PLANS[mode] }).length, 0, `${other} taken for ${mode}`)
    }
  }
})

t.test('each check can fail by itself', async t => {
  const dr = good('dr')
  const by = 'replies do not pass the director'
  t.strictSame(failing({ ...dr, download: { octets: 20 * MB, received: 0.1 * MB, sent: 20 * MB } }), [by])
  t.strictSame(failing({ ...dr, download: { octets: 0, received: 0, sent: 0 } }), [by])
  t.strictSame(failing({ ...dr, hops: [...dr.hops, hop('reply', 'rs1', 'director', {})] }), [by])
  t.strictSame(failing({ ...dr, hops: dr.hops.filter(({ what }) => what === 'request') }), [by])
  t.strictSame(failing({ ...dr, hops: dr.hops.slice(2) }), ['the director changes MAC addresses and no IP address'])

  const nat = good('nat')
  t.strictSame(failing({ ...nat, gateways: new Map() }), ['the director is the real servers’ gateway'])
  t.strictSame(failing({ ...nat, download: { octets: 20 * MB, received: 20 * MB, sent: 19 * MB } }), [
    'replies pass back through the director',
  ])

  const fullnat = good('fullnat')
  const gateways = new Map([
    ['rs1', '192.168.200.254'],
    ['rs2', '192.168.100.200'],
  ])
  t.strictSame(failing({ ...fullnat, gateways }), ['the director is not the real servers’ gateway'])

  const tun = good('tun')
  const gre = tun.hops.map(it => (it.outer ? { ...it, outer: { ...it.outer, protocol: 47 } } : it))
  t.strictSame(failing({ ...tun, hops: gre }), ['the director wraps the packet, unchanged, in IP protocol 4'])
})

t.test('a check that fails, and only that, makes a good run fail, in one line', async t => {
  const figures = {
    answered: 5,
    failed: 0,
    requests: 5,
    servers: [{ name: 'rs1', address: '', weight: 1, answered: 5 }],
  }
  const dr = good('dr')
  const [mac, ...others] = modeChecks({ ...dr, plan: PLANS.dr, hops: dr.hops.slice(2) })
  t.ok(succeeded({ ...figures, checks: modeChecks(dr) } as LabReport))
  t.notOk(succeeded({ ...figures, checks: [...others, mac] } as LabReport))
  t.equal(
    checkLine(mac!),
    'FAILED: the director changes MAC addresses and no IP address: no request was seen to come to the director and leave it',
  )
})

t.test('CPU time out of /proc/PID/stat, whatever the name', async t => {
  t.equal(cpuTicks('7 (a) b (c)) S 1 7 7 0 -1 4194560 1 0 0 0 120 34 0 0 20 0 1 0 99'), 154)
})
