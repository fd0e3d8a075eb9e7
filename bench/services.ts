import { Service } from '../src/service/service.js'
import { ServiceTable } from '../src/service/service-table.js'
import { Sysctls } from '../src/service/sysctls.js'
import type { Ipv4Addr } from '../src/wire/addr.js'
import type { Question } from './question.js'

const SETTINGS = { persistence: 0, netmask: -1 as Ipv4Addr, onePacket: false, schedFlags: 0 }
/** The i-th service: sixteen ports an address. */
const addrOf = (i: number): Ipv4Addr => (0x0a000000 + (i >> 4)) as Ipv4Addr
const portOf = (i: number): number => 80 + (i & 15)

/** What finding a packet's service costs among few and among many; and that there is none, with services of every kind to fall back on. */
export function services(): Question[] {
  return [1, 100, 10_000].flatMap(count => {
    const table = new ServiceTable<Service>()
    const sysctls = new Sysctls()
    const add = (addr: Ipv4Addr, port: number, mark: number) =>
      table.add(new Service({ protocol: 6, addr, port, mark }, SETTINGS, 0, sysctls))
    for (let i = 0; i < count; i++) add(addrOf(i), portOf(i), 0)
    add(1 as Ipv4Addr, 21, 0)
    add(1 as Ipv4Addr, 0, 0)
    add(0 as Ipv4Addr, 0, 7)
    let i = 0
    const next = () => (i = (i + 7919) % count)
    return [
      {
        name: `service lookup among ${count}`,
        run() {
          next()
          table.lookup(0, 6, addrOf(i), portOf(i))
        },
      },
      {
        name: `service lookup in vain, four ways, among ${count}`,
        run() {
          next()
          table.lookup(8, 6, addrOf(i), 5000)
        },
      },
    ]
  })
}
