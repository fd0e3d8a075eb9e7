import { Service } from '../src/service/service.js'
import { ServiceTable } from '../src/service/service-table.js'
import type { ServiceIdentity } from '../src/service/service-identity.js'
import { Sysctls } from '../src/service/sysctls.js'
import type { Ipv4Addr } from '../src/wire/addr.js'
import type { Question } from './question.js'

/** What finding a service costs among few and among many. */
export function services(): Question[] {
  return [1, 100, 10_000].map(count => {
    const table = new ServiceTable<Service>()
    const sysctls = new Sysctls()
    for (let i = 0; i < count; i++) table.add(new Service(identity(i), plain, 0, sysctls))
    let i = 0
    return {
      name: `service lookup among ${count}`,
      run() {
        i = (i + 7919) % count
        table.lookup(0, 6, 0x0a000000 + (i >> 4), 80 + (i & 15))
      },
    }
  })
}

const plain = { persistence: 0, netmask: -1 as Ipv4Addr, onePacket: false, schedFlags: 0 }

function identity(i: number): ServiceIdentity {
  return { protocol: 6, addr: (0x0a000000 + (i >> 4)) as Ipv4Addr, port: 80 + (i & 15), mark: 0 }
}
