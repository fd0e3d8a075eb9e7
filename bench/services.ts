import { Service } from '../src/service/service.js'
import { ServiceTable } from '../src/service/service-table.js'
import type { Ipv4Addr } from '../src/wire/addr.js'
import type { Question } from './question.js'

/** What finding a service costs among few and among many. */
export function services(): Question[] {
  return [1, 100, 10_000].map(count => {
    const table = new ServiceTable<Service>()
    for (let i = 0; i < count; i++) table.add(new Service(6, (0x0a000000 + (i >> 4)) as Ipv4Addr, 80 + (i & 15), 0))
    let i = 0
    return {
      name: `service lookup among ${count}`,
      run() {
        i = (i + 7919) % count
        table.find(6, 0x0a000000 + (i >> 4), 80 + (i & 15))
      },
    }
  })
}
