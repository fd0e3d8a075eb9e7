import type { Control } from '../control/protocol/api.js'

/** The interval of empty requests, in ms; a transaction ends after 10 s without a request. */
const KEEP_MS = 3000

/** Keeps a transaction open by empty requests while rules are slow to come (name lookups). Returns a function that stops this. */
export function keepTransaction(control: Control): () => void {
  const keep = setInterval(() => {
    control.call({ op: 'stage', requests: [] }).catch(() => {}) // the next request that is awaited fails too
  }, KEEP_MS)
  return () => clearInterval(keep)
}
