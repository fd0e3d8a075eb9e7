import type { Flow } from '../../src/packet/flow.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

/** caddr:cport → vaddr:vport, addresses as numbers. */
export function flowOf(protocol: number, caddr: number, cport: number, vaddr: number, vport: number): Flow {
  return { protocol, caddr: caddr as Ipv4Addr, cport, vaddr: vaddr as Ipv4Addr, vport }
}
