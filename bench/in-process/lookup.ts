import { ConnTable } from '../../src/conn/table.js'
import { seededRandom } from '../../src/director/random.js'
import type { Group, Plan } from './measure.js'
import { allocateWords } from './pages.js'
import { timed } from './timed.js'

/** Lookups in one run. */
const EACH = 64

/** The cost of finding a connection among few and among many. */
export function lookup({ connections }: Plan): Group[] {
  return connections.map(count => {
    const name = `lookup among ${count} connections`
    return { name, measures: [timed(name, EACH, () => inTable(count))] }
  })
}

function inTable(count: number): () => void {
  const table = new ConnTable(count, seededRandom(7), allocateWords)
  for (let i = 0; i < count; i++) table.insert(6, i * 2_654_435, i & 0xffff, 1, 80)
  let i = 0
  return () => {
    for (let n = 0; n < EACH; n++) {
      i = (i + 7919) % count
      table.lookupInbound(6, (i * 2_654_435) | 0, i & 0xffff, 1, 80)
    }
  }
}
