import type { Connections } from '../../conn/connections.js'
import { ConnFlag, NEXT, NONE, type ConnIndex } from '../../conn/record.js'
import type { Destination } from '../../service/destination.js'

/** In one call, so many buckets are looked at, and fewer if so many connections were met: a fraction of a millisecond. */
const BUCKETS_PER_CALL = 65_536
const MET_PER_CALL = 4096

/** What one call has done. */
export interface EndedShare {
  /** Connections that are gone. */
  connections: number
  /** Persistence templates that are gone, or that no client finds any more. */
  templates: number
  /** The bucket to go on with; null when the table has been looked through. */
  next: number | null
}

/**
 * Ends connections and persistence templates of one real server, in the buckets from `from` on: they are out of the table,
 * so the next packet of either end is one of no connection. A template that has connections is made unfindable, and goes
 * with the last of them. Look through the table until a whole pass ends nothing: meanwhile a template that was still to
 * come may have opened a connection in a bucket that was done.
 */
export function endConnections(conns: Connections, dest: Destination, from: number): EndedShare {
  const { table } = conns
  const share = { connections: 0, templates: 0 }
  const end = Math.min(from + BUCKETS_PER_CALL, table.buckets)
  let bucket = from
  for (let left = MET_PER_CALL; bucket < end && left > 0; bucket++) {
    let conn = table.bucketHead(bucket)
    while (conn !== NONE) {
      left--
      // Others may go with it, its neighbours in the bucket among them.
      if (conns.destinationOf(conn) === dest && endOne(conns, conn, share)) conn = table.bucketHead(bucket)
      else conn = table.words[conn + NEXT]! as ConnIndex
    }
  }
  return { ...share, next: bucket < table.buckets ? bucket : null }
}

/** Whether the record is gone. */
function endOne(conns: Connections, conn: ConnIndex, share: Omit<EndedShare, 'next'>): boolean {
  if (conns.childrenOf(conn) > 0) {
    if (conns.has(conn, ConnFlag.TEMPLATE)) {
      countTemplate(conns, conn, share)
      conns.templates.invalidate(conn)
    }
    return false
  }
  const controller = conns.controllerOf(conn)
  if (conns.has(conn, ConnFlag.TEMPLATE)) countTemplate(conns, conn, share)
  else share.connections++
  conns.dropNow(conn)
  if (controller !== NONE && conns.childrenOf(controller) === 0) {
    countTemplate(conns, controller, share)
    conns.dropNow(controller)
  }
  return true
}

/** One that is invalid already was counted when it was made so. */
function countTemplate(conns: Connections, template: ConnIndex, share: Omit<EndedShare, 'next'>): void {
  if (!conns.templates.isInvalid(template)) share.templates++
}
