import t from 'tap'
import { mergeServiceSums } from '../../../src/control/operations/merge.js'
import { summingUp } from '../../../src/control/operations/service-sums.js'
import { namedOf } from '../../../src/control/dashboard/live/named.js'
import {
  KEY_COLUMNS,
  SUM_COLUMNS,
  SumColumn,
  type DestinationKey,
  type Request,
  type ServiceSettingsInfo,
  type ServiceInfo,
  type ServiceKey,
  type ServiceSums,
} from '../../../src/control/protocol/api.js'
import { ServiceColumns } from '../../../src/control/protocol/service-columns.js'
import { BenchDirector, fromClient, VIP } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { randomFrom } from '../../support/random.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'

function sumsOf(bench: BenchDirector): ServiceSums {
  const sums = bench.ask<'service-sums'>({ op: 'service-sums' })
  if (typeof sums === 'string') throw new Error(sums)
  return sums
}
const rowOf = ({ sums }: ServiceSums, row: number): number[] =>
  Array.from(sums).slice(row * SUM_COLUMNS, (row + 1) * SUM_COLUMNS)

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
  const key =
    'mark' in service ? `${service.mark} ${service.family}` : `${service.protocol} ${service.address} ${service.port}`
  return `${key} ${service.scheduler}`
}

function counted(): ServiceColumns {
  const columns = ServiceColumns.of(2, ['rr'])
  columns.sums.forEach((_, column) => (columns.sums[column] = column + 1))
  return columns
}

t.test('what each service comes to is what its listing comes to', async t => {
  const bench = new BenchDirector()
  for (let port = 1; port <= 300; port++) bench.serve('tcp', `${VIP}:${port}`, '10.99.2.11:80 2', '10.99.2.12:80 0')
  const service = { protocol: 'tcp', address: '2001:db8::1', port: 80 } as const
  bench.ask({ op: 'add-service', service, settings: serviceSettings('rr', { netmask: '128' }) })
  const destination = { address: '2001:db8::2', port: 80 }
  bench.ask({ op: 'add-destination', service, destination, settings: destinationSettings(7) })
  for (const mark of [{ mark: 2 ** 32 - 1 }, { mark: 7, family: 6 as const }])
    bench.must({
      op: 'add-service',
      service: mark,
      settings: serviceSettings('wlc', 'family' in mark ? { netmask: '128' } : {}),
    })
  for (let client = 2000; client < 2010; client++) {
    bench.turn('c', tcp4(`10.99.1.10:${client} > ${VIP}:7`, { ...fromClient, flags: 'S' }))
    bench.turn('c', tcp4(`10.99.1.10:${client} > ${VIP}:7`, { ...fromClient, flags: 'A', ack: 1 }))
  }
  bench.run(4000)
  const listed = bench.services() as ServiceInfo[]
  const sums = sumsOf(bench)
  t.equal(listed.length, 303)
  t.strictSame(
    listed.map((_, row) => rowOf(sums, row)),
    listed.map(summedUp),
  )
  const named = listed.map((_, row) => namedOf(sums, row))
  t.strictSame(named.map(nameOf), listed.map(nameOf))
  const busy = named.findIndex(each => 'port' in each && each.port === 7)
  t.equal(rowOf(sums, busy)[SumColumn.CONNS], 10, 'connections were counted')
  t.strictSame(JSON.parse(JSON.stringify(sums)), {
    schedulers: sums.schedulers,
    keys: Array.from(sums.keys),
    sums: Array.from(sums.sums),
  })
})

const isSix = (key: ServiceKey): boolean => 'address' in key && key.address.includes(':')

t.test('they follow each change of the rules, and each connection', async t => {
  const bench = new BenchDirector()
  const random = randomFrom(20261130)
  const any = (below: number): number => Math.floor(random() * below)
  const service = (): ServiceKey =>
    any(4) === 0
      ? { mark: 1 + any(2) }
      : { protocol: 'tcp', address: any(4) === 0 ? '2001:db8::1' : VIP, port: 1 + any(3) }
  const destination = (): DestinationKey => ({
    address: any(4) === 0 ? '2001:db8::2' : `10.99.2.${11 + any(3)}`,
    port: 80,
  })
  const settings = (key: ServiceKey): ServiceSettingsInfo =>
    serviceSettings(['rr', 'wlc'][any(2)]!, isSix(key) ? { netmask: '128' } : {})
  let changes = 0
  for (let round = 0; round < 400; round++) {
    const [key, to] = [service(), destination()]
    const server = { service: key, destination: to }
    const weighed = {
      ...destinationSettings(any(3)),
      method: to.address.includes(':') !== isSix(key) ? 'tunnel' : 'masq',
    } as const
    const request: Request = [
      { op: 'add-service', service: key, settings: settings(key) } as const,
      { op: 'edit-service', service: key, settings: settings(key) } as const,
      { op: 'add-destination', ...server, settings: weighed } as const,
      { op: 'add-destination', ...server, settings: weighed } as const,
      { op: 'edit-destination', ...server, settings: weighed } as const,
      { op: 'delete-destination', ...server } as const,
      any(4) === 0 ? ({ op: 'delete-service', service: key } as const) : ({ op: 'zero' } as const),
      any(12) === 0 ? ({ op: 'reset' } as const) : ({ op: 'zero' } as const),
    ][any(8)]!
    if (typeof bench.ask(request) !== 'string') changes++
    for (let i = 0; i < 3; i++)
      bench.turn('c', tcp4(`10.99.1.10:${2000 + any(20)} > ${VIP}:${1 + any(3)}`, { ...fromClient, flags: 'SAR'[any(3)]!, ack: 1 })) // prettier-ignore
    bench.run(any(3) * 1000)
    const listed = bench.services() as ServiceInfo[]
    const sums = sumsOf(bench)
    const shown = listed.map((_, row) => ({ name: nameOf(namedOf(sums, row)), sums: rowOf(sums, row) }))
    const expected = listed.map(each => ({ name: nameOf(each), sums: summedUp(each) }))
    if (JSON.stringify([shown, sums.keys.length]) !== JSON.stringify([expected, listed.length * KEY_COLUMNS]))
      return void t.strictSame(shown, expected, `round ${round}, ${request.op}`)
  }
  t.ok(changes > 100, `${changes} changes`)
})

t.test('workers count apart, but have the same real servers and connections', async t => {
  const { sums } = mergeServiceSums([counted(), counted(), counted()])
  const first = [1, 2, 3, 4, 5, 6, 21, 24, 27, 30, 33, 36, 39, 42, 45, 48]
  const second = [17, 18, 19, 20, 21, 22, ...Array.from({ length: 10 }, (_, at) => 3 * (23 + at))]
  t.strictSame(Array.from(sums), [...first, ...second])
})

t.test('many are summed up in steps', async t => {
  const bench = new BenchDirector()
  for (let port = 1; port <= 1000; port++) bench.serve('tcp', `${VIP}:${port}`, '10.99.2.11:80', '10.99.2.12:80')
  const taken = (): number => {
    const steps = summingUp(bench.director)
    for (let so = 1; ; so++) if (steps.next().done) return so
  }
  t.ok(taken() > 12, 'the rules are looked at, too')
  t.equal(taken(), 5)
})
