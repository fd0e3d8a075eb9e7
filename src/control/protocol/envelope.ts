import type { Reply, Request } from './operations.js'
import { jsonOfReply } from './reply-json.js'

/* The envelope of a request and its reply on the control socket, a line each: {"v":1,"id":7,"op":…}, {"v":1,"id":7,"ok":…}. */

/** The protocol's version. docs/control-socket.md says what may change within it. */
export const PROTOCOL_VERSION = 1

/** A client's id of its request. The reply repeats it. */
export type RequestId = string | number

/** Characters. */
export const ID_MAX = 128

/** What an id is, in a refusal's words. */
export const ID_IS = `a string of at most ${ID_MAX} characters, or a whole number of at most 2^53 - 1`

export function isRequestId(found: unknown): found is RequestId {
  return typeof found === 'string' ? found.length <= ID_MAX : Number.isSafeInteger(found)
}

export function encodeRequest(request: Request, id?: RequestId): string {
  return encodeMessage(JSON.stringify(request), id)
}

export function encodeReply(reply: Reply, id?: RequestId): string {
  return encodeMessage(jsonOfReply(reply), id)
}

/** The line of a message. `json` is an object that is not empty. */
function encodeMessage(json: string, id?: RequestId): string {
  const name = id === undefined ? '' : `"id":${JSON.stringify(id)},`
  return `{"v":${PROTOCOL_VERSION},${name}${json.slice(1)}\n`
}

/** A refusal, in one line, for a client of version `found`. */
export function otherVersion(found: unknown): string {
  const theirs = found === undefined ? 'a request without "v"' : `version ${inMessage(JSON.stringify(found))}`
  return `${theirs}: this director speaks version ${PROTOCOL_VERSION} of the protocol, {"v":${PROTOCOL_VERSION},"op":"services"} for example`
}

/** A client's text, made fit for a message of one line. */
export function inMessage(text: string): string {
  return text.slice(0, 64).replaceAll(/[^ -~]/g, '?')
}
