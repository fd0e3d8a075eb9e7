import t from 'tap'
import { Counters } from '../../src/service/counters.js'
import { DestinationTable } from '../../src/service/destination.js'
import { SchedFlag } from '../../src/service/service-settings.js'
import { Service } from '../../src/service/service.js'
import { Sysctls } from '../../src/service/sysctls.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const VIP = (0xc6336401 | 0) as Ipv4Addr
const SETTINGS = { persistence: 60, netmask: -256 as Ipv4Addr, onePacket: true, schedFlags: 3 }
const sysctls = new Sysctls()

t.test('a service has its identity, its counters, and no destinations at first', async t => {
  const service = new Service({ protocol: 17, addr: VIP, port: 53, mark: 9 }, SETTINGS, 7, sysctls)
  t.strictSame([service.protocol, service.addr, service.port, service.mark, service.counters], [17, VIP, 53, 9, 7])
  t.equal(service.settings, SETTINGS)
  t.equal(service.sysctls, sysctls)
  t.strictSame(service.destinations, [])
})

t.test('a destination is found by address and port together', async t => {
  const service = new Service({ protocol: 6, addr: VIP, port: 80, mark: 0 }, SETTINGS, 1, sysctls)
  const table = new DestinationTable(new Counters())
  const place = (addr: number, port: number) => {
    const dest = table.create(service, addr as Ipv4Addr, port)
    service.destinations.unshift(dest)
    return dest
  }
  const first = place(0x0a010001, 80)
  const second = place(0x0a010001, 8080)
  const third = place(0xcb007101 | 0, 80)
  t.equal(service.destination(0x0a010001 as Ipv4Addr, 80), first)
  t.equal(service.destination(0x0a010001 as Ipv4Addr, 8080), second)
  t.equal(service.destination((0xcb007101 | 0) as Ipv4Addr, 80), third)
  t.equal(service.destination((0xcb007101 | 0) as Ipv4Addr, 8080), undefined)
  t.equal(service.destination(0x0a010002 as Ipv4Addr, 80), undefined)
})

t.test('the flags of schedulers are bits in the order of ipvsadm’s flag-1, flag-2, flag-3', async t => {
  t.strictSame([SchedFlag.FALLBACK, SchedFlag.PORT, SchedFlag.THIRD], [1, 2, 4])
})
