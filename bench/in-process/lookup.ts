import { ConnTable } from '../../src/conn/table.js'
import { seededRandom } from '../../src/director/random.js'
import type { Group, Plan } from './measure.js'
import { allocateWords } from './pages.js'
import { timed } from './timed.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

/** Lookups in one run. */
const EACH = 64
const VIP = 1 as Ipv4Addr
const addrOf = (i: number): Ipv4Addr => ((i * 2_654_435) | 0) as Ipv4Addr

/** The cost of finding a connection among few and among many. */
export function lookup({ connections }: Plan): Group[] {
  return connections.map(count => {
    const name = `lookup among ${count} connections`
    return { name, measures: [timed(name, EACH, () => inTable(count))] }
  })
}

function inTable(count: number): () => void {
  const table = new ConnTable(count, seededRandom(7), allocateWords)
  for (let i = 0; i < count; i++) table.insert(6, addrOf(i), i & 0xffff, VIP, 80)
  let i = 0
  return () => {
    for (let n = 0; n < EACH; n++) {
      i = (i + 7919) % count
      table.lookupInbound(6, addrOf(i), i & 0xffff, VIP, 80)
    }
  }
}
