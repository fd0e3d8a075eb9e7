import t from 'tap'
import type { RuleChange, ServiceInfo } from '../../../src/control/protocol/api.js'
import { fit } from '../../../src/control/rules/fit.js'
import { BenchDirector } from '../../support/bench-director.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'

const service = { protocol: 'tcp', address: '10.99.1.100', port: 80 } as const
const other = { ...service, port: 81 }
type Key = typeof service | typeof other
const server = (last: number) => ({ address: `10.99.2.${last}`, port: 80 })
const add = (key: Key, scheduler = 'rr'): RuleChange => ({
  op: 'add-service',
  service: key,
  settings: serviceSettings(scheduler),
})
const give = (key: Key, last: number, weight = 1): RuleChange => ({
  op: 'add-destination',
  service: key,
  destination: server(last),
  settings: destinationSettings(weight),
})
const edit = (key: Key, last: number, weight: number): RuleChange =>
  ({ ...give(key, last, weight), op: 'edit-destination' }) as RuleChange
const take = (key: Key, last: number): RuleChange => ({
  op: 'delete-destination',
  service: key,
  destination: server(last),
})
const drop = (key: Key): RuleChange => ({ op: 'delete-service', service: key })

/** Of rules of `service` with servers 11 and 12. */
function fitted(...requests: RuleChange[]) {
  const bench = new BenchDirector()
  bench.serve('tcp', '10.99.1.100:80', '10.99.2.11:80', '10.99.2.12:80')
  const { changes, left } = fit(bench.services() as ServiceInfo[], requests)
  const shown = changes.map(({ request, was }) => {
    const weight = 'settings' in request && 'weight' in request.settings ? ` ${request.settings.weight}` : ''
    const before = was && 'weight' in was ? ` was ${was.weight}` : was ? ` was ${was.scheduler}` : ''
    const of = 'destination' in request ? ` ${request.destination.address.split('.')[3]}` : ''
    return `${request.op}${of}${weight}${before}`
  })
  return { shown, left }
}

t.test('what fits is left as it is', async t => {
  const { shown, left } = fitted(add(other), give(other, 13, 2), edit(service, 11, 5), take(service, 12))
  t.strictSame(shown, ['add-service', 'add-destination 13 2', 'edit-destination 11 5 was 1', 'delete-destination 12'])
  t.strictSame(left, [])
})

t.test('what is there already is edited, what is so already is left out', async t => {
  t.strictSame(fitted(add(service, 'wlc'), give(service, 11, 3)).shown, [
    'edit-service was rr',
    'edit-destination 11 3 was 1',
  ])
  t.strictSame(fitted(add(service), give(service, 11), edit(service, 12, 1)).shown, [])
})

t.test('what is not there need not be deleted, and cannot be edited', async t => {
  t.strictSame(fitted(take(service, 13), drop(other), take(other, 11)).shown, [])
  const { shown, left } = fitted(edit(service, 13, 2), give(other, 11), { ...add(other), op: 'edit-service' } as never)
  t.strictSame(shown, [])
  t.strictSame(left, [
    '10.99.2.13:80 of tcp 10.99.1.100:80 is not there: it is left alone',
    '10.99.2.11:80 of tcp 10.99.1.100:81 is not there: it is left alone',
    'tcp 10.99.1.100:81 is not there: it is left alone',
  ])
})

t.test('edits go into the change that they are of', async t => {
  t.strictSame(fitted(give(service, 13), edit(service, 13, 4)).shown, ['add-destination 13 4'])
  t.strictSame(fitted(edit(service, 11, 4), edit(service, 11, 6)).shown, ['edit-destination 11 6 was 1'])
  t.strictSame(fitted(edit(service, 11, 4), edit(service, 11, 1)).shown, [], 'and back')
  t.strictSame(fitted(take(service, 11), give(service, 11, 2)).shown, ['delete-destination 11', 'add-destination 11 2'])
  t.strictSame(fitted(drop(service), add(service), give(service, 11)).shown, [
    'delete-service',
    'add-service',
    'add-destination 11 1',
  ])
})

t.test('fields that a listing has and a request has not', async t => {
  const bench = new BenchDirector()
  bench.control.call({ op: 'add-service', service, settings: serviceSettings('rr', { netmask: '255.255.255.0' }) })
  const tunnel = destinationSettings(1, { method: 'tunnel' })
  bench.control.call({ op: 'add-destination', service, destination: server(11), settings: tunnel })
  const again: RuleChange = { op: 'edit-destination', service, destination: server(11), settings: tunnel }
  const gue = { ...tunnel, tunnel: { type: 'gue', port: 6080, checksum: 'none' } } as const
  t.strictSame(fit(bench.services() as ServiceInfo[], [add(service), again]).changes, [])
  t.equal(fit(bench.services() as ServiceInfo[], [{ ...again, settings: gue }]).changes.length, 1)
})
