import t from 'tap'
import { ReadyVips, type Readiness, type WithdrawPolicy } from '../../src/announce/ready-vips.js'
import type { RuleChange, ServiceKey } from '../../src/control/protocol/api.js'
import { formatIpv4 } from '../../src/wire/addr.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const key = (text: string): ServiceKey => {
  const [protocol, address = '', port] = text.split(' ')
  return { protocol: protocol as 'tcp', address, port: Number(port) }
}
const service = (text: string): RuleChange => ({
  op: 'add-service',
  service: key(text),
  settings: serviceSettings('wlc'),
})
const server = (text: string, address: string, weight: number, op: 'add' | 'edit' = 'add'): RuleChange => ({
  op: `${op}-destination`,
  service: key(text),
  destination: { address, port: 80 },
  settings: destinationSettings(weight),
})

function followed(policy: WithdrawPolicy): { vips: ReadyVips; said: string[] } {
  const said: string[] = []
  const vips = new ReadyVips(policy, (vip, now: Readiness) => said.push(`${formatIpv4(vip)} ${now}`))
  return { vips, said }
}
const [HTTP, HTTPS] = ['tcp 192.0.2.1 80', 'tcp 192.0.2.1 443']

t.test('never: a VIP is ready as long as it has a service', async t => {
  const { vips, said } = followed('never')
  vips.apply(service(HTTP))
  vips.apply(service(HTTPS))
  vips.apply(server(HTTP, '10.0.0.1', 0))
  t.strictSame(said, ['192.0.2.1 ready'])
  vips.apply({ op: 'delete-service', service: key(HTTP) })
  t.strictSame(said.length, 1, 'the other service is there')
  vips.apply({ op: 'delete-service', service: key(HTTPS) })
  t.strictSame(said.slice(1), ['192.0.2.1 gone'])
})

t.test('all: it is idle when no service of it has a usable server', async t => {
  const { vips, said } = followed('all')
  for (const each of [HTTP, HTTPS]) vips.apply(service(each))
  vips.apply(server(HTTP, '10.0.0.1', 1))
  vips.apply(server(HTTP, '10.0.0.2', 1))
  t.strictSame(said.splice(0), ['192.0.2.1 idle', '192.0.2.1 ready'])
  vips.apply(server(HTTP, '10.0.0.1', 0, 'edit'))
  t.strictSame(said, [], 'one is left')
  vips.apply({ op: 'delete-destination', service: key(HTTP), destination: { address: '10.0.0.2', port: 80 } })
  t.strictSame(said.splice(0), ['192.0.2.1 idle'])
  vips.apply(server(HTTPS, '10.0.0.1', 5))
  t.strictSame(said.splice(0), ['192.0.2.1 ready'])
  vips.clear()
  t.strictSame(said.at(-1), '192.0.2.1 gone')
})

t.test('any: one service without a usable server is enough', async t => {
  const { vips, said } = followed('any')
  vips.apply(service(HTTP))
  vips.apply(server(HTTP, '10.0.0.1', 1))
  vips.apply(service(HTTPS))
  t.strictSame(said.splice(0), ['192.0.2.1 idle', '192.0.2.1 ready', '192.0.2.1 idle'])
  vips.apply({ op: 'delete-service', service: key(HTTPS) })
  t.strictSame(said, ['192.0.2.1 ready'])
})

t.test('a weight that is set again counts once', async t => {
  const { vips, said } = followed('all')
  vips.apply(service(HTTP))
  vips.apply(server(HTTP, '10.0.0.1', 1))
  for (const weight of [2, 3]) vips.apply(server(HTTP, '10.0.0.1', weight, 'edit'))
  said.length = 0
  vips.apply(server(HTTP, '10.0.0.1', 0, 'edit'))
  t.strictSame(said, ['192.0.2.1 idle'])
})

t.test('what has no VIP that a host can have is passed over', async t => {
  const { vips, said } = followed('never')
  const settings = serviceSettings('wlc')
  vips.apply({ op: 'add-service', service: { mark: 7 }, settings })
  for (const text of ['tcp 127.0.0.1 80', 'tcp 0.0.0.0 80', 'tcp 2001:db8::1 80', 'udp 224.0.0.1 53']) vips.apply(service(text)) // prettier-ignore
  vips.apply(server('tcp 192.0.2.9 80', '10.0.0.1', 1))
  vips.clear()
  t.strictSame(said, [])
})
