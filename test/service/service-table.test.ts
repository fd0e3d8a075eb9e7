import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import { ServiceTable } from '../../src/service/service-table.js'
import { Service } from '../../src/service/service.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { addrOctets, readU32 } from '../support/octets.js'

const PROTOCOLS: Record<string, number> = { TCP: 6, UDP: 17, SCTP: 132 }

/** 'TCP 10.0.0.100:80', as listings print it. */
function serviceOf(text: string): Service {
  const [protocol = '', addr = '', port] = text.split(/[ :]/)
  return new Service(PROTOCOLS[protocol]!, (readU32(addrOctets(addr), 0) | 0) as Ipv4Addr, Number(port), 0)
}

function tableOf(texts: string[]) {
  const services = new Map(texts.map(text => [text, serviceOf(text)]))
  const table = new ServiceTable<Service>()
  for (const service of services.values()) table.add(service)
  const name = (service: Service) => [...services].find(([, other]) => other === service)?.[0]
  return { table, services, names: () => table.inKernelOrder().map(name) }
}

t.test('a service is found by protocol, address and port together', async t => {
  const texts = [
    'TCP 10.0.0.100:80',
    'UDP 10.0.0.100:80',
    'TCP 10.0.0.101:80',
    'TCP 10.0.0.100:81',
    'TCP 203.0.113.1:0',
  ]
  const { table, services } = tableOf(texts)
  t.equal(table.count, 5)
  for (const [text, service] of services) {
    t.equal(table.find(service.protocol, service.addr, service.port), service, text)
  }
  for (const text of ['SCTP 10.0.0.100:80', 'UDP 10.0.0.101:80', 'UDP 10.0.0.100:81', 'TCP 203.0.113.1:80']) {
    const { protocol, addr, port } = serviceOf(text)
    t.equal(table.find(protocol, addr, port), undefined, text)
  }
})

t.test('who is alone in a bucket is not taken for another that would be in it', async t => {
  const random = seededRandom(5)
  const wrong: string[] = []
  // With 256 buckets, in a dozen of the cases the other key is in the bucket of the one that is there.
  for (let i = 0; i < 3000; i++) {
    const service = new Service(random() & 255, (random() | 0) as Ipv4Addr, random() & 0xffff, 0)
    const { protocol, addr, port } = service
    const table = new ServiceTable<Service>()
    table.add(service)
    if (table.find(protocol, addr, port) !== service) wrong.push(`${addr}:${port}`)
    if (table.find(protocol ^ (1 + (random() % 255)), addr, port)) wrong.push(`${addr}:${port} by another protocol`)
    if (table.find(protocol, addr ^ (1 << (i % 32)), port)) wrong.push(`${addr}:${port} by another address`)
    if (table.find(protocol, addr, port ^ (1 << (i % 16)))) wrong.push(`${addr}:${port} by another port`)
  }
  t.strictSame(wrong, [])
})

t.test('thousands are found, each by its own key, and none that was removed', async t => {
  const random = seededRandom(7)
  const keys = new Map<string, Service>()
  while (keys.size < 3000) {
    const shape = keys.size % 3
    const addr = (shape === 0 ? 0x0a000000 + keys.size : shape === 1 ? 0x0a000064 : random() | 0) as Ipv4Addr
    const service = new Service(keys.size % 2 ? 6 : 17, addr, shape === 0 ? 80 : random() & 0xffff, keys.size)
    const key = `${service.protocol} ${service.addr} ${service.port}`
    if (!keys.has(key)) keys.set(key, service)
  }
  const table = new ServiceTable<Service>()
  for (const service of keys.values()) table.add(service)
  const missed = () =>
    [...keys.values()].filter(service => table.find(service.protocol, service.addr, service.port) !== service)
  t.equal(table.count, 3000)
  t.strictSame(missed(), [], 'all are found')
  t.strictSame([...table], [...keys.values()], 'and walked in the order of their coming')
  const gone: Service[] = []
  for (const [index, [key, service]] of [...keys].entries()) {
    if (index % 3 !== 1) continue
    table.remove(service)
    keys.delete(key)
    gone.push(service)
  }
  t.equal(table.count, 2000)
  t.strictSame(missed(), [], 'the others still are')
  t.strictSame(
    gone.filter(({ protocol, addr, port }) => table.find(protocol, addr, port) !== undefined),
    [],
    'the removed are not',
  )
  t.strictSame([...table], [...keys.values()], 'nor walked')
  for (const service of gone) table.add(service)
  t.equal(table.find(gone[0]!.protocol, gone[0]!.addr, gone[0]!.port), gone[0], 'added again, found again')
  t.equal(table.count, 3000)
})

t.test('services are added and removed at any size, around every widening', async t => {
  const table = new ServiceTable<Service>()
  const all = Array.from({ length: 1030 }, (_, i) => new Service(6, (0x0a000000 + i) as Ipv4Addr, 80, i))
  for (const [i, each] of all.entries()) {
    table.add(each)
    if (![254, 255, 256, 257, 511, 512, 513, 1024, 1029].includes(i)) continue
    const found = all.slice(0, i + 1).filter(({ addr }) => table.find(6, addr, 80)?.addr === addr)
    t.equal(found.length, i + 1, `${i + 1} services`)
    t.equal(table.find(6, all[i]!.addr + 1, 80), undefined, `${i + 1} services: not the next`)
  }
  for (const each of all) table.remove(each)
  t.equal(table.count, 0)
  t.equal(all.filter(({ addr }) => table.find(6, addr, 80)).length, 0, 'all gone')
})

t.test('an address is known as long as some service has it', async t => {
  const { table, services } = tableOf(['TCP 10.0.0.100:80', 'UDP 10.0.0.100:53', 'TCP 203.0.113.1:80'])
  const has = (text: string) => table.hasAddress(readU32(addrOctets(text), 0) | 0)
  t.strictSame([has('10.0.0.100'), has('203.0.113.1'), has('10.0.0.101')], [true, true, false])
  table.remove(services.get('TCP 10.0.0.100:80')!)
  t.equal(has('10.0.0.100'), true, 'the other service has it')
  table.remove(services.get('UDP 10.0.0.100:53')!)
  t.equal(has('10.0.0.100'), false)
})

t.test('the kernel’s order is that of the recorded listing, whatever the order of coming', async t => {
  // kernel/ipvsadm-transcripts/03-listings.txt, `ipvsadm -Ln --nosort`, IPv6 and fwmark services left out.
  const recorded = [
    'UDP 10.0.0.100:53',
    'TCP 10.0.0.101:0',
    'TCP 10.0.0.100:80',
    'TCP 10.0.0.100:443',
    'SCTP 10.0.0.100:9',
    'UDP 10.0.0.100:5060',
  ]
  const random = seededRandom(1)
  for (let round = 0; round < 20; round++) {
    const shuffled =
      round === 0
        ? recorded
        : recorded
            .map(text => ({ text, key: random() }))
            .toSorted((a, b) => a.key - b.key)
            .map(({ text }) => text)
    t.strictSame(tableOf(shuffled).names(), recorded, shuffled.join(', '))
  }
})

t.test('in one bucket of the kernel’s the newest comes first', async t => {
  // Buckets mix protocol, address and port with exclusive or: these three meet in one.
  const texts = ['TCP 10.0.0.100:80', 'TCP 10.0.0.101:81', 'TCP 10.0.0.102:82']
  t.strictSame(tableOf(texts).names(), texts.toReversed())
  t.strictSame(tableOf(texts.toReversed()).names(), texts)
})

/** ipvs-behaviour.md §13. */
function bucket({ protocol, addr, port }: Service): number {
  return ((protocol ^ addr ^ port ^ (port >> 8)) & 255) ^ 64
}

t.test('the high octet of the port and the sign of the address play their part in the order', async t => {
  const random = seededRandom(3)
  const table = new ServiceTable<Service>()
  for (let i = 0; i < 200; i++) table.add(new Service(i % 2 ? 6 : 17, (random() | 0) as Ipv4Addr, random() & 0xffff, i))
  const order = table.inKernelOrder()
  t.equal(order.length, 200)
  for (const [index, service] of order.entries()) {
    const before = order[index - 1]
    if (!before) continue
    const rising = bucket(before) < bucket(service)
    const newerFirst = bucket(before) === bucket(service) && before.counters > service.counters
    t.ok(rising || newerFirst, `service ${service.counters} behind ${before.counters}`)
  }
  t.strictSame(
    [...table].map(service => service.counters),
    Array.from({ length: 200 }, (_, i) => i),
    'asked, not sorted',
  )
})
