import type { Flow } from '../../src/packet/flow.js'

/** caddr:cport → vaddr:vport, addresses as numbers. */
export function flowOf(protocol: number, caddr: number, cport: number, vaddr: number, vport: number): Flow {
  return { protocol, caddr, cport, vaddr, vport }
}
