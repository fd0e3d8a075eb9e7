import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import t from 'tap'
import { jsonDocument } from '../../src/cli/json.js'
import { checkFile } from '../../src/cli/uvs/keepalived/check-file.js'
import { recordedHost } from '../keepalived/config/recorded-host.js'
import { lintFile } from '../../src/cli/uvs/rules/lint.js'
import { parsedRules } from '../../src/cli/uvs/rules/parsed-rules.js'
import { planKeepalived } from '../../src/cli/uvs/rules/plan-keepalived.js'
import { commitRules, plannedRules, stageRules } from '../../src/cli/uvs/rules/rules-transaction.js'
import { showProc } from '../../src/cli/uvs/proc.js'
import { showHealth } from '../../src/cli/uvs/seen/health.js'
import { examined } from '../../src/cli/uvs/doctor/doctor.js'
import { Rates, showDrops } from '../../src/cli/uvs/explain/drops.js'
import { readOptions } from '../../src/cli/uvs/options/read-options.js'
import { flowsMovedCommand } from '../../src/cli/uvs/simulate/flows-moved-options.js'
import { findFlowsMoved } from '../../src/cli/uvs/simulate/flows-moved.js'
import { simulate } from '../../src/cli/uvs/simulate/simulate.js'
import { showOffload } from '../../src/cli/uvs/seen/offload.js'
import { showVrrp } from '../../src/cli/uvs/seen/vrrp.js'
import { showVerdicts } from '../../src/cli/uvs/verdicts.js'
import { allSysctls } from '../../src/cli/uvs/sysctl.js'
import { uvsadm } from '../../src/cli/uvsadm/run.js'
import type { Control, Outcome, ServicePage } from '../../src/control/protocol/api.js'
import { CLIENT, RS, Scene } from '../director/scene.js'
import { Transactions } from '../../src/control/rules/transactions.js'
import { captureFile, pcap } from '../support/capture-files.js'
import { fakeNames } from '../support/names.js'
import { Chunk } from '../support/sctp.js'
import { droppingOne, sampleExplanation } from './sample-explanation.js'
import { fleetApplied, fleetPlan, fleetRules, fleetStatus } from './sample-fleet.js'
import { offloadingNowhere } from './sample-offload.js'
import { sampleRealServer } from './sample-real-server.js'
import { sampleSeen } from './sample-seen.js'
import { simulationDocument } from '../../src/cli/uvs/simulate/simulation-document.js'
import { sampleSimulation } from './sample-simulation.js'

/* Every document of --json, as a director prints it that has every kind of service and real traffic, against the schema
 * that users get; and that schema against its own promise: nothing in it is undescribed, nothing is left open. */

type Json = Record<string, unknown>

const SCHEMA = fileURLToPath(new URL('../../../docs/schema/uvs-1.json', import.meta.url))
const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as Json & { $defs: Record<string, Json> }
const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true }).addSchema(schema)

function validator(kind: string): ValidateFunction {
  return ajv.getSchema(`${String(schema.$id)}#/$defs/${kind}Document`)!
}

const RULES = `
-A -t 10.99.1.100:80 -s wlc -p 300 -M 255.255.255.0
-a -t 10.99.1.100:80 -r ${RS[0]}:8080 -m -w 3 -x 100 -y 50
-a -t 10.99.1.100:80 -r ${RS[1]}:80 -g -w 0
-A -t 10.99.1.100:443 -s sh -b sh-port,sh-fallback --toa
-a -t 10.99.1.100:443 -r ${RS[0]}:443 -b
--add-laddr -t 10.99.1.100:443 -z 10.99.2.201
--add-laddr -t 10.99.1.100:443 -z 10.99.2.202
-A -t 10.99.1.100:444 -s mh --proxy-protocol v2
-A -u 10.99.1.100:53 -s rr -o
-a -u 10.99.1.100:53 -r ${RS[0]} -m
-a -u 10.99.1.100:53 -r ${RS[1]} -i
-a -u 10.99.1.100:53 -r ${RS[2]} -i --tun-type gue --tun-port 6080 --tun-remcsum
-A -u 10.99.1.100:54 -p
-a -u 10.99.1.100:54 -r ${RS[0]} -m
-A --sctp-service 10.99.1.100:9
-a --sctp-service 10.99.1.100:9 -r ${RS[0]} -m
-A -f 4294967295 -p 80
-a -f 4294967295 -r ${RS[0]}:0 -i --tun-type gre --tun-csum
-A -f 1`

/** Every kind of service, and connections of every kind. */
async function busy(): Promise<Scene> {
  const scene = new Scene()
  for (const line of RULES.trim().split('\n')) {
    const { err } = await uvsadm(line.split(' '), scene.control)
    if (err !== '') throw new Error(`${line}: ${err}`)
  }
  scene.must({
    op: 'add-mark',
    rule: { protocol: 'tcp', to: '10.99.1.100', ports: [{ first: 90, last: 90 }], mark: 0xffffffff },
  })
  for (let port = 1; port <= 40; port++) scene.tcp(`${CLIENT}:${port}`, '10.99.1.100:80')
  for (const port of ['443', '90', '1']) scene.tcp(`${CLIENT}:9`, `10.99.1.100:${port}`)
  for (const port of ['53', '54']) for (let n = 1; n < 5; n++) scene.udp(`${CLIENT}:${n}`, `10.99.1.100:${port}`)
  scene.sctp(`${CLIENT}:3`, '10.99.1.100:9', [Chunk.INIT])
  scene.run(4000)
  return scene
}

/** As RULES, but that each kind of change makes the one of the other. */
const OTHER_RULES = `
-A -t 10.99.1.100:80 -s rr
-a -t 10.99.1.100:80 -r ${RS[0]}:8080 -m -w 4
-a -t 10.99.1.100:80 -r ${RS[2]}:80 -i
-A -t 10.99.1.100:443 -s sh --proxy-protocol v1
--add-laddr -t 10.99.1.100:443 -z 10.99.2.203
-A -u 10.99.1.100:5060 -p --pe sip
-A -f 9 -6
-A -t [2001:db8::1]:80`

const otherRules = `${mkdtempSync(join(tmpdir(), 'uvs-rules-'))}/rules`
writeFileSync(otherRules, OTHER_RULES)
t.teardown(() => rmSync(dirname(otherRules), { recursive: true }))

/** What `act` prints of a transaction that has those staged. */
async function staged(control: Control, act: (control: Control) => Promise<string>): Promise<Outcome> {
  const client = new Transactions(control, () => new Scene().director).client()
  try {
    await stageRules(client, parsedRules(otherRules))
    return { status: 0, out: await act(client), err: '' }
  } finally {
    client.close()
  }
}

/** With the rules of a file before, and others after. */
async function flowsMoved(flows = '20'): Promise<Outcome> {
  const given = ['--before', otherRules, '--after', otherRules, '--flows', flows]
  const { problems, ...found } = await findFlowsMoved(flowsMovedCommand(readOptions(simulate, given)))
  return { status: 0, out: simulationDocument({ kind: 'flowsMoved', flowsMoved: found }, problems), err: '' }
}

/** What prints each document. */
const PRINTS: Record<string, (control: Control) => Promise<Outcome>> = {
  services: control => uvsadm(['-L', '--json'], control),
  connections: control => uvsadm(['-Lc', '--json'], control),
  plan: control => staged(control, async client => jsonDocument('plan', (await plannedRules(client)).changes)),
  applied: control => staged(control, async client => jsonDocument('applied', await commitRules(client))),
  findings: async () => ({ ...(await lintFile(['--json', otherRules], fakeNames())), status: 0 }),
  messages: async () => ({ ...checkFile('c.conf', recordedHost('c.conf', { text: 'foo\n' }), true), status: 0 }),
  daemons: control => uvsadm(['-L', '--daemon', '--json'], control),
  timeouts: control => uvsadm(['-L', '--timeout', '--json'], control),
  localAddresses: control => uvsadm(['--get-laddr', '--json'], control),
  sysctls: control => allSysctls(control, true),
  verdicts: control => showVerdicts(true, control, true),
  totals: control => showProc('ip_vs_stats', control, true),
  apps: control => showProc('ip_vs_app', control, true),
  health: () => showHealth(sampleSeen(), { asJson: true }),
  vrrp: () => showVrrp(sampleSeen(), { asJson: true }),
  offload: () => showOffload(offloadingNowhere(), true),
  drops: () => showDrops(droppingOne(), new Rates(), true, 0),
  doctor: async () => ({ ...(await examined(droppingOne(), 0, true)), status: 0 }),
  explain: async () => ({ status: 0, out: jsonDocument('explain', sampleExplanation()), err: '' }),
  simulation: async () => ({ status: 0, out: await sampleSimulation(), err: '' }),
  fleetPlan: () => fleetPlan(otherRules),
  fleetApplied: () => fleetApplied(otherRules),
  fleetRules,
  fleetStatus,
  realServer: async () => ({ status: 0, out: sampleRealServer(), err: '' }),
}

function parsed({ status, out, err }: Outcome): Json {
  if (status !== 0 || err !== '' || !out.endsWith('}\n')) throw new Error(`${status}: ${err}${out.slice(-40)}`)
  return JSON.parse(out) as Json
}

t.test('what a busy director prints is what the schema says', async t => {
  const { control } = await busy()
  const whole = ajv.getSchema(String(schema.$id))!
  for (const [kind, show] of Object.entries(PRINTS)) {
    const printed = parsed(await show(control))
    const validate = validator(kind)
    validate(printed)
    t.strictSame(validate.errors, null, kind)
    t.ok(whole(printed), `${kind}: the whole schema takes it too`)
    t.strictSame(Object.keys(printed), ['version', kind])
  }
  t.strictSame(
    Object.keys(PRINTS)
      .map(kind => `${kind}Document`)
      .toSorted(),
    Object.keys(schema.$defs)
      .filter(name => name.endsWith('Document'))
      .toSorted(),
    'every document of the schema was looked at',
  )
})

t.test('a simulation of a change of the rules is a simulation', async t => {
  const printed = parsed(await flowsMoved()) as any
  const validate = validator('simulation')
  validate(printed)
  t.strictSame(
    [validate.errors, Object.keys(printed), printed.simulation.kind],
    [null, ['version', 'simulation'], 'flowsMoved'],
  )
  for (const plant of [
    (moved: any) => (moved.services[0].newFlows.elsewhere = 0.1),
    (moved: any) => delete moved.services[0].service,
  ]) {
    const wrong = structuredClone(printed)
    plant(wrong.simulation.flowsMoved)
    t.notOk(validate(wrong))
  }
})

t.test('the plan of a reload is a plan, with instances', async t => {
  const printed = parsed({ ...(await planKeepalived(sampleSeen(), '/k.conf', true)), err: '' })
  const validate = validator('plan')
  validate(printed)
  t.strictSame([validate.errors, Object.keys(printed)], [null, ['version', 'plan', 'instances', 'blocks']])
})

t.test('the busy director shows every field there is', async t => {
  const { control } = await busy()
  const shown = new Set<string>()
  for (const show of Object.values(PRINTS)) collectKeys(parsed(await show(control)), shown)
  for (const flows of ['20', captureFile(t, pcap([]))]) collectKeys(parsed(await flowsMoved(flows)), shown)
  collectKeys(parsed({ ...(await planKeepalived(sampleSeen(), '/k.conf', true)), err: '' }), shown)
  t.strictSame(
    [...propertiesOf(schema)].map(([name]) => name).filter(name => !shown.has(name)),
    [],
  )
})

function collectKeys(value: unknown, into: Set<string>): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    into.add(key)
    collectKeys(inner, into)
  }
}

t.test('the rows are those of the director', async t => {
  const scene = await busy()
  const { rows: services } = scene.ask<'services'>({ op: 'services' }) as ServicePage
  const printed = parsed(await uvsadm(['-L', '--nosort', '--json'], scene.control))
  t.strictSame(printed, { version: 1, services })
  for (const option of ['--stats', '--thresholds', '--persistent-conn', '--tun-info', '-n', '--exact'])
    t.strictSame(parsed(await uvsadm(['-L', '--nosort', option, '--json'], scene.control)), printed, option)

  t.strictNotSame(parsed(await uvsadm(['--json'], scene.control)), printed, 'without --nosort it is sorted')
  const text = (await uvsadm(['-Ln'], scene.control)).out
  const order = (parsed(await uvsadm(['--json'], scene.control)).services as Json[]).map(
    service => service.mark ?? `${String(service.address)}:${String(service.port)}`,
  )
  t.strictSame(
    order.map(name => (name === 0xffffffff ? '-1' : String(name))),
    [...text.matchAll(/^(?:TCP|UDP|SCTP|FWM) +(\S+)/gm)].map(([, name]) => name),
    'sorted as the text',
  )
  const [one, ...more] = parsed(await uvsadm('--json -u 10.99.1.100:53'.split(' '), scene.control)).services as Json[]
  t.match(one, { protocol: 'udp', port: 53, destinations: { length: 3 } })
  t.strictSame(more, [])

  const connections = parsed(await uvsadm(['-Lc', '--json'], scene.control)).connections as Json[]
  const lines = (await uvsadm(['-Lcn'], scene.control)).out.trimEnd().split('\n').slice(2)
  t.equal(connections.length, lines.length)
  t.ok(lines.length > 45, `${lines.length} connections`)
  t.strictSame(parsed(await uvsadm('--get-laddr --json'.split(' '), scene.control)).localAddresses, [
    { service: { protocol: 'tcp', address: '10.99.1.100', port: 443 }, address: '10.99.2.201' },
    { service: { protocol: 'tcp', address: '10.99.1.100', port: 443 }, address: '10.99.2.202' },
  ])
})

t.test('the files of /proc/net are documents of what they hold', async t => {
  const { control } = await busy()
  const shown = async (name: string): Promise<Json> => parsed(await showProc(name, control, true))
  t.strictSame(await shown('ip_vs'), parsed(await uvsadm(['-L', '--nosort', '--json'], control)))
  const connections = parsed(await PRINTS['connections']!(control))
  for (const name of ['ip_vs_conn', 'ip_vs_conn_sync']) t.strictSame(await shown(name), connections, name)
  t.strictSame(await shown('ip_vs_stats_percpu'), await shown('ip_vs_stats'))
  t.match(await shown('ip_vs_stats'), { totals: { stats: { conns: Number }, workers: { length: 1 } } })
})

t.test('an empty director', async t => {
  const { control } = new Scene()
  for (const kind of ['services', 'connections', 'localAddresses']) {
    t.strictSame((await PRINTS[kind]!(control)).out, `{"version":1,"${kind}":[\n]}\n`)
    t.ok(validator(kind)(parsed(await PRINTS[kind]!(control))), kind)
  }
})

/** Of etcd. */
const FLEET = ['fleetPlan', 'fleetApplied', 'fleetRules', 'fleetStatus']
/** Of no director. */
const ASKS_NOBODY = [
  'findings',
  'messages',
  'daemons',
  'apps',
  'realServer',
  'health',
  'vrrp',
  'offload',
  'explain',
  'drops',
  'doctor',
  'simulation',
  ...FLEET,
]

t.test('an error leaves standard output empty', async t => {
  const { control } = new Scene()
  const lost: Control = { call: async () => ({ ok: false, refusal: 'EPROTO', message: 'not today' }) }
  t.strictSame(await uvsadm('-L -t 10.99.1.1:1 --json'.split(' '), control), {
    status: 1,
    out: '',
    err: 'No such service\n',
  })
  for (const [kind, show] of Object.entries(PRINTS)) {
    if (ASKS_NOBODY.includes(kind)) continue
    const { status, out, err } = await show(lost).catch((error: Error) => ({
      status: 1,
      out: '',
      err: `${error.message}\n`,
    }))
    t.match([status > 0, out, err], [true, /^$/, /^.*not today\n$/], kind)
  }
  for (const wrong of ['-A -t 10.0.0.1:80 --json', '-S --json', '-L --json --watch', '-L --json --json'])
    t.match(await uvsadm(wrong.split(' '), control), { status: 2, out: '', err: /^.*'json' option.*\n$/ }, wrong)
})

/** Changes that no document may have. */
const PLANTED: [kind: string, what: string, (document: any) => void][] = [
  ['services', 'a field that is not documented', ({ services }) => (services[0].colour = 'red')],
  ['services', 'one of a real server', ({ services }) => (services[0].destinations[0].rank = 1)],
  ['services', 'one of statistics', ({ services }) => (services[0].stats.resets = 1)],
  ['services', 'a field that is missing', ({ services }) => delete services[0].scheduler],
  ['services', 'a service of two kinds', ({ services }) => (services[1].mark = 7)],
  ['services', 'a service of no kind', ({ services }) => delete services[1].port],
  ['services', 'a number as text', ({ services }) => (services[0].destinations[0].weight = '3')],
  ['services', 'a negative count', ({ services }) => (services[0].stats.conns = -1)],
  ['services', 'a rate with a fraction', ({ services }) => (services[0].rates.cps = 0.5)],
  ['services', 'a method that there is not', ({ services }) => (services[0].destinations[0].method = 'nat')],
  ['services', 'null', ({ services }) => (services[0].clientAddress = null)],
  ['services', 'another version', document => (document.version = 2)],
  ['services', 'something beside', document => (document.count = 3)],
  ['connections', 'a local address without its port', ({ connections }) => (connections[0].laddr = '10.0.0.1')],
  ['connections', 'a host name', ({ connections }) => (connections[0].caddr = 'client.example')],
  ['connections', 'a port that there is not', ({ connections }) => (connections[0].cport = 65536)],
  ['connections', 'a field that is not documented', ({ connections }) => (connections[0].flags = 1)],
  ['timeouts', 'a fraction', ({ timeouts }) => (timeouts.tcp = 0.5)],
  ['localAddresses', 'a key with more than it has', ({ localAddresses }) => (localAddresses[0].service.weight = 1)],
  ['sysctls', 'a short name', ({ sysctls }) => (sysctls[0].name = 'drop_entry')],
  ['plan', 'an operation that there is not', ({ plan }) => (plan[0].request.op = 'move')],
  ['plan', 'settings of neither', ({ plan }) => (plan.find(({ was }: any) => was).was = { weight: 1 })],
  ['applied', 'an operation that there is not', ({ applied }) => (applied.changes.move = 1)],
  ['findings', 'a line before the first', ({ findings }) => (findings[0].line = 0)],
  ['messages', 'another severity', ({ messages }) => (messages[0].severity = 'bad')],
  ['messages', 'a line of no file', ({ messages }) => delete messages[0].file],
  ['daemons', 'a daemon', ({ daemons }) => daemons.push({})],
  ['health', 'another state', ({ health }) => (health[0].state = 'open')],
  ['health', 'a field that is not documented', ({ health }) => (health[0].servers[0].checks[0].tries = 1)],
  ['health', 'a service of no kind', ({ health }) => delete health[2].group],
  ['health', 'a time as text', ({ health }) => (health[0].since = '22:41')],
  ['vrrp', 'another state', ({ vrrp }) => (vrrp.instances[0].state = 'STOP')],
  ['vrrp', 'a count as text', ({ vrrp }) => (vrrp.instances[0].refused.ttl = '1')],
  ['vrrp', 'a router that there is not', ({ vrrp }) => (vrrp.instances[0].vrid = 256)],
  ['vrrp', 'an event that there is not', ({ vrrp }) => (vrrp.scripts[0].next.event = 'check')],
  ['fleetPlan', 'connections that nobody can know', ({ fleetPlan: { changes } }) => (changes[0].connections = '?')],
  ['fleetApplied', 'an operation that there is not', ({ fleetApplied: { changes } }) => (changes.move = 1)],
  ['fleetRules', 'counts', ({ fleetRules: { services } }) => (services[0].destinations[0].activeConns = 1)],
  ['fleetStatus', 'a field that is not documented', ({ fleetStatus: { directors } }) => (directors[0].load.cpu = 1)],
  ['fleetStatus', 'a director without a name', ({ fleetStatus: { directors } }) => delete directors[1].name],
  ['realServer', 'another way', ({ realServer }) => (realServer.way = 'fou')],
  ['simulation', 'a field that is not documented', ({ simulation }) => (simulation.scenario.requests.lost = 1)],
  ['simulation', 'an event of another kind', ({ simulation }) => (simulation.scenario.events[0].kind = 'rain')],
  ['simulation', 'of another kind', ({ simulation }) => (simulation.kind = 'flowsMoved')],
  ['simulation', 'two results', ({ simulation }) => (simulation.flowsMoved = {})],
  ['verdicts', 'a count as text', ({ verdicts }) => (verdicts['drop-no-route'] = '1')],
]

t.test('planted violations are found', async t => {
  const { control } = await busy()
  for (const [kind, what, plant] of PLANTED) {
    const printed = parsed(await PRINTS[kind]!(control))
    plant(printed)
    t.notOk(validator(kind)(printed), `${kind}: ${what}`)
    t.notOk(ajv.getSchema(String(schema.$id))!(printed), `${kind}: ${what}, the whole schema`)
  }
})

/** Every property in a schema: its name and what is said of it. */
function* propertiesOf(value: unknown): Generator<[string, Json]> {
  if (typeof value !== 'object' || value === null) return
  const { properties, ...rest } = value as Json
  for (const [name, inner] of Object.entries((properties ?? {}) as Record<string, Json>)) {
    yield [name, inner]
    yield* propertiesOf(inner)
  }
  for (const inner of Object.values(rest)) yield* propertiesOf(inner)
}

/** Every object in a schema that may hold what it does not name. Keys of services are closed by who refers to them. */
function* openObjects(value: unknown, path: string): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  const one = value as Json
  const isClosed = ['additionalProperties', 'unevaluatedProperties'].some(name => name in one && one[name] !== true)
  if (one.type === 'object' && !isClosed) yield path
  for (const [name, inner] of Object.entries(one)) yield* openObjects(inner, `${path}/${name}`)
}

t.test('the schema describes every field and leaves no object open', async t => {
  const properties = [...propertiesOf(schema)]
  t.ok(properties.length > 60, `${properties.length} fields`)
  for (const [name, inner] of properties) t.match(inner.description, /\w{2,}.*[.]$/s, name)
  for (const [name, def] of Object.entries(schema.$defs)) t.type(def.description, 'string', name)
  t.strictSame([...openObjects(schema, '')], ['/$defs/addressKey', '/$defs/markKey', '/$defs/groupKey'])
})
