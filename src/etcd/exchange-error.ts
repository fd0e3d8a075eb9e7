import { TLSSocket } from 'node:tls'
import { endpointName, type Endpoint } from './endpoints.js'
import { EtcdError } from './etcd-error.js'
import type { Handshake } from './handshake.js'

export interface Attempt {
  /** Undefined if there was none yet. */
  readonly socket: unknown
  readonly isConnected: boolean
  /** What came of a handshake, if one was tried because of the error. */
  readonly handshake?: Handshake | undefined
}

type SystemError = Error & { code?: string; reason?: string }

/** Whether the connection was ended without a reason. */
export function isReset(error: Error): boolean {
  const { code } = error as SystemError
  return code === 'ECONNRESET' || code === 'EPIPE'
}

/** Why an endpoint gave no answer. What TLS or a wrong scheme is the reason of will not pass: `lasts`. */
export function exchangeError(to: Endpoint, error: Error, { socket, isConnected, handshake }: Attempt): EtcdError {
  const fail = (why: string, lasts: boolean): EtcdError =>
    new EtcdError('unreachable', `${endpointName(to)}: ${why}`, { mayBeDone: isConnected && !lasts, lasts })
  // Of an AggregateError, which a name with several addresses gives, the first.
  const first = (error instanceof AggregateError ? error.errors[0] : error) as SystemError
  const text = first.message.split('\n', 1)[0]!
  const { code = '', reason = text } = first
  if (socket instanceof TLSSocket && socket.authorizationError !== null && socket.authorizationError !== undefined)
    return fail(`its certificate is not trusted: ${text}`, true)
  if (reason.includes('wrong version number')) return fail('it speaks no TLS: is it http://?', true)
  if (!to.isTls && handshake?.isTls) return fail('it speaks TLS: is it https://?', true)
  const refused = code.startsWith('ERR_SSL_') && text.includes('alert') ? reason : handshake?.refused
  if (refused !== undefined)
    return fail(`it ends the connection for want of a certificate of ours that it trusts: ${refused}`, true)
  return fail(isReset(first) ? 'it has closed the connection without an answer' : text, false)
}
