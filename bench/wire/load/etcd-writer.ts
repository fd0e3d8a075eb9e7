/*
 * A program: URL PREFIX. Puts services of five real servers below PREFIX into etcd. Lines on standard input, each answered by one:
 *
 *   fill N RULES              N services, 100 a transaction, and RULES, percent-encoded, as the key `rules`; answers the services
 *   change N                  another weight for service N; answers when that began, in ms since 1970
 *   go PLACE RATE SECONDS     so many changes a second, of services in turn, below PLACE; answers how many
 */
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { EtcdClient } from '../../../src/etcd/etcd-client.js'
import { readEndpoints } from '../../../src/etcd/endpoints.js'
import { idleService } from '../idle-fleet.js'

const SERVERS = 5
const AT_ONCE = 100

const [url = '', prefix = ''] = process.argv.slice(2)
const etcd = new EtcdClient({ endpoints: readEndpoints(url) })
let services = 0
let turn = 0

function value(i: number, weight: number): string {
  const { address, port } = idleService(i)
  const rip = (n: number): string => `10.250.${i % 250}.${n + 1}`
  const destinations = Array.from({ length: SERVERS }, (_, n) => ({ address: rip(n), port, weight }))
  return JSON.stringify({ version: 1, service: { protocol: 'tcp', address, port, scheduler: 'mh', destinations } })
}
const put = (place: string, i: number, weight: number) => ({
  put: { key: `${place}/services/s${i}`, value: value(i, weight) },
})

async function fill(count: number, rules: string): Promise<number> {
  for (; services < count; services += AT_ONCE) {
    const success = Array.from({ length: AT_ONCE }, (_, j) => put(prefix, services + j, 1))
    await etcd.txn({ compare: [], success })
  }
  await etcd.put(`${prefix}/rules`, decodeURIComponent(rules))
  return services
}

async function change(place: string, i: number): Promise<number> {
  const atMs = performance.timeOrigin + performance.now()
  const { key, value: text } = put(place, i, 2 + (++turn % 7)).put
  await etcd.put(key, text)
  return atMs
}

async function go(place: string, rate: number, seconds: number): Promise<number> {
  const began = performance.now()
  const count = Math.round(rate * seconds)
  for (let n = 0; n < count; n++) {
    await sleep(Math.max(0, began + (n * 1000) / rate - performance.now()))
    await change(place, (turn * 7919) % services)
  }
  return count
}

for await (const line of createInterface(process.stdin)) {
  const [word, first = '', second = '', third = ''] = line.split(' ')
  let answer
  if (word === 'fill') answer = await fill(Number(first), second)
  else if (word === 'change') answer = await change(prefix, Number(first))
  else answer = await go(first, Number(second), Number(third))
  process.stdout.write(`${answer}\n`)
}
etcd.close()
