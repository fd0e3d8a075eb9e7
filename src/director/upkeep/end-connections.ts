import type { Connections } from '../../conn/connections.js'
import { ConnFlag, NEXT, NONE, type ConnIndex } from '../../conn/record.js'
import type { Destination } from '../../service/destination.js'

/** The most buckets in one call, and the number of connections after which it stops earlier: a fraction of a millisecond. */
const BUCKETS_PER_CALL = 65_536
const MET_PER_CALL = 4096

/** The result of one call. */
export interface EndedShare {
  /** Connections ended. */
  connections: number
  /** Persistence templates ended or invalidated. */
  templates: number
  /** The bucket to continue with; null at the end of the table. */
  next: number | null
}

/**
 * Ends connections and persistence templates of one real server, in the buckets from `from` on. They leave the table, so the
 * next packet of either end finds no connection. A template with connections is invalidated and ends with the last of them.
 * Repeat passes over the table until one ends nothing: meanwhile a template in a later bucket may have opened a connection in
 * an earlier one.
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
      // Ending one may end others of the same bucket: begin the bucket again.
      if (conns.destinationOf(conn) === dest && endOne(conns, conn, share)) conn = table.bucketHead(bucket)
      else conn = table.words[conn + NEXT]! as ConnIndex
    }
  }
  return { ...share, next: bucket < table.buckets ? bucket : null }
}

/** Ends a connection or template. Returns whether its record is free. */
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

/** Counts a template, unless it was counted when it was invalidated. */
function countTemplate(conns: Connections, template: ConnIndex, share: Omit<EndedShare, 'next'>): void {
  if (!conns.templates.isInvalid(template)) share.templates++
}
