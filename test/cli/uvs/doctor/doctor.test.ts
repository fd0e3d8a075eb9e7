import t from 'tap'
import { examined } from '../../../../src/cli/uvs/doctor/doctor.js'
import type { Control, DestinationInfo, Request, ServiceInfo } from '../../../../src/control/protocol/api.js'
import type { ClaimInfo } from '../../../../src/control/protocol/claims.js'
import type { DropInfo } from '../../../../src/control/protocol/drops.js'
import { BenchDirector } from '../../../support/bench-director.js'
import { droppingOne } from '../../sample-explanation.js'

const NONE = { conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 }
const NO_RATES = { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 }
const server = (more: Partial<DestinationInfo> = {}): DestinationInfo => ({
  address: '10.0.0.11',
  port: 80,
  method: 'masq',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  activeConns: 0,
  inactConns: 0,
  persistConns: 0,
  stats: NONE,
  rates: NO_RATES,
  ...more,
})
const service = (destinations: DestinationInfo[], more: Partial<ServiceInfo> = {}): ServiceInfo =>
  ({
    protocol: 'tcp',
    address: '10.0.0.100',
    port: 80,
    scheduler: 'rr',
    persistence: 0,
    netmask: '255.255.255.255',
    onePacket: false,
    schedFlags: 0,
    stats: NONE,
    rates: NO_RATES,
    destinations,
    ...more,
  }) as ServiceInfo
const drop = (reason: string, last: Partial<DropInfo['last']> = {}): DropInfo => ({
  reason,
  count: 3,
  last: { ago: 1, link: 'eth0', packet: 'TCP …', fields: [], ...last },
})

interface Shown {
  services?: ServiceInfo[]
  /** Before it looks, as `before` of drops. */
  earlier?: ServiceInfo[]
  drops?: DropInfo[]
  /** Before it looks. */
  before?: DropInfo[]
  claims?: ClaimInfo[]
  sysctls?: [string, string][]
}
async function saidOf({
  services = [],
  earlier = services,
  drops = [],
  before = drops,
  claims = [],
  sysctls = [],
}: Shown): Promise<string> {
  const values: Record<string, unknown> = { claims, sysctls }
  const looks: Record<string, unknown[]> = {
    drops: [before, drops],
    services: [earlier, services, services].map(rows => ({ rows, next: null })),
  }
  const control = {
    call: async ({ op }: Request) => ({ ok: true, value: op in looks ? looks[op]!.shift() : values[op] }),
  } as unknown as Control
  const { status, out } = await examined(control, 0)
  t.equal(status, out.startsWith('nothing wrong') ? 0 : 1)
  return out
}

t.test('nothing wrong: an idle director, and one that works', async t => {
  const works = server({ stats: { ...NONE, inPkts: 9, outPkts: 7 }, upperThreshold: 10, activeConns: 5 })
  t.match(await saidOf({ services: [service([works])] }), /^nothing wrong/)
  t.match(await saidOf({ drops: [drop('drop-not-ours'), drop('drop-table-full', { ago: 7000 })] }), /^nothing wrong/)
})

t.test('who claims a VIP: a real server, or another host', async t => {
  const claim = { address: '10.0.0.100', mac: '02:00:00:00:00:11', link: 'eth0', count: 1, hosts: ['10.0.0.11'] }
  const services = [service([server({ method: 'direct' })])]
  t.match(await saidOf({ services, claims: [claim] }), /^the real server 10\.0\.0\.11 answers ARP for 10\.0\.0\.100:/)
  t.match(await saidOf({ claims: [{ ...claim, hosts: [] }] }), /^another host, 02:00:00:00:00:11, answers ARP/)
})

t.test(
  'no answers: by NAT, by FULLNAT; not of UDP, of direct routing, of one packet, of a server that is down',
  async t => {
    const unanswered = { ...NONE, inPkts: 2 }
    const of = (more: Partial<DestinationInfo>, rest: Partial<ServiceInfo> = {}): Shown => ({
      services: [service([server({ stats: unanswered, ...more })], rest)],
    })
    t.match(await saidOf(of({})), /make the director its default gateway/)
    t.match(await saidOf(of({ method: 'fullnat' })), /must lead to the local addresses/)
    const had = (inPkts: number, outPkts: number): ServiceInfo[] =>
      of({ stats: { ...NONE, inPkts, outPkts } }).services!
    const fell = await saidOf({ services: had(93, 80), earlier: had(90, 80) })
    t.match(fell, /^no answer .*\n {2}seen {3}3 packets went to it while uvs doctor looked, none came back/)
    t.match(await saidOf({ services: had(92, 80), earlier: had(90, 80) }), /^nothing/)
    t.match(await saidOf({ services: had(99, 81), earlier: had(90, 80) }), /^nothing/)
    t.match(await saidOf({ services: had(1, 0), earlier: had(90, 80) }), /^nothing/, 'cleared meanwhile')
    t.match(await saidOf(of({ method: 'direct' })), /^nothing/)
    t.match(await saidOf(of({}, { protocol: 'udp' } as Partial<ServiceInfo>)), /^nothing/)
    t.match(await saidOf(of({ stats: { ...NONE, inPkts: 1 } })), /^nothing/)
    const fields: [string, string][] = [['ip.dst', '10.0.0.11']]
    const down = await saidOf({ ...of({}), drops: [drop('drop-neighbour-failed', { fields })] })
    t.match(down, /^the way to 10\.0\.0\.11 does not answer ARP/)
  },
)

t.test('no real server: none, weight 0, full, and full until the lower threshold', async t => {
  const refused = [drop('drop-no-destination', { service: 'TCP 10.0.0.100:80' })]
  t.match(
    await saidOf({ services: [service([])], drops: refused }),
    /it has no real server\n {2}seen {3}3 packets were refused/,
  )
  t.match(await saidOf({ services: [service([server({ weight: 0 })])] }), /all its real servers have weight 0/)
  const full = server({ upperThreshold: 4, activeConns: 1, inactConns: 3 })
  t.match(
    await saidOf({ services: [service([full])] }),
    /are full\n {2}seen {3}10\.0\.0\.11:80 has 4 connections, upper threshold 4/,
  )
  const falling = server({ upperThreshold: 4, activeConns: 3 })
  t.match(await saidOf({ services: [service([falling])] }), /^nothing/)
  t.match(await saidOf({ services: [service([falling])], drops: refused }), /are full/)
  t.match(await saidOf({ services: [service([full, server({ address: '10.0.0.12' })])], drops: refused }), /^nothing/)
})

t.test('services of IPv6: brackets, and a mark of both families is two services', async t => {
  const six = service([server({ address: '2001:db8::11', weight: 0 })], {
    address: '2001:db8::1',
  } as Partial<ServiceInfo>)
  t.match(
    await saidOf({ services: [six] }),
    /^TCP \[2001:db8::1\]:80 takes .*\n {2}seen {3}\[2001:db8::11\]:80 weight 0/,
  )
  const marked = { mark: 7, port: undefined, address: undefined, protocol: undefined }
  const services = [{ family: 6 }, {}].map(more =>
    service([], { ...marked, ...more } as unknown as Partial<ServiceInfo>),
  )
  const said = await saidOf({ services, drops: [drop('drop-no-destination', { service: 'FWM 7' })] })
  t.equal(said.match(/takes no new connection/g)?.length, 1, said)
  t.match(said, /^FWM 7 takes no new connection/)
})

t.test('persistence and weight 0, unless templates expire', async t => {
  const services = [
    service([server({ weight: 0, persistConns: 2 }), server({ address: '10.0.0.12' })], { persistence: 60 }),
  ]
  t.match(await saidOf({ services }), /weight 0, and yet gets new connections.*\n {2}seen {3}2 clients are kept/)
  t.match(await saidOf({ services, sysctls: [['expire_quiescent_template', '1']] }), /^nothing/)
})

t.test('drops: a martian with its MAC, a tunnel too narrow, any other with its advice', async t => {
  const fields: [string, string][] = [
    ['eth.src', '02:00:00:00:00:77'],
    ['ip.src', '127.0.0.1'],
  ]
  t.match(
    await saidOf({ drops: [drop('drop-source-invalid', { fields })] }),
    /from 127\.0\.0\.1, .*\n.*\n.*02:00:00:00:00:77 on eth0/,
  )
  const byLo = { link: 'lo', service: 'TCP 10.0.0.100:80' }
  const own: [string, string][] = [
    ['eth.src', '00:00:00:00:00:00'],
    ['ip.src', '127.0.0.1'],
    ['ip.dst', '10.0.0.100'],
  ]
  const bound = await saidOf({ drops: [drop('drop-source-invalid', { ...byLo, fields: own })] })
  t.match(bound, /^a program of this host sends from 127\.0\.0\.1 to TCP 10\.0\.0\.100:80: the program's own address/)
  t.notMatch(bound, /00:00:00|find the host/)
  for (const reason of ['drop-source-invalid', 'drop-destination-invalid'])
    t.match(
      await saidOf({
        drops: [
          drop(reason, {
            link: 'lo',
            service: 'TCP 127.0.0.1:80',
            fields: [...own.slice(0, 2), ['ip.dst', '127.0.0.1']],
          }),
        ],
      }),
      /^what programs of this host send to 127\.0\.0\.1 is dropped: TCP 127\.0\.0\.1:80 takes it/,
      reason,
    )
  const long = [drop('drop-too-big', { service: 'TCP 10.0.0.100:80' })]
  const tunnel = [service([server({ method: 'tunnel' })])]
  t.match(
    await saidOf({ services: tunnel, drops: long }),
    /too long for the tunnel to the real servers of TCP 10\.0\.0\.100:80/,
  )
  t.match(await saidOf({ services: [service([server()])], drops: long }), /^packets are dropped: drop-too-big\n/)
  t.match(
    await saidOf({ drops: [drop('drop-table-full')] }),
    /to do {2}the connection table is full: --max-connections\n/,
  )
})

const lost = (count: number): DropInfo[] => [{ reason: 'drop-device-eth1', count } as DropInfo]

t.test('an interface that loses frames: now, or before', async t => {
  t.match(
    await saidOf({ drops: lost(9), before: lost(7) }),
    /^frames are lost at the interface eth1: it is gone or down, or .*\n {2}seen {3}2 while uvs doctor looked, 9 so far\n {2}to do {2}ip link show eth1/,
  )
  t.match(await saidOf({ drops: lost(9), before: [] }), '9 while uvs doctor looked')
  t.match(await saidOf({ drops: lost(9) }), /^frames were lost at the interface eth1\n/)
  t.match(await saidOf({ drops: [drop('drop-device-queue')] }), 'packets are dropped: drop-device-queue')
})

t.test('a refusal is an Error of one line', async t => {
  const control = { call: async () => ({ ok: false, refusal: 'EPROTO', message: 'not today' }) } as unknown as Control
  await t.rejects(examined(control, 0), { message: 'not today' })
})

t.test('--json: the same findings, and the same status', async t => {
  const bench = droppingOne()
  const { status, out } = await examined(bench, 0, true)
  const { doctor } = JSON.parse(out) as { doctor: Record<'cause' | 'seen' | 'advice', string>[] }
  t.strictSame([status, doctor.length > 0], [1, true])
  const text = doctor.map(({ cause, seen, advice }) => `${cause}\n  seen   ${seen}\n  to do  ${advice}\n`).join('')
  t.equal((await examined(bench, 0)).out.replaceAll(/[\d.]+ s ago/g, ''), text.replaceAll(/[\d.]+ s ago/g, ''))
  t.strictSame(await examined(new BenchDirector().control, 0, true), {
    status: 0,
    out: '{"version":1,"doctor":[\n]}\n',
    err: '',
  })
})
