import t from 'tap'
import { Counters } from '../../src/service/counters.js'
import { DestinationTable } from '../../src/service/destination.js'
import { Service } from '../../src/service/service.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const VIP = (0xc6336401 | 0) as Ipv4Addr

t.test('a service has its identity, its counters, and no destinations at first', async t => {
  const service = new Service(17, VIP, 53, 7)
  t.strictSame([service.protocol, service.addr, service.port, service.counters], [17, VIP, 53, 7])
  t.strictSame(service.destinations, [])
})

t.test('a destination is found by address and port together', async t => {
  const service = new Service(6, VIP, 80, 1)
  const table = new DestinationTable(new Counters())
  const place = (addr: number, port: number) => {
    const dest = table.create(6, VIP, 80, addr as Ipv4Addr, port)
    service.destinations.unshift(dest)
    return dest
  }
  const first = place(0x0a010001, 80)
  const second = place(0x0a010001, 8080)
  const third = place(0xcb007101 | 0, 80)
  t.equal(service.destination(0x0a010001, 80), first)
  t.equal(service.destination(0x0a010001, 8080), second)
  t.equal(service.destination(0xcb007101 | 0, 80), third)
  t.equal(service.destination(0xcb007101 | 0, 8080), undefined)
  t.equal(service.destination(0x0a010002, 80), undefined)
})
