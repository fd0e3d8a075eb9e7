import { Service } from '../../src/service/service.js'
import { ServiceTable } from '../../src/service/service-table.js'
import { Sysctls } from '../../src/service/sysctls.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import { type Group, once } from './measure.js'
import { timed } from './timed.js'

const SETTINGS = { persistence: 0, netmask: -1 as Ipv4Addr, onePacket: false, schedFlags: 0 }
/** The i-th service: sixteen ports on each address. */
const addrOf = (i: number): Ipv4Addr => (0x0a000000 + (i >> 4)) as Ipv4Addr
const portOf = (i: number): number => 80 + (i & 15)

/** The cost of finding a packet's service among few and among many, and of finding none, with fallback services of every kind. */
export function services(): Group[] {
  return [1, 100, 10_000].map(count => {
    const table = once(() => tableOf(count))
    const name = `service lookup among ${count}`
    const measures = [
      timed(name, 1, () => lookup(table(), count, 0, undefined)),
      timed(`service lookup in vain, four ways, among ${count}`, 1, () => lookup(table(), count, 8, 5000)),
    ]
    return { name, measures }
  })
}

function tableOf(count: number): ServiceTable<Service> {
  const table = new ServiceTable<Service>()
  const sysctls = new Sysctls()
  const add = (addr: Ipv4Addr, port: number, mark: number) =>
    table.add(new Service({ protocol: 6, addr, port, mark }, SETTINGS, 0, sysctls))
  for (let i = 0; i < count; i++) add(addrOf(i), portOf(i), 0)
  add(1 as Ipv4Addr, 21, 0)
  add(1 as Ipv4Addr, 0, 0)
  add(0 as Ipv4Addr, 0, 7)
  return table
}

function lookup(table: ServiceTable<Service>, count: number, mark: number, port: number | undefined): () => void {
  let i = 0
  return () => {
    i = (i + 7919) % count
    table.lookup(mark, 6, addrOf(i), port ?? portOf(i))
  }
}
