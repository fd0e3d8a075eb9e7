import t from 'tap'
import { KernelOrder } from '../../src/service/kernel-order.js'
import { seededRandom } from '../../src/director/random.js'
import { ServiceTable } from '../../src/service/service-table.js'
import { Service } from '../../src/service/service.js'
import { Sysctls } from '../../src/service/sysctls.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { addrOctets, readU32 } from '../support/octets.js'

const PROTOCOLS: Record<string, number> = { TCP: 6, UDP: 17, SCTP: 132 }

function serviceAt(protocol: number, addr: number, port: number, counters = 0, mark = 0): Service {
  const settings = { persistence: 0, netmask: -1 as Ipv4Addr, onePacket: false, schedFlags: 0 }
  return new Service({ protocol, addr: addr as Ipv4Addr, port, mark }, settings, counters, new Sysctls())
}
function find(table: ServiceTable<Service>, protocol: number, addr: number, port: number): Service | undefined {
  return table.find({ protocol, addr: addr as Ipv4Addr, port, mark: 0 })
}

/** 'TCP 10.0.0.100:80', as listings print it. */
function serviceOf(text: string): Service {
  const [protocol = '', addr = '', port] = text.split(/[ :]/)
  return serviceAt(PROTOCOLS[protocol]!, readU32(addrOctets(addr), 0) | 0, Number(port))
}

/** Of a table's services, made for each look. */
function inOrder(table: ServiceTable<Service>): Service[] {
  const order = new KernelOrder<Service>()
  for (const service of table) order.add(service)
  return order.listed()
}

function tableOf(texts: string[]) {
  const services = new Map(texts.map(text => [text, serviceOf(text)]))
  const table = new ServiceTable<Service>()
  for (const service of services.values()) table.add(service)
  const name = (service: Service) => [...services].find(([, other]) => other === service)?.[0]
  return { table, services, names: () => inOrder(table).map(name) }
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
    t.equal(find(table, service.protocol, service.addr, service.port), service, text)
  }
  for (const text of ['SCTP 10.0.0.100:80', 'UDP 10.0.0.101:80', 'UDP 10.0.0.100:81', 'TCP 203.0.113.1:80']) {
    const { protocol, addr, port } = serviceOf(text)
    t.equal(find(table, protocol, addr, port), undefined, text)
  }
})

t.test('who is alone in a bucket is not taken for another that would be in it', async t => {
  const random = seededRandom(5)
  const wrong: string[] = []
  // With 256 buckets, in a dozen of the cases the other key is in the bucket of the one that is there.
  for (let i = 0; i < 3000; i++) {
    const service = serviceAt(random() & 255, random() | 0, random() & 0xffff)
    const { protocol, addr, port } = service
    const table = new ServiceTable<Service>()
    table.add(service)
    if (find(table, protocol, addr, port) !== service) wrong.push(`${addr}:${port}`)
    if (find(table, protocol ^ (1 + (random() % 255)), addr, port)) wrong.push(`${addr}:${port} by another protocol`)
    if (find(table, protocol, addr ^ (1 << (i % 32)), port)) wrong.push(`${addr}:${port} by another address`)
    if (find(table, protocol, addr, port ^ (1 << (i % 16)))) wrong.push(`${addr}:${port} by another port`)
  }
  t.strictSame(wrong, [])
})

t.test('thousands are found, each by its own key, and none that was removed', async t => {
  const random = seededRandom(7)
  const keys = new Map<string, Service>()
  while (keys.size < 3000) {
    const shape = keys.size % 3
    const addr = shape === 0 ? 0x0a000000 + keys.size : shape === 1 ? 0x0a000064 : random() | 0
    const service = serviceAt(keys.size % 2 ? 6 : 17, addr, shape === 0 ? 80 : random() & 0xffff, keys.size)
    const key = `${service.protocol} ${service.addr} ${service.port}`
    if (!keys.has(key)) keys.set(key, service)
  }
  const table = new ServiceTable<Service>()
  for (const service of keys.values()) table.add(service)
  const missed = () =>
    [...keys.values()].filter(service => find(table, service.protocol, service.addr, service.port) !== service)
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
    gone.filter(({ protocol, addr, port }) => find(table, protocol, addr, port) !== undefined),
    [],
    'the removed are not',
  )
  t.strictSame([...table], [...keys.values()], 'nor walked')
  for (const service of gone) table.add(service)
  t.equal(find(table, gone[0]!.protocol, gone[0]!.addr, gone[0]!.port), gone[0], 'added again, found again')
  t.equal(table.count, 3000)
})

t.test('services are added and removed at any size, around every widening', async t => {
  const table = new ServiceTable<Service>()
  const all = Array.from({ length: 1030 }, (_, i) => serviceAt(6, 0x0a000000 + i, 80, i))
  for (const [i, each] of all.entries()) {
    table.add(each)
    if (![254, 255, 256, 257, 511, 512, 513, 1024, 1029].includes(i)) continue
    const found = all.slice(0, i + 1).filter(({ addr }) => find(table, 6, addr, 80)?.addr === addr)
    t.equal(found.length, i + 1, `${i + 1} services`)
    t.equal(find(table, 6, all[i]!.addr + 1, 80), undefined, `${i + 1} services: not the next`)
  }
  for (const each of all) table.remove(each)
  t.equal(table.count, 0)
  t.equal(all.filter(({ addr }) => find(table, 6, addr, 80)).length, 0, 'all gone')
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
  for (let i = 0; i < 200; i++) table.add(serviceAt(i % 2 ? 6 : 17, random() | 0, random() & 0xffff, i))
  const order = inOrder(table)
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

/** 'MARK 7' or as serviceOf. */
function anyServiceOf(text: string): Service {
  return text.startsWith('MARK') ? serviceAt(6, 0, 0, 0, Number(text.slice(5))) : serviceOf(text)
}
/** What is found for a packet, 'TCP 10.0.0.100:80' with a mark or without. */
function lookUp(texts: readonly string[], packet: string, mark = 0): string {
  const services = new Map(texts.map(text => [text, anyServiceOf(text)]))
  const table = new ServiceTable<Service>()
  for (const service of services.values()) table.add(service)
  const { protocol, addr, port } = serviceOf(packet)
  const found = table.lookup(mark, protocol, addr, port)
  return [...services].find(([, service]) => service === found)?.[0] ?? '-'
}

t.test(
  'a packet’s service is looked for by mark, exactly, as FTP data, by port 0 (ipvs-behaviour.md §2.2)',
  async t => {
    const all = ['MARK 7', 'TCP 10.0.0.100:80', 'TCP 10.0.0.100:21', 'TCP 10.0.0.100:0', 'UDP 10.0.0.100:0']
    for (const [services, packet, mark, expected] of [
      [all, 'TCP 10.0.0.100:80', 7, 'MARK 7'],
      [all, 'UDP 203.0.113.9:999', 7, 'MARK 7'],
      [all, 'SCTP 203.0.113.9:999', 7, 'MARK 7'],
      [all, 'TCP 10.0.0.100:80', 8, 'TCP 10.0.0.100:80'],
      [all, 'TCP 10.0.0.100:80', 0, 'TCP 10.0.0.100:80'],
      [all, 'TCP 10.0.0.100:21', 0, 'TCP 10.0.0.100:21'],
      [all, 'TCP 10.0.0.100:20', 0, 'TCP 10.0.0.100:21'],
      [all, 'TCP 10.0.0.100:1024', 0, 'TCP 10.0.0.100:21'],
      [all, 'TCP 10.0.0.100:65535', 8, 'TCP 10.0.0.100:21'],
      [all, 'TCP 10.0.0.100:1023', 0, 'TCP 10.0.0.100:0'],
      [all, 'TCP 10.0.0.100:19', 0, 'TCP 10.0.0.100:0'],
      [all, 'TCP 10.0.0.100:22', 0, 'TCP 10.0.0.100:0'],
      [all, 'UDP 10.0.0.100:20', 0, 'UDP 10.0.0.100:0'],
      [all, 'UDP 10.0.0.100:2000', 0, 'UDP 10.0.0.100:0'],
      [all, 'SCTP 10.0.0.100:2000', 0, '-'],
      [all, 'TCP 10.0.0.101:2000', 0, '-'],
      [['TCP 10.0.0.100:21'], 'TCP 10.0.0.101:2000', 0, '-'],
      [['UDP 10.0.0.100:21'], 'TCP 10.0.0.100:2000', 0, '-'],
      [['TCP 10.0.0.100:21'], 'TCP 10.0.0.100:1023', 0, '-'],
      [['TCP 10.0.0.100:0'], 'TCP 10.0.0.100:2000', 0, 'TCP 10.0.0.100:0'],
      [['TCP 10.0.0.100:0'], 'TCP 10.0.0.100:0', 0, 'TCP 10.0.0.100:0'],
      [['MARK 7'], 'TCP 10.0.0.100:80', 0, '-'],
      [['MARK 4294967295', 'MARK 2147483648'], 'TCP 10.0.0.100:80', 4_294_967_295, 'MARK 4294967295'],
      [['MARK 4294967295', 'MARK 2147483648'], 'TCP 10.0.0.100:80', 2_147_483_648, 'MARK 2147483648'],
    ] as const)
      t.equal(lookUp(services, packet, mark), expected, `${packet} of mark ${mark} among ${services.join(', ')}`)
  },
)

t.test('what is removed is no longer fallen back on', async t => {
  const table = new ServiceTable<Service>()
  const services = ['TCP 10.0.0.100:21', 'TCP 10.0.0.100:0', 'MARK 3'].map(anyServiceOf)
  for (const service of services) table.add(service)
  const [ftp, every, marked] = services
  const { addr } = ftp!
  t.equal(table.lookup(0, 6, addr, 2000), ftp)
  table.remove(ftp!)
  t.equal(table.lookup(0, 6, addr, 2000), every)
  table.remove(every!)
  t.equal(table.lookup(0, 6, addr, 2000), undefined)
  t.equal(table.lookup(3, 6, addr, 2000), marked)
  table.remove(marked!)
  t.equal(table.lookup(3, 6, addr, 2000), undefined)
  t.equal(table.count, 0)
  for (const service of services) table.add(service)
  t.equal(table.lookup(0, 6, addr, 2000), ftp, 'added again')
  t.equal(table.find(marked!), marked)
})

t.test('services of marks come after the others, by their lowest octet, the newest first', async t => {
  const table = new ServiceTable<Service>()
  for (const mark of [3, 259, 2, 258, 1]) table.add(serviceAt(6, 0, 0, mark, mark))
  table.add(serviceOf('TCP 10.0.0.100:80'))
  t.strictSame(
    inOrder(table).map(service => service.mark),
    [0, 1, 258, 2, 259, 3],
  )
})

t.test('services of marks and of addresses keep apart through every widening', async t => {
  const table = new ServiceTable<Service>()
  for (let i = 1; i <= 600; i++) {
    table.add(serviceAt(6, 0, 0, i, i))
    table.add(serviceAt(6, 0x0a000000 + i, 80, 1000 + i))
  }
  const wrong = Array.from({ length: 600 }, (_, index) => index + 1).filter(
    i =>
      table.lookup(i, 6, 1 as Ipv4Addr, 1)?.counters !== i ||
      find(table, 6, 0x0a000000 + i, 80)?.counters !== 1000 + i ||
      table.lookup(0, 6, 0 as Ipv4Addr, 0) !== undefined,
  )
  t.strictSame(wrong, [])
})
