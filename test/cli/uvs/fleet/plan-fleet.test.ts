import t from 'tap'
import { parsedLines } from '../../../../src/cli/uvs/rules/parsed-rules.js'
import { ruleLines } from '../../../../src/cli/uvs/rules/rules-file.js'
import { appliedText, fleetPlanText } from '../../../../src/cli/uvs/fleet/fleet-text.js'
import { type FleetPlan, planFleet } from '../../../../src/cli/uvs/fleet/plan-fleet.js'
import { storedRules } from '../../../../src/cli/uvs/fleet/stored-rules.js'
import { trialMaker } from '../../../../src/cli/uvs/fleet/trial-rules.js'
import { FleetKeys } from '../../../../src/fleet/fleet-keys.js'
import type { StoredKey } from '../../../../src/fleet/write/fleet-store.js'

const makeTrial = await trialMaker([])

async function planOf(held: Record<string, string>, lines: string): Promise<FleetPlan> {
  const keys = Object.entries(held).map(([key, value], n): StoredKey => ({ key, value, modRevision: n + 2 }))
  const snapshot = { revision: 99, keys, note: undefined }
  const desired = makeTrial()
  await desired.take(parsedLines(ruleLines(lines, 'F')))
  const stored = await storedRules(snapshot, new FleetKeys('/uvs/s'), makeTrial())
  return planFleet(snapshot, stored, await desired.services())
}

/** What the prefix holds after the plan. */
function after(held: Record<string, string>, { write }: FleetPlan): Record<string, string> {
  const kept = Object.entries(held).filter(([key]) => !write.deletes.includes(key))
  return Object.fromEntries([...kept, ...write.puts.map(({ key, value }): [string, string] => [key, value])])
}

const service = (more: object, servers: object[] = []): string =>
  JSON.stringify({ version: 1, service: { protocol: 'tcp', port: 80, destinations: servers, ...more } })
const WEB = service({ address: '10.0.0.1' }, [{ address: '10.0.1.1', port: 80, method: 'masq' }])
const WEB_LINES = '-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.1.1 -m\n'

t.test('an empty prefix: a key a service, by what it is', async t => {
  const lines = `${WEB_LINES}-A -u 10.0.0.1:53 -s rr\n-A -f 7\n-A -f 7 -6\n-A -t [2001:db8::1]:80`
  const plan = await planOf({}, lines)
  t.strictSame(plan.write.puts.map(({ key }) => key).toSorted(), [
    'services/mark/7',
    'services/mark/7/of/IPv6',
    'services/tcp/10.0.0.1:80',
    'services/tcp/[2001:db8::1]:80',
    'services/udp/10.0.0.1:53',
  ])
  t.strictSame(fleetPlanText(plan).split('\n'), [
    '+ -A -t 10.0.0.1:80 -s wlc',
    '+ -a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 1',
    '+ -A -u 10.0.0.1:53 -s rr',
    '+ -A -t [2001:db8::1]:80 -s wlc',
    '+ -A -f 7 -s wlc',
    '+ -A -f 7 -6 -s wlc',
    '6 changes, 5 keys; revision 0',
    '',
  ])
  const held = after({}, plan)
  t.equal(fleetPlanText(await planOf(held, lines)), 'nothing to do; revision 6\n', 'and then it is so')
})

t.test('what stays is not written, whatever its key and its form', async t => {
  const held = { 'services/web': WEB, 'services/dns': service({ protocol: 'udp', address: '10.0.0.1' }) }
  const plan = await planOf(held, `${WEB_LINES}-A -u 10.0.0.1:80 -s rr`)
  t.strictSame(
    plan.write.puts.map(({ key }) => key),
    ['services/dns'],
    'its own key, by hand or not',
  )
  t.strictSame(plan.write.deletes, [])
  t.equal(fleetPlanText(plan), '~ -E -u 10.0.0.1:80 -s rr (was -s wlc)\n1 change, 1 key; revision 3\n')
})

t.test('what FILE has not goes', async t => {
  const plan = await planOf({ 'services/web': WEB, 'services/x': service({ address: '10.0.0.9' }) }, WEB_LINES)
  t.strictSame(plan.write, { puts: [], deletes: ['services/x'] })
  t.equal(fleetPlanText(plan), '- -D -t 10.0.0.9:80\n1 change, 1 key; revision 3\n')
})

t.test('a key that is taken by another service is left to it', async t => {
  const held = { 'services/tcp/10.0.0.1:80': service({ address: '10.0.0.9' }) }
  const plan = await planOf(held, `${WEB_LINES}-A -t 10.0.0.9:80`)
  t.strictSame(
    plan.write.puts.map(({ key }) => key),
    ['services/tcp/10.0.0.1:80+2'],
  )
  t.strictSame(plan.write.deletes, [])
})

t.test('what directors refuse is written anew or deleted, and shown so that a terminal is safe', async t => {
  const held = {
    'services/tcp/10.0.0.1:80': '{"version":1,',
    'services/sched': service({ address: '10.0.0.2', scheduler: 'none-such' }),
    'services/twice': WEB,
    'services/twice-again': WEB,
    'services/\x1b[2Jx': WEB,
    'services/version': '{"version":2}',
    'services/field': service({ address: '10.0.0.3', 'we\x1bight': 1 }),
    'services/huge': service({ address: '10.0.0.4', persistence: 1e300 }),
  }
  const plan = await planOf(held, `${WEB_LINES}-A -t 10.0.0.2:80`)
  const text = fleetPlanText(plan)
  t.notMatch(text, /[^\P{Cc}\n]/u)
  const lines = text.split('\n').filter(line => line.startsWith('!'))
  t.match(lines, [
    '! services/tcp/10.0.0.1:80: deleted, for it was refused: no JSON: ',
    /^! services\/twice-again: deleted, .*: tcp 10\.0\.0\.1:80 is the service of \/uvs\/s\/services\/twice already$/,
    '! services/\ufffd[2Jx: deleted, for it was refused: the name is not',
    '! services/version: deleted, for it was refused: version: 2 is of a newer uvs, this one knows 1',
    /^! services\/field: deleted, for it was refused: service\.we\\u001bight: there is no such field/,
    /^! services\/huge: deleted, for it was refused: service\.persistence: not an integer/,
    '! services/sched: written anew, for it was refused: no such scheduler',
  ])
  t.equal(lines.length, 7)
  const next = after(held, plan)
  t.strictSame(Object.keys(next).toSorted(), ['services/sched', 'services/twice'])
  t.match(fleetPlanText(await planOf(next, `${WEB_LINES}-A -t 10.0.0.2:80`)), /^nothing to do/)
})

t.test('services of `rules` get keys of their own', async t => {
  const held = { rules: WEB_LINES }
  const same = await planOf(held, WEB_LINES)
  t.strictSame(Object.keys(after(held, same)), ['services/tcp/10.0.0.1:80'])
  t.equal(fleetPlanText(same), '! rules: deleted, its services have keys of their own\n0 changes, 2 keys; revision 2\n')
  t.equal(
    appliedText({}, same, 5),
    '! rules: deleted, its services have keys of their own\nno rule changed; revision 5\n',
  )

  const bad = await planOf({ rules: `${WEB_LINES}-A -t x` }, WEB_LINES)
  t.match(
    fleetPlanText(bad),
    /^\+ -A -t 10.0.0.1:80 .*\n.*\n! rules: deleted, for it was refused: rules line 3: illegal/,
  )
})

t.test('no services at all is `rules`, empty: no key at all would be taken for a mishap', async t => {
  const held = { 'services/web': WEB }
  const plan = await planOf(held, '')
  t.strictSame(after(held, plan), { rules: '' })
  t.match(fleetPlanText(await planOf({ rules: '' }, '')), /^nothing to do/)
  const back = await planOf({ rules: '' }, WEB_LINES)
  t.strictSame(Object.keys(after({ rules: '' }, back)), ['services/tcp/10.0.0.1:80'])
  t.notMatch(fleetPlanText(back), /!/)
})
