import t from 'tap'
import { mergeServiceSums } from '../../../src/control/operations/merge.js'
import {
  SUM_COLUMNS,
  type ServiceInfo,
  type ServiceKey,
  type ServiceSums,
  type ServiceSumsPage,
} from '../../../src/control/protocol/api.js'
import { BenchDirector, fromClient, VIP } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'

/** All pages. */
function sumsOf(bench: BenchDirector): ServiceSums[] {
  const all: ServiceSums[] = []
  for (let from: string | null | undefined; from !== null;) {
    const page: ServiceSumsPage | string = bench.ask<'service-sums'>({ op: 'service-sums', ...(from && { from }) })
    if (typeof page === 'string') throw new Error(page)
    all.push(...page.services)
    from = page.next
  }
  return all
}

/** What a listing comes to. */
function summedUp({ stats, rates, destinations }: ServiceInfo): number[] {
  const total = (read: (server: ServiceInfo['destinations'][number]) => number): number =>
    destinations.reduce((sum, server) => sum + read(server), 0)
  const { conns, inPkts, outPkts, inBytes, outBytes } = stats
  const { cps, inPps, outPps, inBps, outBps } = rates
  return [
    destinations.length,
    total(({ weight }) => Number(weight > 0)),
    total(({ weight }) => weight),
    total(({ activeConns }) => activeConns),
    total(({ inactConns }) => inactConns),
    total(({ persistConns }) => persistConns),
    conns,
    inPkts,
    outPkts,
    inBytes,
    outBytes,
    cps,
    inPps,
    outPps,
    inBps,
    outBps,
  ]
}

function nameOf(service: ServiceKey & { scheduler: string }): string {
  const key = 'mark' in service ? service.mark : `${service.protocol} ${service.address} ${service.port}`
  return `${key} ${service.scheduler}`
}

function page(): ServiceSumsPage {
  const sums = Array.from({ length: SUM_COLUMNS }, (_, column) => column + 1)
  return { services: [{ mark: 1, scheduler: 'rr', sums }], next: null }
}

t.test('what each service comes to is what its listing comes to, over pages', async t => {
  const bench = new BenchDirector()
  for (let port = 1; port <= 300; port++) bench.serve('tcp', `${VIP}:${port}`, '10.99.2.11:80 2', '10.99.2.12:80 0')
  const service = { protocol: 'tcp', address: '2001:db8::1', port: 80 } as const
  bench.ask({ op: 'add-service', service, settings: serviceSettings('rr', { netmask: '128' }) })
  const destination = { address: '2001:db8::2', port: 80 }
  bench.ask({ op: 'add-destination', service, destination, settings: destinationSettings(7) })
  for (let client = 2000; client < 2010; client++) {
    bench.turn('c', tcp4(`10.99.1.10:${client} > ${VIP}:7`, { ...fromClient, flags: 'S' }))
    bench.turn('c', tcp4(`10.99.1.10:${client} > ${VIP}:7`, { ...fromClient, flags: 'A', ack: 1 }))
  }
  bench.run(4000)
  const listed = bench.services() as ServiceInfo[]
  const sums = sumsOf(bench)
  t.equal(sums.length, 301)
  t.strictSame(
    sums.map(each => each.sums),
    listed.map(summedUp),
  )
  t.strictSame(sums.map(nameOf), listed.map(nameOf))
  const busy = sums.find(each => 'port' in each && each.port === 7)!
  t.equal(busy.sums[6], 10, 'connections were counted')
})

t.test('workers count apart, but have the same real servers and connections', async t => {
  const sums = [1, 2, 3, 4, 5, 6, 21, 24, 27, 30, 33, 36, 39, 42, 45, 48]
  t.strictSame(mergeServiceSums([page(), page(), page()]).services[0]?.sums, sums)
})
