import t from 'tap'
import type { Request, RuleChange } from '../../../src/control/protocol/api.js'
import { localControl } from '../../../src/control/operations/execute.js'
import { trialDirectorMaker } from '../../../src/control/rules/trial-director.js'
import { allServices } from '../../../src/control/protocol/all-services.js'
import type { Change } from '../../../src/keepalived/health/action.js'
import { type RefusedRule, RuleWriter, triedRules } from '../../../src/keepalived/rules/rule-writer.js'
import { serviceKeys, serviceSettings } from '../../../src/keepalived/rules/service-rules.js'
import { real, sorry, virtual } from '../health/options.js'

const makeTrial = await trialDirectorMaker({
  devices: [{ kind: 'raw', name: 'a' }],
  director: { addresses: ['192.0.2.1/24@a'], seed: 1 },
  workers: 1,
} as never)

const group = { kind: 'group', group: 'G' } as const
const addresses = (first: string, last = first, port = 80) =>
  ({ kind: 'addresses', range: { first, last, family: 4 }, port }) as const

t.test('a group is a service for each address and mark', async t => {
  const entries = [
    addresses('10.1.1.1'),
    addresses('10.1.1.20', '10.1.1.22', 8080),
    { kind: 'fwmark', mark: 7 } as const,
  ]
  t.strictSame(serviceKeys(virtual([real(1)], { target: group, entries })), [
    { protocol: 'tcp', address: '10.1.1.1', port: 80 },
    ...[20, 21, 22].map(n => ({ protocol: 'tcp', address: `10.1.1.${n}`, port: 8080 })),
    { mark: 7 },
  ])
  t.throws(() => serviceKeys(virtual([], { target: group, entries: [addresses('10.0.0.0', '10.9.0.0')] })), /more than/)
})

t.test('settings', async t => {
  const options = { persistenceSeconds: 60, persistenceGranularity: '255.255.255.0', ops: true } as const
  const service = virtual([], { ...options, flags: new Set(['flag-1', 'flag-3'] as const) })
  t.strictSame(serviceSettings(service, serviceKeys(service)[0]!), {
    scheduler: 'wrr',
    persistence: 60,
    netmask: '255.255.255.0',
    onePacket: true,
    schedFlags: 5,
  })
})

t.test('changes become rules, beside others; refusals are told, the rest goes on', async t => {
  const director = localControl(makeTrial())
  const refused: string[] = []
  const writer = new RuleWriter(director, message => void refused.push(message))
  const own = { protocol: 'tcp', address: '10.9.9.9', port: 1 } as const
  const settings = { scheduler: 'rr', persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }
  await director.call({ op: 'add-service', service: own, settings })
  const shown = async (): Promise<string[]> => {
    const services = await allServices(director)
    return (services.ok ? services.value : []).map(
      service =>
        `${'mark' in service ? service.mark : service.address} ${service.destinations.map(d => `${d.address}=${d.weight}`).join(' ')}`,
    )
  }
  const before = virtual([real(1), real(2)], { target: group, entries: [addresses('10.1.1.1'), addresses('10.1.1.2')] })
  const after = { ...before, entries: [addresses('10.1.1.2'), addresses('10.1.1.3')] }
  const changes: Change[] = [
    { kind: 'add-service', service: before },
    { kind: 'add-server', service: before, server: real(1), weight: 1 },
    { kind: 'add-server', service: before, server: real(2), weight: 1 },
    { kind: 'add-server', service: before, server: real(2), weight: 1 },
    { kind: 'edit-server', service: before, server: real(2), weight: 9 },
    { kind: 'add-server', service: before, server: sorry(9), weight: 1 },
    { kind: 'remove-server', service: before, server: real(1) },
  ]
  for (const change of changes) writer.change(change)
  await writer.written()
  const members = '10.1.2.9=1 10.1.2.2=9'
  t.strictSame((await shown()).sort(), [`10.1.1.1 ${members}`, `10.1.1.2 ${members}`, '10.9.9.9 '])
  t.equal(refused.length, 2, 'the server that was there, in both')
  t.match(refused[0], '[10.1.2.2]:80 of VS V: it is there already', 'which one, of which virtual server')
  writer.change({ kind: 'edit-service', service: after, was: before })
  await writer.written()
  t.strictSame((await shown()).sort(), [`10.1.1.2 ${members}`, `10.1.1.3 ${members}`, '10.9.9.9 '])
  writer.change({ kind: 'remove-service', service: after })
  await writer.written()
  t.strictSame(await shown(), ['10.9.9.9 '])
})

t.test('what comes at once goes in one batch', async t => {
  const asked: Request[] = []
  const control = { call: async (request: Request) => (asked.push(request), { ok: true, value: [] }) } as never
  const writer = new RuleWriter(control, () => {})
  const service = virtual([real(1)])
  writer.change({ kind: 'add-service', service })
  writer.change({ kind: 'add-server', service, server: real(1), weight: 1 })
  await writer.written()
  t.equal(asked.length, 1)
  t.strictSame(
    (asked[0] as { requests: RuleChange[] }).requests.map(({ op }) => op),
    ['add-service', 'add-destination'],
  )
})

const tried = (...services: Parameters<typeof virtual>[1][]): Promise<RefusedRule | undefined> => {
  const all = services.map(more => virtual([real(1)], more))
  return triedRules(all, localControl(makeTrial()))
}

t.test('tried before', async t => {
  t.equal(await tried({}, {}), undefined, 'twice the same is no refusal')
  const why = /^lb_algo twos: uvs has no such scheduler; it has rr, wrr, lc, .*, nq$/
  t.match(await tried({ scheduler: 'twos' }), { service: 'V', why })
})
