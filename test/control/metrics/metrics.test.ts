import { execFileSync, spawnSync } from 'node:child_process'
import t from 'tap'
import type { Control } from '../../../src/control/protocol/api.js'
import { RequestCounts } from '../../../src/control/metrics/request-counts.js'
import { Metrics } from '../../../src/control/metrics/metrics.js'
import { RulesLoads } from '../../../src/control/metrics/rules-loads.js'
import { verdictNames } from '../../../src/packet/verdict.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import { SimulatedFlows } from '../../support/simulated-flows.js'

const noPromtool = spawnSync('promtool', ['--version']).status === 0 ? false : 'there is no promtool (prometheus)'
const tcp = { protocol: 'tcp', address: VIP, port: 80 } as const

function metricsOf(control: Control, more: { requests?: RequestCounts; rules?: RulesLoads; freshMs?: number } = {}) {
  const { requests = new RequestCounts(), rules = new RulesLoads(), freshMs = 0 } = more
  return new Metrics({ control, requests, rules }, freshMs)
}
async function textOf(metrics: Metrics): Promise<string> {
  return Buffer.concat([...(await metrics.collect()).pieces]).toString()
}
/** Labels of the real server of the service on a port. */
function at(port: number): string {
  return `protocol="tcp",service="${VIP}:${port}",real_server="10.99.2.11:80"`
}
/** A service with a connection through it, and a frame that is too short. */
function busyBench(): BenchDirector {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:8080 7')
  bench.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, fromClient))
  bench.receive('r', tcp4('10.99.2.11:8080 > 10.99.1.10:1', { ...fromServer(), flags: 'SA', payload: 60 }))
  bench.receive('c', new Uint8Array(4))
  return bench
}

t.test('what each service and each real server has, as of now', async t => {
  const bench = busyBench()
  const lines = (await textOf(metricsOf(bench.control))).split('\n')
  const service = `protocol="tcp",service="${VIP}:80"`
  const server = `${service},real_server="10.99.2.11:8080"`
  const expected = [
    `uvs_service_info{${service},scheduler="rr"} 1`,
    `uvs_service_connections_total{${service}} 1`,
    `uvs_service_packets_total{${service},direction="in"} 1`,
    `uvs_service_bytes_total{${service},direction="out"} 100`,
    `uvs_real_server_info{${server},method="masq"} 1`,
    `uvs_real_server_weight{${server}} 7`,
    `uvs_real_server_open_connections{${server},state="active"} 1`,
    `uvs_real_server_open_connections{${server},state="inactive"} 0`,
    `uvs_real_server_connections_total{${server}} 1`,
    `uvs_real_server_packets_total{${server},direction="in"} 1`,
    `uvs_real_server_packets_total{${server},direction="out"} 1`,
    `uvs_real_server_bytes_total{${server},direction="in"} 40`,
    `uvs_real_server_bytes_total{${server},direction="out"} 100`,
    'uvs_connections_total 1',
    'uvs_packets_total{direction="out"} 1',
    'uvs_bytes_total{direction="in"} 40',
    'uvs_frames_total{verdict="balanced"} 2',
    'uvs_dropped_frames_total{reason="ethernet-short"} 1',
    'uvs_dropped_frames_total{reason="ttl"} 0',
    'uvs_connection_table_capacity 1024',
    'uvs_connection_table_entries{kind="connection"} 1',
    'uvs_connection_table_entries{kind="template"} 0',
    'uvs_connection_table_timers_behind_seconds 0',
  ]
  for (const line of expected) t.ok(lines.includes(line), line)
  bench.must({ op: 'flush' })
  t.notMatch(await textOf(metricsOf(bench.control)), /10\.99\.2\.11/, 'a real server that is gone is gone')
})

t.test('uvsadm -Z sets no counter back', async t => {
  const bench = busyBench()
  bench.poll(2000)
  bench.must({ op: 'zero' })
  t.match(bench.ask({ op: 'services' }), { rows: [{ stats: { conns: 0 } }] })
  const text = await textOf(metricsOf(bench.control))
  t.match(text, /^uvs_real_server_connections_total\{.*\} 1$/m)
  t.match(text, /^uvs_service_connections_total\{.*\} 1$/m)
  t.match(text, /^uvs_connections_total 1$/m)
})

t.test('every verdict is there: a drop by its reason, all others by their names', async t => {
  const text = await textOf(metricsOf(new BenchDirector().control))
  for (const [verdict, name] of verdictNames) {
    if (verdict === 0) continue
    const drop = name.startsWith('drop-')
    const line = drop
      ? `uvs_dropped_frames_total{reason="${name.slice(5)}"} 0`
      : `uvs_frames_total{verdict="${name}"} 0`
    t.ok(text.includes(`\n${line}\n`), line)
  }
})

t.test('flows that are offloaded, where a program runs', async t => {
  const offload = new SimulatedFlows(8)
  const bench = new BenchDirector({ offload })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:8080')
  const data = tcp4(`10.99.1.10:1 > ${VIP}:80`, { ...fromClient, flags: 'A', payload: 60 })
  bench.receive('c', tcp4(`10.99.1.10:1 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  bench.receive('r', tcp4('10.99.2.11:8080 > 10.99.1.10:1', { ...fromServer(), flags: 'SA' }))
  for (let i = 0; i < 3; i++, bench.take()) bench.receive('c', data)
  offload.lost = 5
  const lines = (await textOf(metricsOf(bench.control))).split('\n')
  const expected = [
    'uvs_offload_flows 1',
    'uvs_offload_capacity 8',
    'uvs_offload_packets_total 2',
    'uvs_offload_octets_total 200',
    'uvs_offload_entered_total 1',
    'uvs_offload_refused_total 0',
    'uvs_offload_evicted_total 0',
    'uvs_offload_lost_total 5',
    'uvs_offload_flows_here{why="due"} 1',
    'uvs_offload_flows_here{why="sctp"} 0',
    'uvs_dropped_frames_total{reason="flow-unfinished"} 5',
    'uvs_packets_total{direction="in"} 4',
    'uvs_frames_total{verdict="balanced"} 3',
  ]
  for (const line of expected) t.ok(lines.includes(line), line)
  t.ok(lines.some(line => /^uvs_offload_epochs_total \d+$/.test(line)))
  t.notMatch(await textOf(metricsOf(new BenchDirector().control)), /^uvs_offload/m)
})

t.test('thresholds, an overload, a mark, templates and FULLNAT ports, where there are any', async t => {
  const bench = new BenchDirector()
  bench.serve('tcp', `${VIP}:80`)
  const limits = { upperThreshold: 1, lowerThreshold: 1 }
  const destination = { address: '10.99.2.11', port: 80 }
  bench.must({ op: 'add-destination', service: tcp, destination, settings: destinationSettings(1, limits) })
  const mark = { mark: 5 }
  bench.must({ op: 'add-service', service: mark, settings: serviceSettings('wlc', { persistence: 60 }) })
  bench.must({ op: 'add-destination', service: mark, destination, settings: destinationSettings(0) })
  const sticky = { ...tcp, port: 81 }
  bench.must({ op: 'add-service', service: sticky, settings: serviceSettings('rr', { persistence: 60 }) })
  bench.must({ op: 'add-destination', service: sticky, destination, settings: destinationSettings(1) })
  const full = { ...tcp, port: 82 }
  bench.must({ op: 'add-service', service: full, settings: serviceSettings('rr') })
  bench.must({ op: 'add-local-address', service: full, address: '10.99.2.201' })
  bench.must({
    op: 'add-destination',
    service: full,
    destination,
    settings: destinationSettings(1, { method: 'fullnat' }),
  })
  for (const port of [80, 81, 82]) bench.receive('c', tcp4(`10.99.1.10:${port} > ${VIP}:${port}`, fromClient))
  const text = await textOf(metricsOf(bench.control))
  const marked = 'protocol="fwm",service="5",real_server="10.99.2.11:80"'
  for (const line of [
    `uvs_real_server_upper_threshold{${at(80)}} 1`,
    `uvs_real_server_lower_threshold{${at(80)}} 1`,
    `uvs_real_server_overloaded{${at(80)}} 1`,
    `uvs_real_server_weight{${marked}} 0`,
    `uvs_real_server_persistent_templates{${marked}} 0`,
    `uvs_real_server_persistent_templates{${at(81)}} 1`,
    `uvs_real_server_info{${at(82)},method="fullnat"} 1`,
    'uvs_connection_table_entries{kind="connection"} 3',
    'uvs_connection_table_entries{kind="template"} 1',
    'uvs_local_ports_in_use{local_address="10.99.2.201"} 1',
    'uvs_neighbours{kind="fixed"} 25',
  ])
    t.ok(text.includes(`\n${line}\n`), line)
  t.notMatch(text, new RegExp(`uvs_real_server_(overloaded|lower_threshold|persistent_templates)\\{${at(82)}`))
  bench.run(65_000 * 3)
  t.match(
    await textOf(metricsOf(bench.control)),
    /entries\{kind="template"\} 0\n/,
    'a template that has ended is not counted',
  )
})

t.test('requests on the control socket and loads of the rules, by how they ended', async t => {
  const { control } = new BenchDirector()
  const requests = new RequestCounts()
  const rules = new RulesLoads()
  t.notMatch(await textOf(metricsOf(control, { requests, rules })), /^uvs_rules_last/m, 'none was asked for')
  for (const request of [{ op: 'services', service: tcp }, { op: 'flush' }] as const)
    requests.add(request, await control.call<'services' | 'flush'>(request))
  rules.record(true, 1000)
  rules.record(false, 2000)
  const text = await textOf(metricsOf(control, { requests, rules }))
  for (const line of [
    'uvs_control_requests_total{operation="services",outcome="ESRCH"} 1',
    'uvs_control_requests_total{operation="flush",outcome="ok"} 1',
    'uvs_rules_loads_total{outcome="success"} 1',
    'uvs_rules_loads_total{outcome="failure"} 1',
    'uvs_rules_last_load_successful 0',
    'uvs_rules_last_load_success_timestamp_seconds 1000',
  ])
    t.ok(text.includes(`\n${line}\n`), line)
})

t.test('how old listings are: until the next tick, and longer without run_estimation', async t => {
  const bench = new BenchDirector()
  const age = async (): Promise<string | undefined> =>
    /^uvs_estimator_age_seconds (.*)$/m.exec(await textOf(metricsOf(bench.control)))?.[1]
  bench.poll(1500)
  t.equal(await age(), '1.5')
  bench.poll(500)
  t.equal(await age(), '0')
  bench.must({ op: 'set-sysctl', name: 'run_estimation', value: '0' })
  bench.poll(10_000)
  t.equal(await age(), '10')
})

t.test('who asks meanwhile, or soon after, shares a collection', async t => {
  const { control } = new BenchDirector()
  let asked = 0
  const counting: Control = {
    call: request => {
      if (request.op === 'figures') asked++
      return control.call(request)
    },
  }
  const shared = metricsOf(counting, { freshMs: 1500 })
  await Promise.all([shared.collect(), shared.collect(), shared.collect()])
  await shared.collect()
  t.equal(asked, 1)
  await new Promise(resolve => setTimeout(resolve, 3000))
  await shared.collect()
  t.equal(asked, 2, 'but not for ever')
})

t.test('a director that refuses, or throws, is an error of a line, and is asked again', async t => {
  const refusing: Control = {
    call: async () => ({ ok: false, refusal: 'EPROTO', message: 'the director has stopped' }),
  }
  const metrics = metricsOf(refusing)
  await t.rejects(metrics.collect(), { message: 'the director has stopped' })
  await t.rejects(metrics.collect(), { message: 'the director has stopped' })
})

t.test('more services than a page holds, each once', async t => {
  const bench = new BenchDirector()
  for (let port = 1; port <= 700; port++)
    bench.must({ op: 'add-service', service: { ...tcp, port }, settings: serviceSettings('rr') })
  const lines = (await textOf(metricsOf(bench.control))).match(/^uvs_service_info.*$/gm) ?? []
  t.equal(lines.length, 700)
  t.equal(new Set(lines).size, 700)
})

t.test("promtool finds nothing amiss, and every family's lines are in one piece", { skip: noPromtool }, async t => {
  const text = await textOf(metricsOf(busyBench().control))
  t.equal(execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8', stdio: 'pipe' }), '')
  const families = text.match(/^uvs_\w+/gm)!.map(name => name.replace(/_(bucket|sum|count)$/, ''))
  const runs = families.filter((name, i) => name !== families[i - 1])
  t.strictSame(runs, [...new Set(families)])
})
