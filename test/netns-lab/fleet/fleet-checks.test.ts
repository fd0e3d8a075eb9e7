import t from 'tap'
import { type FleetEvidence, fleetChecks, FOUND_MS } from '../../../netns-lab/fleet/fleet-checks.js'
import { DIRECT, TRANSLATED, TUNNELLED } from '../../../netns-lab/fleet/fleet-plan.js'
import { fleetTable, type FlowCounts, type Step } from '../../../netns-lab/fleet/fleet-report.js'
import { countsOf, displacedBy } from '../../../netns-lab/fleet/flow-counts.js'

const flows = (more: Partial<FlowCounts> = {}): FlowCounts => ({
  flows: 10,
  moved: 4,
  needed: 3,
  broken: 0,
  brokenUnmoved: 0,
  promised: 0,
  ...more,
})
const byVip = (direct = flows(), tunnelled = flows(), translated = flows({ broken: 4, promised: 4 })) => {
  return { [DIRECT]: direct, [TUNNELLED]: tunnelled, [TRANSLATED]: translated }
}
const step = (more: Partial<Step> = {}): Step => ({
  what: 'd1 is killed with -9',
  hurts: true,
  hops: ['d2', 'd3'],
  fromMs: 0,
  toMs: 5000,
  tookMs: 100,
  byVip: byVip(),
  requests: { asked: 100, failed: 0, errors: [], failedForMs: 0, slowestMs: 20 },
  load: { answered: 1000, failed: 0, errors: [] },
  announced: { d2: 3, d3: 3 },
  ...more,
})
const failing = (failed: number, failedForMs: number): Pick<Step, 'requests'> => ({
  requests: { asked: 100, failed, errors: ['ECONNRESET'], failedForMs, slowestMs: 20 },
})
const wrong = (seen: Partial<FleetEvidence>): string[] =>
  fleetChecks({ steps: [step()], last: { flows: 20, going: 20 }, lateMs: 0, lost: 0, hasEtcd: true, ...seen })
    .filter(({ holds }) => !holds)
    .map(({ name }) => name)

t.test('what must be', async t => {
  t.strictSame(wrong({}), [])
  t.strictSame(wrong({ steps: [step(failing(3, 300))] }), [], 'while the router has not heard')
  t.match(wrong({ steps: [step({ byVip: byVip(flows({ broken: 1 })) })] }), [/^no connection by DR/])
  t.match(wrong({ steps: [step({ byVip: byVip(flows(), flows({ broken: 1 })) })] }), [/^no connection by TUN/])
  const none = [step({ byVip: byVip(flows({ moved: 0 })) })]
  t.match(wrong({ steps: none }), [/^no connection by DR/], 'nothing was put to the test')
  t.match(wrong({ steps: [step({ byVip: byVip(flows(), flows(), flows()) })] }), [/^by FULLNAT/])
  t.match(wrong({ last: { flows: 20, going: 19 } }), [/^all downloads/])
  t.match(wrong({ steps: [step({ tookMs: FOUND_MS + 1 })] }), [/^the router knows soon/])
  t.strictSame(wrong({ steps: [step({ tookMs: FOUND_MS + 1 })], lateMs: 100 }), [], 'of a busy machine')
  t.strictSame(wrong({ steps: [step(), step({ hurts: false, tookMs: 9000 })] }), [], 'a drain takes its time')
  t.match(wrong({ steps: [step({ hurts: false, ...failing(1, 10) })] }), [/^requests fail only/])
  t.match(wrong({ steps: [step({ announced: { d2: 3, d3: 2 } })] }), [/say in \/metrics/])
  t.match(wrong({ steps: [step({ announced: { d2: 3 } })] }), [/say in \/metrics/], 'one says nothing')
  t.match(
    wrong({ steps: [step({ hurts: false, load: { answered: 99, failed: 1, errors: ['1 of 100: Length: 1'] } })] }),
    [/^requests fail only/],
  )
  const rules = step({ what: 'rules: rs3 has weight 3', hurts: false, tookMs: 1001 })
  t.match(wrong({ steps: [step(), rules] }), [/^rules: rs3 has weight 3: set once in etcd/])
  t.strictSame(wrong({ steps: [step(), rules], hasEtcd: false }), [])
  t.match(wrong({ steps: [step(failing(3, 9000))] }), [/^requests fail only/], 'for too long')
})

t.test('a table: a line for each step and address', async t => {
  const lines = fleetTable([step(), step({ what: 'd3 is drained', tookMs: 12_340 })])
  t.equal(lines.length, 7)
  t.match(lines[1], /^d1 is killed with -9 +0\.10 s +DR 10 +4 +3 +0 +0 +100 +0 +1000 +0$/)
  t.match(lines[2], /^ +TUN 10 +4 +3 +0 +0$/)
  t.match(lines[3], /^ +FULLNAT 10 +4 +3 +4 +4$/)
  t.match(lines[4], /^d3 is drained +12\.34 s /)
})

const at = (...names: string[]) => new Map(names.map((name, i) => [`${DIRECT} ${i + 1}`, name as 'd1']))

t.test('what a step did to downloads', async t => {
  const all = [1, 2, 3, 4].map(port => ({ vip: DIRECT, port }))
  const seen = {
    flows: [...all, { vip: TRANSLATED, port: 9 }],
    before: at('d1', 'd1', 'd2', 'd2'),
    displaced: new Set<string>(),
  }
  const killed = countsOf(DIRECT, { ...seen, after: at('d2', 'd2', 'd2', 'd2'), hops: ['d2'], ended: new Set([`${DIRECT} 1`, `${DIRECT} 3`]) }) // prettier-ignore
  t.strictSame(killed, { flows: 4, moved: 2, needed: 2, broken: 2, brokenUnmoved: 1, promised: 0 })
  const added = countsOf(DIRECT, { ...seen, after: at('d1', 'd3', 'd2', 'd3'), hops: ['d1', 'd2', 'd3'], ended: new Set() }) // prettier-ignore
  t.strictSame(added, { flows: 4, moved: 2, needed: 1, broken: 0, brokenUnmoved: 0, promised: 0 })
  const late = { ...seen, after: seen.before, hops: ['d1', 'd2', 'd3'] as const, ended: new Set([`${DIRECT} 1`, `${DIRECT} 3`]) } // prettier-ignore
  t.match(countsOf(DIRECT, late), { moved: 0, broken: 2, brokenUnmoved: 2 })
  const cut = { ...seen, flows: all, after: at('d1', 'd2', 'd2', 'd2'), hops: ['d2', 'd3'] as const }
  t.strictSame(displacedBy(cut), [`${DIRECT} 1`, `${DIRECT} 2`], 'one that is silent has lost its director too')
  const displaced = new Set(displacedBy(cut))
  t.match(countsOf(DIRECT, { ...late, displaced }), { broken: 2, brokenUnmoved: 1 }, 'a late break of it is explained')
})
