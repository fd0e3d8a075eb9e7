import {
  address,
  integer,
  list,
  Malformed,
  oneOf,
  optional,
  port,
  record,
  text,
  UNSIGNED,
  type Check,
  type Checked,
} from '../control/protocol/check.js'
import { service } from '../control/protocol/service-key.js'

/*
 * What a director says of itself in `directors/NAME`, under a lease: the key goes with it. Those who read it know nothing of
 * who wrote it, so each field is checked.
 */

const VERSION = 1
/** Real servers of weight 0 that still have connections, at the most. */
export const DRAINING_MAX = 256

const count = integer(0, Number.MAX_SAFE_INTEGER)
const line = text('printable text', found => /^[^\p{Cc}]{1,1000}$/u.test(found))
const moment = text('a time', found => /^\d{4}-\d\d-\d\dT[\d:.]{8,15}Z$/.test(found))

const STATE = {
  version: integer(VERSION, VERSION),
  /** Of uvs. */
  uvs: line,
  /** ISO 8601, by the director's clock: when it began, and when it wrote this. */
  since: moment,
  at: moment,
  /**
   * `serving`; `waiting`: it has no rules yet; `stale`: rules of its disk, for etcd has not been reached yet; `draining`: it is
   * about to stop.
   */
  state: oneOf('serving', 'waiting', 'stale', 'draining'),
  /** etcd's revision that its rules are as of. */
  revision: count,
  /** Why it has not taken newer rules, or what else is wrong: a line. */
  problem: optional(line),
  services: count,
  servers: count,
  /** Servers of weight 0, or that their checks found dead. */
  serversOut: count,
  connections: count,
  /** In the last seconds. */
  packetsPerSecond: count,
  /** Real servers of weight 0 that still have connections, active and inactive: how a drain is seen to end. */
  draining: list(record({ service, address, port, connections: integer(1, UNSIGNED) }), DRAINING_MAX),
}

export type DirectorState = Checked<typeof STATE>

const checkState: Check<DirectorState> = record(STATE)

export function directorStateText(state: DirectorState): string {
  return JSON.stringify(state)
}

/** Reads a value of `directors/NAME`. Throws Malformed, one line, for what is none. */
export function readDirectorState(value: string): DirectorState {
  let found: unknown
  try {
    found = JSON.parse(value)
  } catch {
    throw new Malformed('no JSON')
  }
  return checkState(found, 'state')
}
