import type { Changes, Put } from './fleet-store.js'

/** How much one transaction may hold. */
export interface Limits {
  readonly operations: number
  readonly bytes: number
}

/**
 * etcd takes 128 operations in a transaction (--max-txn-ops) and 1.5 MiB (--max-request-bytes). A transaction may hold
 * transactions, each with as many, so that the bytes are what counts (etcd-store.ts). The second is for an etcd that refuses the first.
 */
export const LIMITS: readonly Limits[] = [
  { operations: 4000, bytes: 1_250_000 },
  { operations: 40, bytes: 200_000 },
]

/** Bytes of an operation besides key and value. */
const AROUND = 32

/** Cuts changes into parts, each small enough for a transaction of its own; puts first. None if there are no changes. */
export function partsOf({ puts, deletes }: Changes, limits: Limits): Changes[] {
  const parts: { puts: Put[]; deletes: string[] }[] = []
  let operations = limits.operations
  let bytes = 0
  const room = (octets: number): { puts: Put[]; deletes: string[] } => {
    if (operations >= limits.operations || bytes + octets > limits.bytes) {
      parts.push({ puts: [], deletes: [] })
      operations = 0
      bytes = 0
    }
    operations++
    bytes += octets
    return parts.at(-1)!
  }
  for (const put of puts) room(Buffer.byteLength(put.key) + Buffer.byteLength(put.value) + AROUND).puts.push(put)
  for (const key of deletes) room(Buffer.byteLength(key) + AROUND).deletes.push(key)
  return parts
}
