import { isUtf8 } from 'node:buffer'
import { isFields, Malformed, type Fields } from './check.js'
import { ID_IS, isRequestId, otherVersion, inMessage, PROTOCOL_VERSION, type RequestId } from './envelope.js'
import { SHAPES, type OperationName, type Request } from './operations.js'
import type { RefusedReply } from './refusal.js'
import type { Shape } from './shape.js'

/* The control socket carries JSON, one message a line: requests, and their replies in the same order. */

/** Bytes. A request without lists has at most some 1000. */
export const REQUEST_LINE_MAX = 64 * 1024

export function protocolRefusal(message: string): RefusedReply {
  return { ok: false, refusal: 'EPROTO', message }
}

/** A line's request or the reason why it is none, and its id if that could be read. */
export type Decoded = { id?: RequestId } & ({ ok: true; request: Request } | RefusedReply)

const REST_OF_ENVELOPE = ['v', 'id', 'op']

/**
 * Never throws. A request that it returns has exactly the fields of its operation, of the right types. An unknown field is
 * refused: `{"op":"zero","servise":…}` must not zero everything. Inside a parameter an unknown field is dropped, so that rows of
 * a listing can be sent back.
 */
export function decodeRequest(line: Buffer): Decoded {
  const message = parseLine(line)
  if (typeof message === 'string') return protocolRefusal(message)
  const id = Object.hasOwn(message, 'id') ? message['id'] : undefined
  if (id !== undefined && !isRequestId(id)) return protocolRefusal(`id: not ${ID_IS}`)
  return { ...(id !== undefined && { id }), ...decodeMessage(message) }
}

/** Returns the object, or the reason why it is none. */
function parseLine(line: Buffer): Fields | string {
  if (line.length === 0) return 'an empty line'
  if (!isUtf8(line)) return 'not a line of UTF-8'
  try {
    const message: unknown = JSON.parse(line.toString())
    return isFields(message) ? message : 'not an object'
  } catch {
    return 'not a line of JSON'
  }
}

function decodeMessage(message: Fields): Decoded {
  const v = Object.hasOwn(message, 'v') ? message['v'] : undefined
  return v === PROTOCOL_VERSION ? checkRequest(message) : protocolRefusal(otherVersion(v))
}

/** Checks any value: returns it as a request, or the reason why it is none. Never throws. */
export function checkRequest(message: unknown): Decoded {
  try {
    if (!isFields(message)) throw new Malformed('not an object')
    const op = Object.hasOwn(message, 'op') && typeof message['op'] === 'string' ? message['op'] : ''
    if (!Object.hasOwn(SHAPES, op)) throw new Malformed(`no such operation: '${inMessage(op)}'`)
    const { params, check }: Shape = SHAPES[op as OperationName]
    const odd = Object.keys(message).find(name => !Object.hasOwn(params, name) && !REST_OF_ENVELOPE.includes(name))
    if (odd !== undefined) throw new Malformed(`${op}.${inMessage(odd)}: there is no such field`)
    return { ok: true, request: { op, ...check(message, op) } as Request }
  } catch (error) {
    if (error instanceof Malformed) return protocolRefusal(error.message)
    throw error
  }
}
