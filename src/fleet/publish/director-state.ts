import {
  flag,
  integer,
  isFields,
  Malformed,
  oneOf,
  optional,
  record,
  text,
  value,
  address,
  list,
  port,
  type Check,
} from '../../control/protocol/check.js'
import { service } from '../../control/protocol/service-key.js'
import { KeyError } from '../key-error.js'

/* What a director says of itself in its key, version 1. */

const VERSION = 1
/** Real servers of weight 0 in a state, at the most. */
export const DRAINING_MAX = 256
const MOST = Number.MAX_SAFE_INTEGER

const word = text('a text of one line', found => /^[^\n]{0,4096}$/.test(found))
const count = integer(0, MOST)
const rate = value<number>('a number from 0 on', found => typeof found === 'number' && found >= 0) as Check<number>

const director = record({
  name: word,
  /** Its version. */
  uvs: word,
  /** When it started, as ISO 8601. */
  since: word,
  rules: record({
    /** The newest revision of a key of rules that it has applied; 0: none. Who has less than another lags. */
    revision: count,
    from: oneOf('etcd', 'disk', 'none'),
    /** Those of etcd that it has, and their real servers: the same on all directors. */
    services: count,
    realServers: count,
    /** Why what etcd holds now is not applied; undefined: it is. */
    refused: optional(word),
    /** What somebody changed on it, beside etcd; undefined: nothing. */
    beside: optional(
      record({
        /** Services of the fleet that are others there, or gone. */
        changed: count,
        /** Services that are not the fleet's. */
        added: count,
        /** One of them, a changed one if there is any: `tcp 10.0.0.1:80`. */
        first: word,
      }),
    ),
  }),
  health: record({
    /** Services none of whose real servers has a weight above 0. */
    servicesDown: count,
    /** Real servers of weight 0. */
    realServersDown: count,
  }),
  load: record({
    connections: count,
    /** A second. */
    cps: rate,
    inPps: rate,
    outPps: rate,
    inBps: rate,
    outBps: rate,
  }),
  /** It is to leave: `uvs fleet drain`. */
  isDraining: flag,
  /** Real servers of weight 0 that still have connections, active and inactive: how a drain is seen to end. Undefined: too many to say. */
  draining: optional(list(record({ service, address, port, connections: count }), DRAINING_MAX)),
})

export type DirectorState = ReturnType<typeof director>

export function encodeState(state: DirectorState): string {
  return JSON.stringify({ version: VERSION, director: state })
}

/** Fields that are not known are passed over: a newer director may have them. KeyError for what is no state. */
export function decodeState(key: string, found: string): DirectorState {
  try {
    const read: unknown = JSON.parse(found)
    if (!isFields(read) || read['version'] !== VERSION) throw new Malformed(`version: not ${VERSION}`)
    return director(read['director'], 'director')
  } catch (error) {
    if (error instanceof Malformed) throw new KeyError(key, error.message)
    if (error instanceof SyntaxError) throw new KeyError(key, `no JSON: ${error.message.split('\n', 1)[0]}`)
    throw error
  }
}
