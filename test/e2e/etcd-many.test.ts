import t from 'tap'
import { EtcdClient } from '../../src/etcd/etcd-client.js'
import { NO_ETCD, startEtcd } from '../support/etcd.js'
import { tempDir } from '../support/temp.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'
import { EtcdDirector, until } from './etcd-director.js'

/* Many services in etcd. Times are told, not held: machines that run tests are busy. docs/fleet.md has those of a quiet one. */

const skip = NO_ETCD || ownNetwork()
const SERVICES = 10_000
const SERVERS = 5

t.setTimeout(420_000)

function service(i: number, weight: number): string {
  const destinations = Array.from({ length: SERVERS }, (_, j) => ({
    address: `10.250.${i % 250}.${j + 1}`,
    port: 80,
    weight,
  }))
  const address = `10.${10 + (i >> 8)}.${i & 255}.1`
  return JSON.stringify({ version: 1, service: { protocol: 'tcp', address, port: 80, scheduler: 'mh', destinations } })
}

const put = (i: number, weight: number) => ({ put: { key: `/uvs/services/s${i}`, value: service(i, weight) } })

t.test('10 000 services of five real servers', { skip }, async t => {
  ip('link set lo up')
  veth('dc', 'c0')
  const { endpoints } = await startEtcd(t)
  const etcd = new EtcdClient({ endpoints })
  t.teardown(() => etcd.close())
  for (let i = 0; i < SERVICES; i += 100)
    await etcd.txn({ compare: [], success: Array.from({ length: 100 }, (_, j) => put(i + j, 1)) })
  const args = ['--raw', 'dc', '--address', '10.99.1.1/24@dc', '--max-connections', '1024', '--etcd-name', 'lb1']
  args.push('--etcd', `127.0.0.1:${endpoints[0]!.port}`, '--etcd-state', `${tempDir(t)}/state`)
  const began = performance.now()
  const director = new EtcdDirector(t, `${tempDir(t)}/uvs.sock`, args)
  await director.ready(t)
  t.comment(`ready, with all of them, after ${Math.round(performance.now() - began)} ms`)
  await director.says(t, new RegExp(`${SERVICES} services added, ${SERVICES * SERVERS} real servers added`))

  const times: number[] = []
  for (const i of [0, 4999, 9999]) {
    const at = performance.now()
    await etcd.txn({ compare: [], success: [put(i, 7)] })
    const key = { protocol: 'tcp', address: `10.${10 + (i >> 8)}.${i & 255}.1`, port: 80 } as const
    await until(t, `service ${i}`, async () => {
      const reply = await director.control.call<'services'>({ op: 'services', service: key })
      return reply.ok && reply.value.rows[0]!.destinations.every(({ weight }) => weight === 7)
    })
    times.push(Math.round(performance.now() - at))
  }
  t.comment(`a change is there after ${times.join(', ')} ms`)
  await director.says(t, /(: 5 real servers changed; 0 connections touched\n[^]*){3}/)
  t.equal((await director.services()).length, SERVICES)
  await director.end('SIGTERM')
})
