import t from 'tap'
import { healthPage } from '../../../src/keepalived/seen/health-seen.js'
import { WallClock } from '../../../src/keepalived/seen/wall-clock.js'
import { sampleHealth, STARTED_S } from '../../cli/sample-health.js'
import { real, sorry, tcp, virtual } from '../health/options.js'
import { VirtualRig } from '../health/virtual-rig.js'

/** The virtual servers of a rig, by a wall clock that begins at 1000 s with it. */
function seen(rig: VirtualRig) {
  const clock = new WallClock(() => 1_000_000 + rig.nowMs)
  return healthPage(rig.machine.services, 0, { nowMs: rig.nowMs, clock }).services
}

t.test('a server that dies and comes back: state, since when, why, what is next', async t => {
  let isDead = false
  const rig = new VirtualRig([virtual([real(1)])], () => ({
    result: isDead ? { isUp: false, why: 'connection refused' } : { isUp: true },
    tookMs: 0,
  }))
  rig.run(0)
  t.match(seen(rig), [{ state: 'up', since: 1000, why: 'Gained quorum 1+0=1 <= 1', weight: 1, quorum: 1 }])
  const [server] = seen(rig)[0]!.servers
  t.strictSame(server, {
    address: '10.1.2.1',
    port: 80,
    state: 'up',
    since: 1000,
    why: 'TCP_CHECK succeeded',
    weight: 1,
    ruleWeight: 1,
    checks: [
      { check: 'TCP_CHECK', state: 'up', since: 1000, why: 'it succeeded', next: { event: 'check', seconds: 1 } },
    ],
  })
  isDead = true
  rig.run(1250)
  const check = (): object => seen(rig)[0]!.servers[0]!.checks[0]!
  const lastError = { why: 'connection refused', at: 1001 }
  t.strictSame(
    check(),
    {
      check: 'TCP_CHECK',
      state: 'up',
      since: 1000,
      why: 'connection refused',
      lastError,
      retries: 1,
      next: { event: 'retry', seconds: 0.75 },
    },
    'it will be done again',
  )
  rig.run(2500)
  t.match(seen(rig), [
    {
      state: 'down',
      since: 1002,
      why: 'Lost quorum 1-0=1 > 0',
      weight: 0,
      servers: [{ state: 'down', since: 1002, why: 'TCP_CHECK: connection refused' }],
    },
  ])
  t.notOk('ruleWeight' in seen(rig)[0]!.servers[0]!, 'it is not in the rules')
  t.match(check(), { state: 'down', since: 1002, next: { event: 'check', seconds: 1.5 } })
  isDead = false
  rig.run(4100)
  t.strictSame(check(), {
    check: 'TCP_CHECK',
    state: 'up',
    since: 1004,
    why: 'it succeeded',
    lastError: { why: 'connection refused', at: 1002 },
    next: { event: 'check', seconds: 1.9 },
  })
})

t.test('a check that is under way; a start that knows nothing', async t => {
  const rig = new VirtualRig([virtual([real(1, 1, { checkers: [tcp()] })])], () => ({
    result: { isUp: true },
    tookMs: 500,
  }))
  rig.run(100)
  t.match(seen(rig), [
    {
      state: 'unknown',
      since: 1000,
      why: 'not all first checks have ended',
      servers: [
        {
          state: 'unknown',
          since: 1000,
          why: 'its first checks have not ended',
          checks: [{ state: 'unknown', since: 1000, why: 'it has not ended yet', next: { event: 'result' } }],
        },
      ],
    },
  ])
})

t.test('the sample: a sorry server, a file, a mark, a group, ha_suspend', async t => {
  const { services, next } = sampleHealth()
  t.equal(next, null)
  const [first, mark, group] = services
  t.match(first, { protocol: 'tcp', address: '10.1.1.1', port: 80, state: 'up', weight: 6, quorum: 4 })
  t.match(first!.sorryServer, { address: '10.1.2.9', port: 80, inUse: false })
  t.match(first!.servers[0]!.checks, [
    { check: 'TCP_CHECK', of: '10.1.2.1:8080' },
    { check: 'FILE_CHECK', of: 'tf', state: 'up', since: STARTED_S + 8.2, why: 'it says 2' },
  ])
  t.match(mark, { mark: 7, state: 'up', servers: [{ state: 'unknown' }, { state: 'up', why: 'it has no check' }] })
  t.match(mark!.servers[0]!.checks, [{ check: 'HTTP_GET', of: '/slow', next: { event: 'result' } }])
  t.match(group, { group: 'G', protocol: 'tcp', isSuspended: true, servers: [{ why: /^not checked: / }] })
  t.notOk('next' in group!.servers[0]!.checks[0]!, 'nothing is to come')
})

t.test('a sorry server is in use while the quorum is lost, not while it waits with weight 0', async t => {
  let isDead = false
  const rig = new VirtualRig([virtual([real(1)], { sorryServer: sorry(9, true) })], () => ({
    result: isDead ? { isUp: false, why: 'connection refused' } : { isUp: true },
    tookMs: 0,
  }))
  rig.run(1500)
  t.match(rig.rules.saved(), /10\.1\.2\.9:80=0/, 'it is in the rules')
  t.match(seen(rig)[0]!.sorryServer, { address: '10.1.2.9', port: 80, inUse: false })
  isDead = true
  rig.run(6000)
  t.match(seen(rig)[0]!.sorryServer, { inUse: true })
})

t.test('pages hold whole services, and lead through all of them', async t => {
  const many = Array.from({ length: 10 }, () => real(1))
  const rig = new VirtualRig(
    Array.from({ length: 60 }, (_, mark) =>
      virtual(many, { target: { kind: 'fwmark', mark: mark + 1 }, name: `FWM ${mark + 1}` }),
    ),
    () => ({ result: { isUp: true }, tookMs: 0 }),
  )
  const moment = { nowMs: 0, clock: new WallClock() }
  const marks: unknown[] = []
  const pages: number[] = []
  for (let from: number | null = 0; from !== null;) {
    const page = healthPage(rig.machine.services, from, moment)
    pages.push(page.services.length)
    for (const service of page.services) {
      t.equal(service.servers.length, 10)
      marks.push('mark' in service && service.mark)
    }
    from = page.next
  }
  t.strictSame(pages, [24, 24, 12])
  t.strictSame(
    marks,
    Array.from({ length: 60 }, (_, at) => at + 1),
  )
  t.strictSame(healthPage(rig.machine.services, 99, moment), { services: [], next: null }, 'behind the last one')
})
