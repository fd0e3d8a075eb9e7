import type { Connections } from '../../src/conn/connections.js'
import { NEXT, NONE, RECORD_WORDS, type ConnIndex } from '../../src/conn/record.js'

/** Every record that is in a bucket, each once, or an error. */
export function records({ table }: Connections): ConnIndex[] {
  const seen = new Set<ConnIndex>()
  for (let bucket = 0; bucket < table.buckets; bucket++)
    for (let conn = table.bucketHead(bucket); conn !== NONE; conn = table.words[conn + NEXT]! as ConnIndex) {
      if (seen.has(conn)) throw new Error(`record ${conn} is in two places`)
      if (conn % RECORD_WORDS !== 0 || conn < 0 || conn >= table.words.length) throw new Error(`${conn} is no record`)
      seen.add(conn)
    }
  if (seen.size !== table.count) throw new Error(`${seen.size} records in the buckets, ${table.count} counted`)
  return [...seen]
}
