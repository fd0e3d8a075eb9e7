import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Control, OperationName, Reply, Request } from '../../src/control/protocol/api.js'
import type { EtcdFigures } from '../../src/control/metrics/fleet-metrics.js'
import { RequestCounts } from '../../src/control/metrics/request-counts.js'
import { execute } from '../../src/control/operations/execute.js'
import { serveHttp } from '../../src/control/metrics/http.js'
import { Metrics } from '../../src/control/metrics/metrics.js'
import { RulesLoads } from '../../src/control/metrics/rules-loads.js'
import { TurnCounters } from '../../src/control/operations/turn-counters.js'
import type { Device } from '../../src/packet/device.js'
import { sampleSeen } from '../cli/sample-seen.js'
import { BenchDirector, fromClient, VIP } from '../support/bench-director.js'
import { tcp4 } from '../support/frames.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'
import { SimulatedFlows } from '../support/simulated-flows.js'
import { MONITORING, queries, readDashboard } from './dashboard.js'
import { noPrometheus, prometheus, type Prometheus } from './prometheus.js'

/* A real Prometheus scrapes a director in this process, under traffic, and is asked all that the dashboard and the
 * alerts ask. */

const TURN_MS = 50
const service = { protocol: 'tcp', address: VIP } as const
const destination = { address: '10.99.2.11', port: 80 }

/** A director that has something to say of everything: thresholds, templates, local ports, a service with no real server, a keepalived.conf. */
class BusyDirector {
  readonly control: Control
  readonly #bench = new BenchDirector({ offload: new SimulatedFlows() })
  readonly #turns = new TurnCounters()
  readonly #devices = [{ name: 'c', dropped: 0 }]
  #clients = 0

  constructor() {
    const bench = this.#bench
    const on = {
      devices: this.#devices as unknown as Device[],
      turns: this.#turns,
      heap: () => ({ used: 1e6, total: 2e6 }),
    }
    this.control = sampleSeen({
      call: async <O extends OperationName>(request: Request<O>) => execute(bench.director, request, on) as Reply<O>,
    })
    const add = (port: number, persistence: number, ...settings: Parameters<typeof destinationSettings>): void => {
      const key = { ...service, port }
      bench.must({ op: 'add-service', service: key, settings: serviceSettings('rr', { persistence }) })
      bench.must({ op: 'add-destination', service: key, destination, settings: destinationSettings(...settings) })
    }
    add(80, 0, 1, { upperThreshold: 1000, lowerThreshold: 500 })
    add(81, 60, 1)
    add(82, 0, 1, { method: 'fullnat' })
    bench.must({ op: 'add-local-address', service: { ...service, port: 82 }, address: '10.99.2.201' })
    bench.must({ op: 'add-service', service: { mark: 5 }, settings: serviceSettings('wlc') })
  }

  /** A connection to each service, a frame that is too short, and the time that has passed. */
  turn(): void {
    const bench = this.#bench
    const cport = 1024 + (this.#clients++ % 60_000)
    for (const port of [80, 81, 82]) bench.receive('c', tcp4(`10.99.1.10:${cport} > ${VIP}:${port}`, fromClient))
    bench.receive('c', new Uint8Array(4))
    bench.poll(TURN_MS)
    bench.take()
    this.#turns.add(4, 0.05)
    this.#devices[0]!.dropped++
  }
}

/** In front of a director, what one with --announce says of its VIPs. */
function announcing(director: Control): Control {
  const vips = { announced: 3, held: 0, idle: 1, elsewhere: 0 }
  const value = { interface: 'uvs0', withdraw: 'any', hold: 10, isWithdrawn: false, vips } as const
  return {
    call: async <O extends OperationName>(request: Request<O>) =>
      (request as Request).op === 'announcements' ? ({ ok: true, value } as Reply<O>) : director.call(request),
  }
}

function etcd(): EtcdFigures {
  return {
    isReachable: true,
    lastContact: Date.now() / 1000,
    revision: 7,
    isFromDisk: false,
    isRefused: false,
    brokenKeys: 0,
    changedServices: 0,
  }
}

/** Scrapes until rates can be told. */
async function settle(monitor: Prometheus): Promise<number> {
  for (let tries = 0; tries < 120; tries++) {
    const scrapes = await monitor.query('count_over_time(up{job="uvs"}[30s])')
    const count = Number((scrapes[0] as unknown as { value: [number, string] } | undefined)?.value[1])
    if (count >= 5) return count
    await sleep(1000)
  }
  return 0
}

t.setTimeout(230_000)

t.test('Prometheus', { skip: noPrometheus }, async t => {
  const director = new BusyDirector()
  const traffic = setInterval(() => director.turn(), TURN_MS)
  t.teardown(() => clearInterval(traffic))
  const requests = new RequestCounts()
  const asking = setInterval(() => requests.add({ op: 'timeouts' }, { ok: true, value: null }), TURN_MS)
  t.teardown(() => clearInterval(asking))
  const rules = new RulesLoads()
  rules.record(true, Date.now() / 1000)
  const control = announcing(director.control)
  const metrics = new Metrics({ control, requests, rules, threads: [process.pid], etcd }, 0)
  const server = await serveHttp({ host: '127.0.0.1', port: 0 }, director.control, metrics)
  t.teardown(() => server.close())
  const monitor = await prometheus(t, server.port, `${MONITORING}/alerts.yml`)
  t.ok((await settle(monitor)) >= 5, 'it has scraped the director')

  await t.test('scrapes without a word against it', async t => {
    const { activeTargets } = await monitor.get('targets')
    t.match(activeTargets, [{ health: 'up', lastError: '' }])
  })

  await t.test('every query of the dashboard has an answer', async t => {
    for (const { where, expr } of queries(readDashboard()))
      t.ok((await monitor.query(expr)).length > 0, `${where}: ${expr}`)
  })

  await t.test('every alert is evaluated, and knows the numbers that it compares', async t => {
    const { groups } = (await monitor.get('rules')) as {
      groups: { rules: { name: string; query: string; health: string; lastError?: string }[] }[]
    }
    const alerts = groups.flatMap(group => group.rules)
    t.ok(alerts.length > 8, `${alerts.length} alerts`)
    for (const { name, query, health, lastError } of alerts) {
      t.equal(health, 'ok', `${name}: ${lastError}`)
      const compared = query.replace(/ (>|==) [\d.]+$/, '')
      if (name !== 'UvsNoRealServer') t.not(compared, query, `${name} compares at its end`)
      t.ok((await monitor.query(compared)).length > 0, `${name}: ${compared}`)
    }
  })

  await t.test('the service without a real server is the one that is missed', async t => {
    const missing = await monitor.query('ALERTS{alertname="UvsNoRealServer"}')
    t.match(missing, [{ metric: { protocol: 'fwm', service: '5' } }])
    t.equal(missing.length, 1)
  })
})
