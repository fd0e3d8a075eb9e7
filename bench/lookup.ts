import { ConnTable } from '../src/conn/table.js'
import { seededRandom } from '../src/director/random.js'
import type { Question } from './question.js'

/** What finding a connection costs among few and among many. */
export function lookup(): Question[] {
  return [1_000, 100_000, 1_000_000].map(count => {
    const table = new ConnTable(count, seededRandom(7))
    for (let i = 0; i < count; i++) table.insert(6, i * 2_654_435, i & 0xffff, 1, 80)
    let i = 0
    return {
      name: `lookup among ${count} connections`,
      run() {
        i = (i + 7919) % count
        table.lookupInbound(6, (i * 2_654_435) | 0, i & 0xffff, 1, 80)
      },
    }
  })
}
