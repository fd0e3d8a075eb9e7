import type { Control } from '../control/protocol/api.js'

/** A transaction ends when nothing is asked for 10 s. */
const KEEP_MS = 3000

/** While rules are slow to come (names are looked up), an empty request keeps the transaction. The answer lets it go. */
export function keepTransaction(control: Control): () => void {
  const keep = setInterval(() => {
    control.call({ op: 'stage', requests: [] }).catch(() => {}) // the next request that is awaited fails too
  }, KEEP_MS)
  return () => clearInterval(keep)
}
